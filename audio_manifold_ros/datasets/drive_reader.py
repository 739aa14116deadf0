# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reader of one drive: any segment of its audio, raw or corrected by the rig, and any image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, final

import h5py
import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import AudioManifoldError, DatasetError
from audio_manifold_ros.common.json_text import parse_json
from audio_manifold_ros.common.pcm16 import int16_to_float
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.common.untrusted_text import shorten
from audio_manifold_ros.datasets import vehicle_table
from audio_manifold_ros.datasets.drive_attributes import METRES, DriveAttributes
from audio_manifold_ros.datasets.drive_checksum import ChecksumHeader, read_checksum_header
from audio_manifold_ros.datasets.drive_images import IMAGE_READERS, NATIVE_IMAGES, NATIVE_PREFIX
from audio_manifold_ros.datasets.hdf5_input import READ_ERRORS, has_member, open_dataset, open_hdf5, read_attributes
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.modalities.modality_images import ModalityImages, to_modality_images
from audio_manifold_ros.modalities.registry import DEPTH, MODALITIES, NORMALS, SEGMENTATION, STORED_MODALITIES
from audio_manifold_ros.modalities.vehicle_observation import VehicleObservation
from audio_manifold_ros.rig.array_correction import ArrayCorrection
from audio_manifold_ros.rig.camera import CameraModel
from audio_manifold_ros.rig.derived_images import DERIVED_IMAGES

RIG_PREFIX = 'rig_'
MAX_SAMPLE_RATE_HZ = 1_000_000
# 8 million images, or 4 million gaps.
MAX_INDEX_BYTES = 1 << 26
MAX_IMAGE_PIXELS = 1 << 24
# Element types of each dataset of images.
IMAGE_TYPES: Mapping[str, tuple[np.dtype[Any], ...]] = {
    f'{prefix}{modality.image}': tuple(map(np.dtype, modality.stored_dtypes))
    for prefix in ('', NATIVE_PREFIX)
    for modality in STORED_MODALITIES.values()
}


@final
class DriveReader:
    """Open drive file. Use it as a context manager, or call `close`.

    Attributes:
        path: The file.
        checksum_header: Size and checksum in the header of the file.
        drive_id: Name of the drive.
        sample_rate_hz: Rate of the audio.
        first_sample: Stream index of the first sample.
        end_sample: Stream index after the last sample.
        gaps: int64 (gap, 2), stream index of the first lost sample and of the first sample after the gap, in order.
        image_samples: int64 (image,), stream index of each image.
        image_stamps_ns: int64 (image,), instant of each image on the clock of the recording. Without stamps it is
            computed from the stream index, with 0 at sample 0.
        attributes: Missing channels and the unit of depth.
        provenance: Source of the drive.
        rig: Rig of the recording.
        array: Microphone array of the rig.
        correction: Correction from device channels to microphones.

    """

    def __init__(self, path: Path | str, *, verify: bool = False) -> None:
        """Open a drive file.

        Args:
            path: The file.
            verify: Read the whole file first and compare its checksum.

        Raises:
            DatasetError: The file is missing, truncated or corrupted, or is not a drive.

        """
        self.path = Path(path)
        self.checksum_header: ChecksumHeader = read_checksum_header(self.path, verify=verify)
        with self._reraise_file_errors():
            self._file = open_hdf5(self.path)
        try:
            with self._reraise_file_errors():
                self._read_description()
        except DatasetError:
            self._file.close()
            raise

    @property
    def has_depth(self) -> bool:
        """True if the drive has depth images."""
        return self.has(DEPTH)

    @property
    def has_labels(self) -> bool:
        """True if the drive has label images."""
        return self.has(SEGMENTATION)

    def has(self, modality: str) -> bool:
        """Return whether the drive has images of a modality, or images that they are derived from."""
        entry = MODALITIES[modality]
        return self.has(entry.derived_from) if entry.derived_from else entry.image in self._images

    @property
    def has_native(self) -> bool:
        """True if the drive has images at the original size of their teacher."""
        return not self._images.keys().isdisjoint(NATIVE_IMAGES)

    @property
    def has_vehicles(self) -> bool:
        """True if the drive states the vehicles around the robot at its images."""
        return self._vehicles is not None

    @property
    def missing_microphones(self) -> tuple[int, ...]:
        """Indices in the array of the microphones that were never recorded. `samples` returns zeros for them."""
        missing = set(self.attributes.missing_channels)
        return tuple(index for index, channel in enumerate(self.array.device_channels) if channel in missing)

    def raw(self, first_sample: int, length: int) -> NDArray[np.int16]:
        """Return a segment of the recorded audio.

        Returns:
            int16 (device channel, sample).

        Raises:
            DatasetError: The segment is outside the recording or overlaps a gap, or the file is corrupted there.

        """
        end = first_sample + length
        if first_sample < self.first_sample or end > self.end_sample:
            msg = (
                f'{self.path}: samples {first_sample} to {end} are outside the recording '
                f'({self.first_sample} to {self.end_sample}): request a part of it.'
            )
            raise DatasetError(msg)
        if np.any((self.gaps[:, 0] < end) & (self.gaps[:, 1] > first_sample)):
            msg = (
                f'{self.path}: samples {first_sample} to {end} overlap the gaps {shorten(self.gaps.tolist())}: '
                'request a segment without a gap.'
            )
            raise DatasetError(msg)
        start = first_sample - self.first_sample
        with self._reraise_file_errors():
            return np.asarray(self._audio[:, start : start + length], dtype=np.int16)

    def samples(self, first_sample: int, length: int) -> NDArray[np.float32]:
        """Return a segment of audio as the node processes it: with order, gain, polarity and delay of the rig applied.

        The delays need `correction.before` samples before the segment and `correction.after` samples after it.

        Returns:
            float32 (mic, sample), full scale ±1.

        Raises:
            DatasetError: As for `raw`, for the segment with the samples that its delays need.

        """
        before, after = self.correction.before, self.correction.after
        raw = self.raw(first_sample - before, before + length + after)
        return self.correction.apply(int16_to_float(raw))

    def images(self, image: int) -> ModalityImages:
        """Return the images of one instant: depth float32 in `attributes.depth_unit`, class ids uint8."""
        return to_modality_images({name: self._read(name, image) for name in STORED_MODALITIES if self.has(name)})

    def native_images(self, image: int) -> ModalityImages:
        """Return the images of one instant, each at the original size of its teacher if that is stored."""
        found = {name: self._read(name, image, NATIVE_PREFIX) for name in STORED_MODALITIES if self.has(name)}
        return to_modality_images(found)

    def depth_m(self, image: int) -> NDArray[np.float32]:
        """Return one depth image: float32 (row, column), in `attributes.depth_unit`, NaN invalid.

        Values that are not positive, or above 10 km, are invalid.
        """
        return self._read(DEPTH, image)

    def normals(self, image: int) -> NDArray[np.float32]:
        """Return the surface normals of one image, derived from its depth: float32 (row, column, 3), NaN invalid.

        Drives do not store them: they would need three times the space of the depth, and could contradict it.
        """
        camera = CameraModel.from_text(self.rig.camera, f'{self.path} (camera)')
        found: NDArray[np.float32] = DERIVED_IMAGES[NORMALS](self.depth_m(image), camera)
        return found

    def labels(self, image: int) -> NDArray[np.uint8]:
        """Return one label image: uint8 (row, column), 255 unlabelled."""
        return self._read(SEGMENTATION, image)

    def native_depth_m(self, image: int) -> NDArray[np.float32]:
        """Return one depth image at the original size of its teacher, or at training size if only that is stored."""
        return self._read(DEPTH, image, NATIVE_PREFIX)

    def native_labels(self, image: int) -> NDArray[np.uint8]:
        """Return one label image at the original size of its teacher, or at training size if only that is stored."""
        return self._read(SEGMENTATION, image, NATIVE_PREFIX)

    def vehicles(self, image: int) -> tuple[VehicleObservation, ...]:
        """Return the vehicles in traffic around the robot at one image, hidden ones included.

        Raises:
            DatasetError: The drive does not state them.

        """
        if self._vehicles is None:
            msg = f'{self.path}: the drive does not state the vehicles around the robot: check has_vehicles first.'
            raise DatasetError(msg)
        return vehicle_table.from_table(self._vehicles, image)

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

    def _read(self, modality: str, image: int, prefix: str = '') -> NDArray[Any]:
        """Return one image in its type in memory, from the dataset with the prefix if it exists."""
        name = MODALITIES[modality].image
        stored = self._images.get(f'{prefix}{name}', self._images[name])
        with self._reraise_file_errors():
            return IMAGE_READERS[modality](stored[image], self.attributes)

    def _read_description(self) -> None:
        attrs = read_attributes(self._file)
        self.drive_id = str(attrs['drive_id'])
        self.sample_rate_hz = int(attrs['sample_rate_hz'])
        if not 0 < self.sample_rate_hz <= MAX_SAMPLE_RATE_HZ:
            msg = f'sample_rate_hz is {self.sample_rate_hz}: expected 1 to {MAX_SAMPLE_RATE_HZ}'
            raise ValueError(msg)
        self.provenance: Mapping[str, object] = parse_json(
            str(attrs['provenance']), 'The provenance', DatasetError, 'Write the drive again.'
        )
        self.rig = RigFiles.from_texts(
            {name.removeprefix(RIG_PREFIX): text for name, text in attrs.items() if name.startswith(RIG_PREFIX)}
        )
        self.array = self.rig.array()
        self.correction = ArrayCorrection(self.array, self.sample_rate_hz)
        channels = tuple(int(channel) for channel in np.atleast_1d(attrs.get('missing_channels', ())))
        self.attributes = DriveAttributes(channels, str(attrs.get('depth_unit', METRES)))
        self.first_sample = int(attrs['first_sample'])
        self._audio = open_dataset(self._file, 'audio', dtypes=(np.dtype(np.int16),), rank=2)
        rows, samples = self._audio.shape
        self.end_sample = self.first_sample + samples
        if rows <= max(self.array.device_channels):
            msg = f'the audio has {rows} channels, and the rig uses device channel {max(self.array.device_channels)}'
            raise ValueError(msg)
        self.gaps = self._read_gaps()
        self._images = self._open_images()
        self.image_samples = self._read_index('sample_index')
        self.image_stamps_ns = self._stamps_ns()
        self._check_index()
        self._vehicles = self._read_vehicles()

    def _read_vehicles(self) -> NDArray[np.float32] | None:
        if not has_member(self._file, vehicle_table.VEHICLES):
            return None
        types, most = (np.dtype(np.float32),), vehicle_table.MAX_TABLE_BYTES
        stored = open_dataset(self._file, vehicle_table.VEHICLES, dtypes=types, rank=2, max_bytes=most)
        table = np.asarray(stored[:], dtype=np.float32)
        vehicle_table.check_table(table, len(self.image_samples))
        return table

    def _read_gaps(self) -> NDArray[np.int64]:
        stored = open_dataset(self._file, 'gaps', dtypes='iu', rank=2, max_bytes=MAX_INDEX_BYTES)
        gaps = np.asarray(stored[:], dtype=np.int64)
        # int64 (gap, 2) in order: each gap ends after its start, and begins after the end of the one before.
        is_valid = gaps.shape[1] == 2 and bool(np.all(np.diff(gaps.ravel()) >= 0))
        if not is_valid or np.any((gaps < self.first_sample) | (gaps > self.end_sample)):
            msg = f"'gaps' {gaps.shape} are not pairs of samples of the recording in increasing order"
            raise ValueError(msg)
        return gaps

    def _open_images(self) -> dict[str, h5py.Dataset]:
        images = {}
        for name, dtypes in IMAGE_TYPES.items():
            if has_member(self._file, name):
                images[name] = open_dataset(self._file, name, dtypes=dtypes, rank=3)
                rows, columns = images[name].shape[1:]
                if not 0 < rows * columns <= MAX_IMAGE_PIXELS:
                    msg = f'{name!r} has images of {rows} x {columns} pixels: expected 1 to {MAX_IMAGE_PIXELS} pixels'
                    raise ValueError(msg)
        return images

    def _read_index(self, name: str) -> NDArray[np.int64]:
        if not has_member(self._file, name):
            return np.zeros(0, dtype=np.int64)
        stored = open_dataset(self._file, name, dtypes='iu', rank=1, max_bytes=MAX_INDEX_BYTES)
        return np.asarray(stored[:], dtype=np.int64)

    def _check_index(self) -> None:
        lengths = {name: len(data) for name, data in self._images.items()}
        lengths |= {'sample_index': len(self.image_samples), 'stamp_ns': len(self.image_stamps_ns)}
        if len(set(lengths.values())) > 1:
            msg = f'the images have different numbers: {lengths}'
            raise ValueError(msg)
        if np.any(np.diff(self.image_samples) <= 0):
            msg = "'sample_index' is not in increasing order"
            raise ValueError(msg)

    def _stamps_ns(self) -> NDArray[np.int64]:
        if has_member(self._file, 'stamp_ns'):
            return self._read_index('stamp_ns')
        times_s = self.image_samples / self.sample_rate_hz
        return np.rint(times_s * NS_PER_S).astype(np.int64)

    @contextmanager
    def _reraise_file_errors(self) -> Iterator[None]:
        try:
            yield
        except AudioManifoldError as error:
            msg = f'{self.path}: {error}'
            raise DatasetError(msg) from None
        except READ_ERRORS as error:
            msg = f'{self.path}: cannot be read as a drive ({error}): it may be corrupted. Check it with verify=True.'
            raise DatasetError(msg) from None
