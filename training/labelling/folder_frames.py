# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Camera images in a folder, with the time in their file names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.units import NS_PER_S
from training.importing.mavd_names import parse_picture
from training.labelling.content_fingerprint import fingerprint
from training.labelling.frame import RecordedFrame

SUFFIXES = ('.jpg', '.jpeg', '.png')
# File name patterns: nanoseconds. MAVD's seconds, nanoseconds (without leading zeros) and code. OAP's two-second clips,
# whose frame is one second after the start of the clip.
TIMES: tuple[tuple[re.Pattern[str], Callable[[list[int]], int]], ...] = (
    (re.compile(r'(\d{15,19})'), lambda numbers: numbers[0]),
    (re.compile(r'.*_(\d{9,10})_(\d{1,9})(?:_\d+)?'), lambda numbers: numbers[0] * NS_PER_S + numbers[1]),
    (re.compile(r'(?:.*_)?(\d{6})'), lambda numbers: (numbers[0] + 1) * NS_PER_S),
)


class PictureFrames:
    """The pictures of a folder.

    Attributes:
        path: The folder.

    """

    def __init__(self, path: Path, columns: tuple[int, int] | None = None) -> None:
        """List a folder.

        Args:
            path: The folder.
            columns: First column of the labelled part and one past the last. None for whole pictures.

        Raises:
            TrainingError: There are no pictures, a name has no time, or two names have the same time.

        """
        self.path = path
        self._columns = columns
        pictures = sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES) if path.is_dir() else []
        if not pictures:
            msg = f'{str(path)!r} is neither a bag nor a folder of pictures {SUFFIXES}: give one of them.'
            raise TrainingError(msg)
        self._pictures = _by_time(pictures)
        self._fingerprint = fingerprint(self._pictures.values(), full_content=False)

    @property
    def count(self) -> int:
        """Number of pictures."""
        return len(self._pictures)

    @property
    def provenance(self) -> dict[str, object]:
        """Name and content of the folder, and the labelled columns, if not all."""
        columns = {} if self._columns is None else {'columns': list(self._columns)}
        return {'recording': self.path.absolute().name, 'fingerprint': self._fingerprint, **columns}

    def frames(self) -> Iterator[RecordedFrame]:
        """Yield the pictures in the order of time."""
        for time, file in sorted(self._pictures.items()):
            yield RecordedFrame(time, time, (file.stem, file.stem.rpartition('_')[2]), _reader(file, self._columns))


def time_ns(file: Path) -> int:
    """Return the time in ns from the name of a picture.

    Raises:
        TrainingError: The name has no time.

    """
    for pattern, time in TIMES:
        match = pattern.fullmatch(file.stem)
        if match:
            return time([int(number) for number in match.groups()])
    msg = f'{str(file)!r}: the file name has no time: name it by its nanoseconds, such as 1700000000123456789.jpg.'
    raise TrainingError(msg)


def _by_time(pictures: list[Path]) -> dict[int, Path]:
    """Return one picture for each instant. Of the pictures that MAVD numbers within one instant, the first."""
    found: dict[int, list[Path]] = {}
    for file in pictures:
        found.setdefault(time_ns(file), []).append(file)
    chosen = {}
    for time, files in found.items():
        ranks = [name.rank for name in map(parse_picture, (file.name for file in files)) if name is not None]
        if len(files) > 1 and len(set(ranks)) < len(files):
            msg = f'{str(files[0])!r} and {files[1].name!r} show the same instant: keep one of each.'
            raise TrainingError(msg)
        chosen[time] = files[ranks.index(min(ranks))] if len(files) > 1 else files[0]
    return chosen


def _reader(file: Path, columns: tuple[int, int] | None) -> Callable[[], NDArray[np.uint8]]:
    def picture() -> NDArray[np.uint8]:
        import cv2

        # The pixels of the sensor are meant: an orientation in the EXIF data must not turn them.
        pixels = cv2.imread(str(file), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
        if pixels is None:
            msg = f'{str(file)!r} cannot be decoded: it is damaged. Remove it.'
            raise TrainingError(msg)
        first, end = columns or (0, pixels.shape[1])
        if end > pixels.shape[1]:
            msg = f'{str(file)!r} has {pixels.shape[1]} columns, not {first} to {end}: give columns of the pictures.'
            raise TrainingError(msg)
        return np.ascontiguousarray(pixels[:, first:end, ::-1], dtype=np.uint8)

    return picture
