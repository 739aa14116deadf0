# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Windows of audio around the images of a drive, cut when the drive is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from audio_manifold_ros.common.errors import DatasetError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from audio_manifold_ros.datasets.drive_reader import DriveReader
    from audio_manifold_ros.features.kinds import AnyFeatureSpec

BEFORE_START, AFTER_END, IN_GAP = 'before_start', 'after_end', 'gap'


@dataclass(frozen=True)
class Window:
    """Window of audio with its target image.

    Attributes:
        image: Index of the image in its drive.
        first_sample: Stream index of the first sample of the window.

    """

    image: int
    first_sample: int


@dataclass(frozen=True)
class DriveWindows:
    """Windows of a drive.

    Attributes:
        windows: One for each image whose window contains recorded audio only.
        dropped: Number of images without a window, by reason: `before_start`, `after_end`, `gap`.

    """

    windows: tuple[Window, ...]
    dropped: dict[str, int]


def cut_windows(drive: DriveReader, spec: AnyFeatureSpec, frame_position: float = 0.5) -> DriveWindows:
    """Place a window around every image of a drive.

    Args:
        drive: The drive.
        spec: Feature specification with the length of the window and the sample rate.
        frame_position: Position of the image in the window: 0 is the start, 0.5 the centre (paper), 1 the end.

    Raises:
        DatasetError: The drive has another sample rate, or `frame_position` is outside 0 to 1.

    """
    if drive.sample_rate_hz != spec.sample_rate_hz:
        msg = (
            f'{drive.path}: audio at {drive.sample_rate_hz} Hz, features at {spec.sample_rate_hz} Hz: '
            'convert the drive first.'
        )
        raise DatasetError(msg)
    if not 0 <= frame_position <= 1:
        msg = f'frame_position is {frame_position!r}: give a number from 0 (start of the window) to 1 (end).'
        raise DatasetError(msg)
    offset = round(frame_position * spec.window_samples)
    windows, dropped = [], {BEFORE_START: 0, AFTER_END: 0, IN_GAP: 0}
    for image, sample in enumerate(drive.image_samples.tolist()):
        first = sample - offset
        needed = first - drive.correction.before, first + spec.window_samples + drive.correction.after
        reason = _drop_reason(*needed, drive.first_sample, drive.end_sample, drive.gaps)
        if reason is None:
            windows.append(Window(image, first))
        else:
            dropped[reason] += 1
    return DriveWindows(tuple(windows), dropped)


def _drop_reason(first: int, end: int, audio_first: int, audio_end: int, gaps: NDArray[np.int64]) -> str | None:
    if first < audio_first:
        return BEFORE_START
    if end > audio_end:
        return AFTER_END
    if ((gaps[:, 0] < end) & (gaps[:, 1] > first)).any():
        return IN_GAP
    return None
