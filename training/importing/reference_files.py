# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reader of the published code's HDF5 files: audio, disparity and classes, one HDF5 dataset for each scene."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.pcm16 import int16_to_float
from audio_manifold_ros.common.png_palette import decode_class_image
from audio_manifold_ros.datasets.hdf5_input import READ_ERRORS, open_dataset, open_hdf5
from audio_manifold_ros.datasets.label_file import STEREO_SCALE_M
from audio_manifold_ros.modalities.registry import DEPTH, SEGMENTATION
from training.importing.oap_scene import TRACKS, UNRECORDED
from training.labelling.teacher_files import class_ids, disparity_to_depth_m

AUDIO = 'audio'
BLOCK_SAMPLES = 1 << 18
MAX_SCENES = 100_000
MAX_PICTURE_PIXELS = 1 << 26
# Kinds of elements and numbers of dimensions. Encoded pictures are bytes of varying length.
KINDS = {AUDIO: 'if', DEPTH: 'f', SEGMENTATION: 'uSVO'}
RANKS = {AUDIO: (2,), DEPTH: (3, 4), SEGMENTATION: (1, 2, 3, 4)}
# Channel of each row, by number of rows. Scenes may omit the tracks that were not recorded.
ROWS: Mapping[int, tuple[int, ...]] = {
    TRACKS: tuple(range(TRACKS)),
    TRACKS - len(UNRECORDED): tuple(channel for channel in range(TRACKS) if channel + 1 not in UNRECORDED),
}


@final
class ReferenceScene:
    """One scene of the files. Use it as a context manager.

    Attributes:
        samples: Length of the audio in samples.
        pictures: Number of pictures of each modality.
        peak: Largest absolute sample.
        missing: Channels that are absent from the file or zero throughout.

    """

    def __init__(self, files: Mapping[str, Path], key: str) -> None:
        """Open a scene and scan its audio once.

        Args:
            files: HDF5 file of `audio`, and of `depth` and `segmentation` if they exist.
            key: Name of the scene in the files.

        Raises:
            TrainingError: A file lacks the scene or has other content.

        """
        self._key = key
        self._open = ExitStack()
        try:
            self._data = {kind: self._dataset(kind, path) for kind, path in files.items()}
            self._check_audio()
            self.samples = int(self._data[AUDIO].shape[1])
            self.pictures = {kind: len(data) for kind, data in self._data.items() if kind != AUDIO}
            self.peak, self.missing = self._scan_audio()
        except TrainingError:
            self._open.close()
            raise

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Yield the stored audio in order: float32 (channel, sample), zeros in missing channels.

        Raises:
            TrainingError: The file is damaged, or contains NaN or infinite samples.

        """
        data = self._data[AUDIO]
        for first in range(0, self.samples, BLOCK_SAMPLES):
            with self._reraise_read_errors(AUDIO):
                stored = np.asarray(data[:, first : first + BLOCK_SAMPLES])
            block = np.zeros((TRACKS, stored.shape[1]), dtype=np.float32)
            block[list(ROWS[len(stored)])] = int16_to_float(stored) if stored.dtype == np.int16 else stored
            if not np.all(np.isfinite(block)):
                msg = f'{self._key!r}: NaN or infinite samples after sample {first}: write the file again.'
                raise TrainingError(msg)
            yield block

    def image(self, modality: str, number: int) -> NDArray[Any]:
        """Return a picture: relative depth float32, or class ids uint8 (row, column).

        Raises:
            TrainingError: It is damaged or has other content.

        """
        where = f'{modality} {number} of {self._key!r}'
        with self._reraise_read_errors(modality):
            stored = self._data[modality][number]
        if modality == DEPTH:
            return disparity_to_depth_m(where, np.asarray(stored)) / np.float32(STEREO_SCALE_M)
        return class_ids(where, _decoded(stored))

    def __enter__(self) -> ReferenceScene:
        """Return the scene."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the files."""
        self._open.close()

    def _dataset(self, kind: str, path: Path) -> Any:
        try:
            file = self._open.enter_context(open_hdf5(path))
            found = open_dataset(file, self._key, dtypes=KINDS[kind], rank=RANKS[kind])
            pixels = math.prod(found.shape[1:]) if kind != AUDIO else 0
            if not len(found) or pixels > MAX_PICTURE_PIXELS:
                msg = f'it has {len(found)} entries of {pixels} pixels'
                raise ValueError(msg)
        except READ_ERRORS as error:
            msg = (
                f'{str(path)!r} contains no {kind} of {self._key!r} that can be read ({error}): import without the '
                'file, or without the scene.'
            )
            raise TrainingError(msg) from None
        return found

    def _check_audio(self) -> None:
        data = self._data[AUDIO]
        if data.ndim != 2 or len(data) not in ROWS or not (data.dtype == np.int16 or data.dtype.kind == 'f'):
            msg = (
                f'{self._key!r}: {data.dtype} {data.shape}: expected audio as float ({TRACKS}, samples). Spectrograms, '
                'which the published code stores for MAVD, cannot become drives: import the downloaded MAVD files with '
                '`audio-manifold train import mavd`.'
            )
            raise TrainingError(msg)

    def _scan_audio(self) -> tuple[float, tuple[int, ...]]:
        peaks = np.zeros(TRACKS, dtype=np.float32)
        for block in self.blocks():
            peaks = np.maximum(peaks, np.abs(block).max(axis=1))
        if not peaks.any():
            msg = f'{self._key!r}: all samples are zero: write the file again.'
            raise TrainingError(msg)
        return float(peaks.max()), tuple(np.flatnonzero(peaks == 0).tolist())

    @contextmanager
    def _reraise_read_errors(self, kind: str) -> Iterator[None]:
        try:
            yield
        except READ_ERRORS as error:
            msg = f'The {kind} of {self._key!r} cannot be read ({error}): the file may be incomplete. Copy it again.'
            raise TrainingError(msg) from None


def scene_keys(path: Path) -> list[str]:
    """Return the names of the scenes of an audio file, sorted.

    Raises:
        TrainingError: The file cannot be read or contains no scene.

    """
    try:
        with open_hdf5(path) as file:
            if len(file) > MAX_SCENES:
                msg = f'it has {len(file)} members, more than {MAX_SCENES}'
                raise ValueError(msg)
            keys = sorted(str(key) for key in file)
    except READ_ERRORS as error:
        msg = f'{str(path)!r} cannot be read as HDF5 ({error}): give the audio.h5 of the published code.'
        raise TrainingError(msg) from None
    if not keys:
        msg = f'{str(path)!r} contains no scenes: give the audio.h5 of the published code.'
        raise TrainingError(msg)
    return keys


def _decoded(stored: Any) -> NDArray[Any] | None:
    """Return a picture of class ids. It may be an encoded image, and may repeat the id in three colour channels."""
    picture: NDArray[Any] | None = np.asarray(stored)
    if picture is not None and picture.ndim < 2:
        picture = decode_class_image(stored if isinstance(stored, bytes) else picture.tobytes())
    if picture is not None and picture.ndim == 3:
        grey = picture[0] if picture.shape[0] == 1 else picture[..., 0]
        same = picture.shape[0] == 1 or np.all(picture == grey[..., None])
        picture = grey if same else picture
    return picture
