# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reading one drive: any run of its audio as the model hears it, any image."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, final

import h5py
import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import AudioManifoldError, DatasetError
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.datasets.drive_attributes import METRES, DriveAttributes
from audio_manifold_ros.datasets.drive_checksum import ChecksumHeader, read_checksum_header
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.rig.array_correction import ArrayCorrection

INT16_SCALE = 32768.0
RIG_PREFIX = 'rig_'


@final
class DriveReader:
    """An open drive file. Use it as a context manager, or call `close`.

    Attributes:
        path: The file.
        checksum_header: Size and checksum that the file claims.
        drive_id: Names the drive.
        sample_rate_hz: Rate of the audio.
        first_sample: Stream index of the first sample.
        end_sample: One past the last sample.
        gaps: int64 (gap, 2), stream index of the first lost sample and one past the last, in order.
        image_samples: int64 (image,), stream index of each image.
        image_stamps_ns: int64 (image,), instant of each image by the recording's own clock; where the file keeps none,
            by the index alone, from its sample 0.
        attributes: Channels that were never recorded, and the unit of depth.
        provenance: Where the drive comes from.
        rig: The rig that it was recorded with.
        array: Its microphone array.
        correction: What turns its channels into microphones.

    """

    def __init__(self, path: Path | str, *, verify: bool = False) -> None:
        """Open a drive file.

        Args:
            path: The file.
            verify: Read the whole file first and compare its checksum.

        Raises:
            DatasetError: The file is missing, foreign, truncated or corrupted.

        """
        self.path = Path(path)
        self.checksum_header: ChecksumHeader = read_checksum_header(self.path, verify=verify)
        with self._reraise_file_errors():
            self._file = h5py.File(self.path, 'r')
        try:
            with self._reraise_file_errors():
                self._read_description()
        except DatasetError:
            self._file.close()
            raise

    @property
    def has_depth(self) -> bool:
        """Whether there are depth images."""
        return 'depth_m' in self._file

    @property
    def has_labels(self) -> bool:
        """Whether there are label images."""
        return 'labels' in self._file

    @property
    def has_native(self) -> bool:
        """Whether there are images of the size in which their teachers gave them."""
        return not {'native_depth_m', 'native_labels'}.isdisjoint(self._file)

    @property
    def missing_microphones(self) -> tuple[int, ...]:
        """Places in the order of the array whose channels were never recorded; `samples` is zero there."""
        missing = set(self.attributes.missing_channels)
        return tuple(index for index, channel in enumerate(self.array.device_channels) if channel in missing)

    def raw(self, first_sample: int, length: int) -> NDArray[np.int16]:
        """Return a run of audio as recorded.

        Returns:
            int16 (device channel, sample).

        Raises:
            DatasetError: The run leaves the recording or touches a gap, or the file is corrupted there.

        """
        end = first_sample + length
        if first_sample < self.first_sample or end > self.end_sample:
            msg = (
                f'{self.path}: samples {first_sample} to {end} asked, '
                f'{self.first_sample} to {self.end_sample} recorded: ask for less.'
            )
            raise DatasetError(msg)
        if np.any((self.gaps[:, 0] < end) & (self.gaps[:, 1] > first_sample)):
            msg = (
                f'{self.path}: samples {first_sample} to {end} touch lost samples {self.gaps.tolist()}: ask elsewhere.'
            )
            raise DatasetError(msg)
        start = first_sample - self.first_sample
        with self._reraise_file_errors():
            return np.asarray(self._file['audio'][:, start : start + length], dtype=np.int16)

    def samples(self, first_sample: int, length: int) -> NDArray[np.float32]:
        """Return a run of audio as the node hears it: order, gain, polarity and delay of the rig applied.

        Delays need `correction.before` samples before the run and `correction.after` behind it.

        Returns:
            float32 (mic, sample), full scale ±1.

        Raises:
            DatasetError: As for `raw`, of the run and what its delays need around it.

        """
        before, after = self.correction.before, self.correction.after
        raw = self.raw(first_sample - before, before + length + after)
        return self.correction.apply(raw * np.float32(1 / INT16_SCALE))

    def depth_m(self, image: int) -> NDArray[np.float32]:
        """Return depth image number `image`: float32 (row, column), in `attributes.depth_unit`, NaN invalid."""
        return self._depth('depth_m', image)

    def labels(self, image: int) -> NDArray[np.uint8]:
        """Return label image number `image`: uint8 (row, column), 255 unlabelled."""
        return self._labels('labels', image)

    def native_depth_m(self, image: int) -> NDArray[np.float32]:
        """Return a depth image in the size in which its teacher gave it, where the drive keeps that."""
        return self._depth('native_depth_m' if 'native_depth_m' in self._file else 'depth_m', image)

    def native_labels(self, image: int) -> NDArray[np.uint8]:
        """Return a label image in the size in which its teacher gave it, where the drive keeps that."""
        return self._labels('native_labels' if 'native_labels' in self._file else 'labels', image)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> DriveReader:
        """Return the reader."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()

    def _depth(self, name: str, image: int) -> NDArray[np.float32]:
        with self._reraise_file_errors():
            return np.asarray(self._file[name][image], dtype=np.float32)

    def _labels(self, name: str, image: int) -> NDArray[np.uint8]:
        with self._reraise_file_errors():
            return np.asarray(self._file[name][image], dtype=np.uint8)

    def _read_description(self) -> None:
        attrs = self._file.attrs
        self.drive_id = str(attrs['drive_id'])
        self.sample_rate_hz = int(attrs['sample_rate_hz'])
        self.first_sample = int(attrs['first_sample'])
        self.end_sample = self.first_sample + int(self._file['audio'].shape[1])
        self.gaps: NDArray[np.int64] = np.asarray(self._file['gaps'][:], dtype=np.int64)
        images = self._file['sample_index'][:] if 'sample_index' in self._file else []
        self.image_samples: NDArray[np.int64] = np.asarray(images, dtype=np.int64)
        self.image_stamps_ns = self._stamps_ns()
        channels = tuple(int(channel) for channel in attrs.get('missing_channels', ()))
        self.attributes = DriveAttributes(channels, str(attrs.get('depth_unit', METRES)))
        self.provenance: dict[str, Any] = json.loads(attrs['provenance'])
        rig = {name.removeprefix(RIG_PREFIX): attrs[name] for name in attrs if name.startswith(RIG_PREFIX)}
        self.rig = RigFiles.from_texts(rig)
        self.array = self.rig.array()
        self.correction = ArrayCorrection(self.array, self.sample_rate_hz)

    def _stamps_ns(self) -> NDArray[np.int64]:
        if 'stamp_ns' in self._file:
            return np.asarray(self._file['stamp_ns'][:], dtype=np.int64)
        times_s = self.image_samples / self.sample_rate_hz
        return np.rint(times_s * NS_PER_S).astype(np.int64)

    @contextmanager
    def _reraise_file_errors(self) -> Iterator[None]:
        try:
            yield
        except AudioManifoldError as error:
            msg = f'{self.path}: {error}'
            raise DatasetError(msg) from None
        except (OSError, KeyError, RuntimeError, ValueError, TypeError, IndexError) as error:
            msg = f'{self.path}: cannot be read as a drive ({error}): it may be corrupted. Check it with verify=True.'
            raise DatasetError(msg) from None
