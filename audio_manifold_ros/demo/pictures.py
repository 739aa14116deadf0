# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What remains of a demonstration for people: a sheet of moments and a film."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.demo.errors import DemoError
from audio_manifold_ros.evaluation.classes import UNLABELLED
from audio_manifold_ros.evaluation.contact_sheet import Moment, contact_sheet
from audio_manifold_ros.evaluation.scores import Images
from audio_manifold_ros.nodes.spectrogram import image_features

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from audio_manifold_ros.demo.frames import Frame
    from audio_manifold_ros.inference.manifest import Manifest

COLUMNS = 6
CODEC = 'mp4v'


def draw_sheet(frames: Sequence[Frame], manifest: Manifest, title: str, subtitle: str) -> NDArray[np.uint8]:
    """Draw frames at even distances over the drive, uint8 (row, column, 3)."""
    chosen = np.unique(np.linspace(0, len(frames) - 1, COLUMNS).round().astype(int))
    moments = _moments(frames, manifest)
    return contact_sheet([moments[i] for i in chosen], title, subtitle)


def write_film(path: Path, frames: Sequence[Frame], manifest: Manifest, title: str) -> None:
    """Write one picture for each frame, in real time, as MP4.

    Raises:
        DemoError: The codec is missing, or the file cannot be written.

    """
    import cv2

    span_s = (frames[-1].stamp_ns - frames[0].stamp_ns) / 1e9
    rate_hz = (len(frames) - 1) / span_s if span_s > 0 else 1.0
    writer = None
    for moment in _moments(frames, manifest):
        picture = contact_sheet([moment], title)
        height, width = (size // 2 * 2 for size in picture.shape[:2])
        if writer is None:
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*CODEC), rate_hz, (width, height))
            if not writer.isOpened():
                msg = f'Cannot write {str(path)!r} as {CODEC!r}: install opencv-python-headless, which has FFmpeg.'
                raise DemoError(msg)
        writer.write(np.ascontiguousarray(picture[:height, :width, ::-1]))
    if writer is not None:
        writer.release()


def _moments(frames: Sequence[Frame], manifest: Manifest) -> list[Moment]:
    """Where some frames have a truth, the others get an empty one: all pictures have the same rows."""
    absent = _nothing(manifest) if any(frame.truth is not None for frame in frames) else Images(None, None)
    return [
        Moment(
            time_s=(frame.stamp_ns - frames[0].stamp_ns) / 1e9,
            features=image_features(frame.spectrogram, manifest.microphones, manifest.features.db_divisor),
            truth=absent if frame.truth is None else Images(frame.truth.depth_m, frame.truth.labels),
            predicted=Images(frame.depth_m, frame.labels),
            confidence=frame.confidence,
        )
        for frame in frames
    ]


def _nothing(manifest: Manifest) -> Images:
    shape = (manifest.camera.height, manifest.camera.width)
    return Images(np.full(shape, np.nan, dtype=np.float32), np.full(shape, UNLABELLED, dtype=np.uint8))
