# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Writer of one drive: continuous audio, its gaps, images with their sample index, rig, provenance."""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, final

import h5py
import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import DatasetError
from audio_manifold_ros.common.files import sync_to_disk
from audio_manifold_ros.datasets import vehicle_table
from audio_manifold_ros.datasets.drive_attributes import DriveAttributes
from audio_manifold_ros.datasets.drive_checksum import (
    ATTRIBUTES_VERSION,
    DEFAULT_VERSION,
    HEADER_BYTES,
    ChecksumHeader,
    write_checksum_header,
)
from audio_manifold_ros.datasets.drive_images import DriveImages
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.modalities.vehicle_observation import VehicleObservation

CHUNK_SAMPLES = 16_384
# Reason in the error messages of HDF5.
HDF5_ERROR_PATTERN = re.compile("error message = '([^']+)'", re.IGNORECASE)
NO_SPACE_ERRNOS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@final
class DriveWriter:
    """Writer of one drive file. The write is atomic.

    Use it as a context manager: a normal end finishes the file, an exception discards it. Until then the data is in
    `.NAME.partial` in the same folder, which the next attempt overwrites.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        drive_id: str,
        rig: RigFiles,
        sample_rate_hz: int,
        channels: int,
        provenance: Mapping[str, Any],
        first_sample: int = 0,
        attributes: DriveAttributes | None = None,
    ) -> None:
        """Create the partial file.

        Args:
            path: The file to write. An existing file is replaced at the end.
            drive_id: Name of the drive in splits and reports.
            rig: Rig of the recording.
            sample_rate_hz: Rate of the audio.
            channels: Number of device channels of the audio.
            provenance: Source of the drive, as plain values for JSON.
            first_sample: Stream index of the first sample.
            attributes: Missing channels and unit of depth; None for the default.

        Raises:
            DatasetError: The file cannot be created, or a value is invalid.

        """
        self.path = Path(path)
        self._partial = self.path.with_name(f'.{self.path.name}.partial')
        self._channels = channels
        self._first_sample = first_sample
        self._end_sample = first_sample
        self._gaps: list[tuple[int, int]] = []
        self._disk_failed = False
        self._attributes = attributes or DriveAttributes()
        array = rig.array()
        if max(array.device_channels) >= channels:
            last = max(array.device_channels)
            msg = f'{self.path}: the rig uses device channel {last}, the audio has {channels} channels: record all.'
            raise DatasetError(msg)
        if max(self._attributes.missing_channels, default=0) >= channels:
            msg = f'{self.path}: missing channels {self._attributes.missing_channels} of {channels}: count from 0.'
            raise DatasetError(msg)
        file_attributes = {
            'drive_id': drive_id,
            'sample_rate_hz': sample_rate_hz,
            'first_sample': first_sample,
            'geometry_sha256': array.geometry_sha256(),
            'provenance': json.dumps(dict(provenance), sort_keys=True),
            **{f'rig_{name}': text for name, text in rig.texts().items()},
        }
        if not self._attributes.is_default:
            file_attributes['missing_channels'] = np.array(self._attributes.missing_channels, dtype=np.int64)
            file_attributes['depth_unit'] = self._attributes.depth_unit
        self._file = self._create()
        self._images = DriveImages(self._file, self.path)
        self._image_count = 0
        self._stated_images = 0
        self._vehicles: list[tuple[float, ...]] = []
        try:
            with self._reraise_disk_errors():
                self._file.attrs.update(file_attributes)
                self._audio = self._file.create_dataset(
                    'audio', (channels, 0), np.int16, maxshape=(channels, None), chunks=(channels, CHUNK_SAMPLES)
                )
        except BaseException:
            self.discard()
            raise

    def add_audio(self, samples: NDArray[np.int16], first_sample: int) -> None:
        """Append a segment of audio.

        Args:
            samples: int16 (channel, sample), raw device channels, with zeros in missing channels.
            first_sample: Stream index of `samples[:, 0]`. A jump forward is stored as a gap.

        Raises:
            DatasetError: Wrong type or channel count, samples that were already written, audio in a missing channel, or
                a
                write error of the disk.

        """
        if samples.dtype != np.int16 or samples.ndim != 2 or samples.shape[0] != self._channels:
            msg = f'{self.path}: audio is {samples.dtype} {samples.shape}: give int16 ({self._channels}, samples).'
            raise DatasetError(msg)
        if np.any(samples[list(self._attributes.missing_channels)]):
            msg = f'{self.path}: audio in the missing channels {self._attributes.missing_channels}: give zeros there.'
            raise DatasetError(msg)
        if first_sample < self._end_sample:
            msg = f'{self.path}: audio from sample {first_sample} instead of {self._end_sample}: give blocks in order.'
            raise DatasetError(msg)
        if first_sample > self._end_sample:
            self._gaps.append((self._end_sample, first_sample))
        start = first_sample - self._first_sample
        self._end_sample = first_sample + samples.shape[1]
        with self._reraise_disk_errors():
            self._audio.resize(start + samples.shape[1], axis=1)
            self._audio[:, start:] = samples

    def add_image(
        self,
        sample_index: int,
        depth_m: NDArray[np.floating[Any]] | None = None,
        labels: NDArray[np.uint8] | None = None,
        *,
        native_depth_m: NDArray[np.floating[Any]] | None = None,
        native_labels: NDArray[np.uint8] | None = None,
        stamp_ns: int | None = None,
    ) -> None:
        """Append the images of one instant. The first call sets the kinds of images, their types and sizes.

        Args:
            sample_index: Stream index of the audio sample at the instant of the images.
            depth_m: float16 or float32 (row, column), metres along the camera's z axis, NaN invalid. In a drive of
                relative
                depth it is metres times an unknown factor.
            labels: uint8 (row, column), class ids, 255 unlabelled.
            native_depth_m: The same depth at the original size of its teacher.
            native_labels: The same labels at the original size of their teacher.
            stamp_ns: The instant on the clock of the recording, which splits may use as the name of the image.

        Raises:
            DatasetError: Wrong type, size, set of images or order, or a write error of the disk.

        """
        optional_images = {
            'depth_m': depth_m,
            'labels': labels,
            'native_depth_m': native_depth_m,
            'native_labels': native_labels,
        }
        with self._reraise_disk_errors():
            self._images.add(sample_index, stamp_ns, optional_images)
        self._image_count += 1

    def add_vehicles(self, vehicles: Sequence[VehicleObservation]) -> None:
        """State the vehicles in traffic around the robot at the last image. They are stated for all images or for none.

        Raises:
            DatasetError: There is no image, or an image before it has no statement, or the last image has one.

        """
        if self._image_count != self._stated_images + 1:
            msg = (
                f'{self.path}: vehicles for image {self._stated_images} of {self._image_count}: call add_vehicles once '
                'after each add_image.'
            )
            raise DatasetError(msg)
        self._vehicles += vehicle_table.to_rows(self._stated_images, vehicles)
        self._stated_images += 1

    def finish(self) -> ChecksumHeader:
        """Complete the file, add its checksum header, sync it and rename it.

        Raises:
            DatasetError: There is no audio, vehicles are stated for some images only, or the disk has a write error.

        """
        if self._stated_images not in (0, self._image_count):
            self.discard()
            msg = f'{self.path}: vehicles for {self._stated_images} of {self._image_count} images: state all or none.'
            raise DatasetError(msg)
        if self._end_sample == self._first_sample:
            self.discard()
            msg = f'{self.path}: a drive without audio: call add_audio before it ends.'
            raise DatasetError(msg)
        try:
            with self._reraise_disk_errors():
                self._images.flush()
                if self._stated_images:
                    table = np.array(self._vehicles, dtype=np.float32).reshape(-1, vehicle_table.COLUMNS)
                    self._file.create_dataset(vehicle_table.VEHICLES, data=table)
                self._file.create_dataset('gaps', data=np.array(self._gaps, dtype=np.int64).reshape(-1, 2))
                self._file.flush()
                self._file.close()
                checksum_header = write_checksum_header(
                    self._partial, DEFAULT_VERSION if self._attributes.is_default else ATTRIBUTES_VERSION
                )
                sync_to_disk(self._partial)
                self._partial.replace(self.path)
                sync_to_disk(self.path.parent)
        except BaseException:
            self.discard()
            raise
        return checksum_header

    def discard(self) -> None:
        """Remove the partial file, even if the disk refuses the buffered data."""
        try:
            with suppress(DatasetError), self._reraise_disk_errors():
                if not self._disk_failed and self._file:
                    self._file.flush()
                    self._file.close()
            if self._disk_failed and self._file:
                self._abandon()
        finally:
            with suppress(OSError):
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
            return h5py.File(self._partial, 'w', libver=('v110', 'v110'), userblock_size=HEADER_BYTES)
        except OSError as error:
            if error.errno in NO_SPACE_ERRNOS:  # with any other error the file may belong to another writer
                self._partial.unlink(missing_ok=True)
            msg = f'Cannot create {str(self.path)!r}: {error}. Make its folder writable, or stop another writer of it.'
            raise DatasetError(msg) from None

    def _abandon(self) -> None:
        """Leave the file open without its bytes after the disk refused its data.

        HDF5 cannot close such a file: it crashes the process that closes it or releases the last reference.
        """
        with suppress(OSError, RuntimeError):
            for held in h5py.h5f.get_obj_ids(self._file.id):
                h5py.h5i.inc_ref(held)
            os.truncate(self._partial, 0)

    @contextmanager
    def _reraise_disk_errors(self) -> Iterator[None]:
        try:
            yield
        except (OSError, RuntimeError) as error:
            self._disk_failed = True
            match = HDF5_ERROR_PATTERN.search(str(error))
            reason = match[1] if match else error
            msg = (
                f'Cannot write the drive {str(self.path)!r}: {reason}. Check free space and permissions of its folder.'
            )
            raise DatasetError(msg) from None
