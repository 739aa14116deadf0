# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Writing one drive: continuous audio, its gaps, images with their sample index, rig, provenance."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, final

import h5py
import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.datasets.drive_seal import SEAL_BYTES, Seal, write_seal
from audio_manifold_ros.datasets.errors import DatasetError
from audio_manifold_ros.datasets.rig_text import RIG_FILES, RigText

CHUNK_SAMPLES = 16_384
HELD_BYTES = 1 << 22
DEPTH_TYPES = (np.dtype(np.float16), np.dtype(np.float32))
# Labels shrink twentyfold and smooth depth two- to threefold for a fraction of a millisecond; audio is noise to gzip.
COMPRESSION: Mapping[str, Any] = {'compression': 'gzip', 'compression_opts': 1, 'shuffle': True}


@final
class DriveWriter:
    """One drive file in the making; it appears under its name only when it is complete.

    Used as a context manager: leaving it normally finishes the file, leaving it by an exception discards it.
    Until then the data lie in `.NAME.partial` beside it, which the next attempt overwrites.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        drive_id: str,
        rig: RigText,
        sample_rate_hz: int,
        channels: int,
        provenance: Mapping[str, Any],
        first_sample: int = 0,
    ) -> None:
        """Create the partial file.

        Args:
            path: The file to write; an existing one is replaced at the end.
            drive_id: Names the drive in splits and reports.
            rig: Rig that the audio was recorded with.
            sample_rate_hz: Rate of the audio.
            channels: Device channels of the audio.
            provenance: Where the drive comes from, as plain values for JSON.
            first_sample: Stream index of the first sample.

        Raises:
            DatasetError: The file cannot be created, or a value makes no sense.

        """
        self.path = Path(path)
        self._partial = self.path.with_name(f'.{self.path.name}.partial')
        self._channels = channels
        self._first_sample = first_sample
        self._end_sample = first_sample
        self._gaps: list[tuple[int, int]] = []
        self._images: dict[str, Any] = {}
        self._like: dict[str, Any] = {}
        self._held: list[dict[str, NDArray[Any]]] = []
        self._held_bytes = 0
        self._last_image: int | None = None
        array = rig.array()
        if max(array.device_channels) >= channels:
            last = max(array.device_channels)
            msg = f'{self.path}: the rig uses device channel {last}, the audio has {channels} channels: record all.'
            raise DatasetError(msg)
        self._file = self._create()
        self._file.attrs.update(
            drive_id=drive_id,
            sample_rate_hz=sample_rate_hz,
            first_sample=first_sample,
            geometry_sha256=array.geometry_sha256(),
            provenance=json.dumps(dict(provenance), sort_keys=True),
        )
        for name in RIG_FILES:
            self._file.attrs[f'rig_{name}'] = getattr(rig, name)
        self._audio = self._file.create_dataset(
            'audio', (channels, 0), np.int16, maxshape=(channels, None), chunks=(channels, CHUNK_SAMPLES)
        )

    def add_audio(self, samples: NDArray[np.int16], first_sample: int) -> None:
        """Append a run of audio.

        Args:
            samples: int16 (channel, sample), raw device channels.
            first_sample: Stream index of `samples[:, 0]`; a jump forward is stored as a gap.

        Raises:
            DatasetError: Wrong type or channel count, or samples that were already written.

        """
        if samples.dtype != np.int16 or samples.ndim != 2 or samples.shape[0] != self._channels:
            msg = f'{self.path}: audio {samples.dtype} {samples.shape}: give int16 ({self._channels}, samples).'
            raise DatasetError(msg)
        if first_sample < self._end_sample:
            msg = (
                f'{self.path}: audio from sample {first_sample}, but {self._end_sample} was next: give blocks in order.'
            )
            raise DatasetError(msg)
        if first_sample > self._end_sample:
            self._gaps.append((self._end_sample, first_sample))
        start = first_sample - self._first_sample
        self._end_sample = first_sample + samples.shape[1]
        self._audio.resize(start + samples.shape[1], axis=1)
        self._audio[:, start:] = samples

    def add_image(
        self,
        sample_index: int,
        depth_m: NDArray[np.floating[Any]] | None = None,
        labels: NDArray[np.uint8] | None = None,
    ) -> None:
        """Append the images of one instant; the first call decides which there are, their type and size.

        Args:
            sample_index: Stream index of the sample heard at the instant shown.
            depth_m: float16 or float32 (row, column), metres along the camera's z axis, NaN invalid.
            labels: uint8 (row, column), class ids, 255 unlabelled.

        Raises:
            DatasetError: Wrong type, size, set of images or order.

        """
        if depth_m is None and labels is None:
            msg = f'{self.path}: image at sample {sample_index} without depth and labels: give at least one.'
            raise DatasetError(msg)
        if self._last_image is not None and sample_index <= self._last_image:
            msg = f'{self.path}: image at sample {sample_index} after one at {self._last_image}: give images in order.'
            raise DatasetError(msg)
        if depth_m is not None and (depth_m.dtype not in DEPTH_TYPES or np.any(np.isinf(depth_m))):
            msg = f'{self.path}: depth {depth_m.dtype} at {sample_index}: give finite float16 or float32, NaN invalid.'
            raise DatasetError(msg)
        if labels is not None and labels.dtype != np.uint8:
            msg = f'{self.path}: labels {labels.dtype} at sample {sample_index}: give uint8.'
            raise DatasetError(msg)
        given = {'depth_m': depth_m, 'labels': labels, 'sample_index': np.array(sample_index, dtype=np.int64)}
        images = {name: value for name, value in given.items() if value is not None}
        self._check_like_first(images)
        self._hold(images)
        self._last_image = sample_index

    def finish(self) -> Seal:
        """Complete, seal, sync and rename the file.

        Raises:
            DatasetError: There is no audio, or the disk refuses.

        """
        if self._end_sample == self._first_sample:
            self.discard()
            msg = f'{self.path}: a drive without audio: call add_audio before it ends.'
            raise DatasetError(msg)
        self._write_held()
        self._file.create_dataset('gaps', data=np.array(self._gaps, dtype=np.int64).reshape(-1, 2))
        try:
            self._file.close()
            seal = write_seal(self._partial)
            _sync(self._partial)
            self._partial.replace(self.path)
            _sync(self.path.parent)
        except (OSError, RuntimeError) as error:
            self.discard()
            msg = f'Cannot finish the drive {str(self.path)!r}: {error}. Check the space and the rights of its folder.'
            raise DatasetError(msg) from None
        return seal

    def discard(self) -> None:
        """Give up: nothing is left of the file."""
        self._file.close()
        self._partial.unlink(missing_ok=True)

    def __enter__(self) -> DriveWriter:
        """Return the writer."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the file, or discard it after an exception."""
        if kind is None:
            self.finish()
        else:
            self.discard()

    def _create(self) -> h5py.File:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return h5py.File(self._partial, 'w', libver=('v110', 'v110'), userblock_size=SEAL_BYTES)
        except OSError as error:
            msg = f'Cannot create {str(self.path)!r}: {error}. Is its folder writable, or another writer at work?'
            raise DatasetError(msg) from None

    def _check_like_first(self, images: Mapping[str, NDArray[Any]]) -> None:
        shapes = {image.shape for name, image in images.items() if name != 'sample_index'}
        found = {name: (image.dtype, image.shape) for name, image in images.items()}
        wanted = self._like
        if len(shapes) != 1 or len(next(iter(shapes))) != 2 or (wanted and wanted != found):
            msg = (
                f'{self.path}: images {found}, before {wanted}: give the same kinds, types and (row, column) each time.'
            )
            raise DatasetError(msg)
        self._like = found

    def _hold(self, images: dict[str, NDArray[Any]]) -> None:
        """Keep the images until it pays to write them: each call of HDF5 costs more than a small image."""
        if not self._images:
            for name, image in images.items():
                pays = COMPRESSION if image.ndim else {}
                chunks = (1, *image.shape) if image.ndim else (512,)
                self._images[name] = self._file.create_dataset(
                    name, (0, *image.shape), image.dtype, maxshape=(None, *image.shape), chunks=chunks, **pays
                )
        self._held.append({name: image.copy() for name, image in images.items()})
        self._held_bytes += sum(image.nbytes for image in images.values())
        if self._held_bytes >= HELD_BYTES:
            self._write_held()

    def _write_held(self) -> None:
        if not self._held:
            return
        for name, data in self._images.items():
            first = data.shape[0]
            data.resize(first + len(self._held), axis=0)
            data[first:] = np.stack([images[name] for images in self._held])
        self._held.clear()
        self._held_bytes = 0


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
