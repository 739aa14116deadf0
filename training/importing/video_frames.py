# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frame extraction from a video: one picture every two seconds, named like those of OAP."""

from __future__ import annotations

import shutil
from pathlib import Path

from audio_manifold_ros.common.errors import TrainingError, reraise_file_errors

CLIP_S = 2
# The picture is taken one second after the start of its clip, and named by the start.
PICTURE_S = 1


def extract_frames(video: Path, folder: Path) -> int:
    """Write the pictures at 1, 3, 5 … s of a video as `VIDEO_000000.png`, `…_000002.png` …, unless the folder exists.

    The folder appears under its name only when it is complete.

    Returns:
        Number of pictures in the folder.

    Raises:
        TrainingError: The video cannot be read, or is shorter than a second, or the folder cannot be written.

    """
    if folder.is_dir():
        return len(list(folder.glob('*.png')))
    partial = folder.with_name(f'.{folder.name}.partial')
    try:
        with reraise_file_errors(TrainingError, 'write', folder, 'Check free space and permissions.'):
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            count = _write(video, partial)
            partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return count


def _write(video: Path, folder: Path) -> int:
    import cv2

    capture = cv2.VideoCapture(str(video))
    rate_hz = capture.get(cv2.CAP_PROP_FPS)
    if not capture.isOpened() or not rate_hz > 0:
        msg = f'{str(video)!r} cannot be read as a video: copy it again.'
        raise TrainingError(msg)
    count, number = 0, 0
    try:
        # Frame by frame: a seek moves to the nearest key frame, up to seconds away.
        while capture.grab():
            if number == round((count * CLIP_S + PICTURE_S) * rate_hz):
                decoded, picture = capture.retrieve()
                path = folder / f'{video.stem}_{count * CLIP_S:06d}.png'
                if not decoded or not cv2.imwrite(str(path), picture):
                    msg = f'{str(video)!r}: the picture {path.name!r} cannot be decoded or written: check the disk.'
                    raise TrainingError(msg)
                count += 1
            number += 1
    finally:
        capture.release()
    if not count:
        msg = f'{str(video)!r} has {number} pictures at {rate_hz:g} Hz: it is too short or damaged. Copy it again.'
        raise TrainingError(msg)
    return count
