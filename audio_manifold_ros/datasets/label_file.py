# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Label files: labels of one modality for the images of a recording, in one HDF5 file next to the recording.

Layout: datasets `time_ns` and `stamp_ns` int64 (image,), `images` (image, row, column): float16 metres, NaN invalid,
or uint8 class ids, 255 unlabelled; attributes `format`, `version`, `modality`, `key`, `frames`, `provenance` (JSON).
Every chunk carries a checksum.

The label files of the recording `NAME` are in the folder `NAME.labels` next to it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, final

import h5py
import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import DatasetError
from audio_manifold_ros.common.files import atomic_write
from audio_manifold_ros.common.json_text import parse_json
from audio_manifold_ros.common.untrusted_text import shorten
from audio_manifold_ros.datasets.drive_attributes import METRES, RELATIVE
from audio_manifold_ros.datasets.drive_images import COMPRESSION
from audio_manifold_ros.datasets.hdf5_input import READ_ERRORS, open_dataset, open_hdf5, read_attributes
from audio_manifold_ros.modalities.registry import MODALITIES, STORED_MODALITIES

FORMAT = 'audio_manifold_ros labels'
FORMAT_VERSION = 1
FOLDER_SUFFIX = '.labels'
# 8 million images.
MAX_INDEX_BYTES = 1 << 26
MAX_IMAGE_PIXELS = 1 << 24
# The `kind` of a teacher that ran elsewhere and provided files of disparity.
FILES_KIND = 'files'
# Scaled disparity of Monodepth2 is 0.01 to 10 (Godard et al. 2019). Its stereo baseline of 0.1 units represents 0.54 m
# in KITTI, so depth is 5.4 m divided by the scaled disparity.
STEREO_SCALE_M = 5.4


@dataclass(frozen=True)
class LabelSegment:
    """Labels of consecutive images.

    Attributes:
        time_ns: int64 (image,), time of recording on the clock of the recording, increasing.
        stamp_ns: int64 (image,), time of exposure from the header of each image.
        images: float16 or uint8 (image, row, column).
        frames: Number of examined images, including those without a label, which are absent above.

    """

    time_ns: NDArray[np.int64]
    stamp_ns: NDArray[np.int64]
    images: NDArray[Any]
    frames: int


@dataclass(frozen=True)
class LabelDescription:
    """Metadata of a label file.

    Attributes:
        modality: A modality of `modalities.registry`.
        key: Hash of everything that the labels depend on.
        provenance: Teacher, source and options, as plain values for JSON.

    """

    modality: str
    key: str
    provenance: Mapping[str, Any]


@dataclass(frozen=True)
class LabelDepthUnit:
    """Conversion of the depth in a label file to the depth of a drive.

    Attributes:
        unit: `m`, or `relative` (proportional to metres by an unknown factor).
        divisor: Divisor of the images.

    """

    unit: str
    divisor: float = 1.0


def label_depth_unit(description: LabelDescription) -> LabelDepthUnit:
    """Return the unit of the depth in a label file, as given by the provenance of the teacher."""
    teacher = description.provenance.get('teacher', {})
    if teacher.get('kind') == FILES_KIND:
        # The metres that the labels assign to disparity are a convention, not a measurement.
        return LabelDepthUnit(RELATIVE, STEREO_SCALE_M)
    return LabelDepthUnit(str(teacher.get('depth_unit', METRES)))


def label_folder(recording: Path) -> Path:
    """Return the folder for the label files of a recording: `NAME.labels` next to it."""
    recording = recording.absolute()
    return recording.with_name(f'{recording.name}{FOLDER_SUFFIX}')


def exclude_label_folders(recordings: Sequence[Path]) -> list[Path]:
    """Return the recordings without the label folders, which a pattern such as `drives/*` matches as well.

    If all of them are label folders, they are returned, so that the caller reports them as invalid recordings.
    """
    others = [path for path in recordings if not (path.name.endswith(FOLDER_SUFFIX) and path.is_dir())]
    return others or list(recordings)


def write_label_file(path: Path, description: LabelDescription, segments: Iterator[LabelSegment]) -> None:
    """Write segments of labels as one file. The write is atomic.

    Args:
        path: The file. An existing file is replaced.
        description: Metadata of the file.
        segments: At least one, in order of time, all of one image size. They are consumed one at a time.

    Raises:
        DatasetError: The file cannot be written, or the labels have a wrong type, size or order.

    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path, sync=True) as partial, h5py.File(partial, 'w') as file:
            file.attrs.update(
                format=FORMAT,
                version=FORMAT_VERSION,
                modality=description.modality,
                key=description.key,
                provenance=json.dumps(dict(description.provenance), sort_keys=True),
            )
            file.attrs['frames'] = _fill(path, file, MODALITIES[description.modality].stored_dtypes[0], segments)
    except (OSError, RuntimeError) as error:
        msg = f'Cannot write the labels {str(path)!r}: {error}. Check free space and permissions of the folder.'
        raise DatasetError(msg) from None


def _fill(path: Path, file: h5py.File, dtype: type[np.generic], segments: Iterator[LabelSegment]) -> int:
    frames, last_ns = 0, np.iinfo(np.int64).min
    for segment in segments:
        _check(path, file, segment, np.dtype(dtype), last_ns)
        frames += segment.frames
        for name, values in (('time_ns', segment.time_ns), ('stamp_ns', segment.stamp_ns), ('images', segment.images)):
            _append(file, name, values)
        last_ns = int(segment.time_ns[-1]) if len(segment.time_ns) else last_ns
    return frames


def _check(path: Path, file: h5py.File, segment: LabelSegment, dtype: np.dtype[Any], last_ns: int) -> None:
    size = file['images'].shape[1:] if 'images' in file else segment.images.shape[1:]
    if segment.images.dtype != dtype or segment.images.ndim != 3 or segment.images.shape[1:] != size:
        given = f'{segment.images.dtype} {segment.images.shape}'
        msg = f'{path}: labels are {given}: give {dtype} (image, {size[0]}, {size[1]}).'
        raise DatasetError(msg)
    if not len(segment.time_ns) == len(segment.stamp_ns) == len(segment.images):
        msg = f'{path}: {len(segment.images)} labels for {len(segment.time_ns)} times: give one time for each.'
        raise DatasetError(msg)
    if np.any(
        np.diff(segment.time_ns, prepend=max(last_ns, int(segment.time_ns[0]) - 1) if len(segment.time_ns) else 0) <= 0
    ):
        msg = f'{path}: the images are not in order of time after {last_ns} ns: give each image once, in order.'
        raise DatasetError(msg)


def _append(file: h5py.File, name: str, values: NDArray[Any]) -> None:
    if name not in file:
        options = dict(COMPRESSION) if name == 'images' else {}
        chunks = (1, *values.shape[1:]) if name == 'images' else (1024,)
        file.create_dataset(
            name,
            (0, *values.shape[1:]),
            values.dtype,
            maxshape=(None, *values.shape[1:]),
            chunks=chunks,
            fletcher32=True,
            **options,
        )
    stored = file[name]
    first = len(stored)
    stored.resize(first + len(values), axis=0)
    stored[first:] = values


@final
class LabelFile:
    """Open label file. Use it as a context manager, or call `close`.

    Attributes:
        path: The file.
        description: Metadata of the file.
        frames: Number of examined images, with and without a label.
        size: Rows and columns of the labels.
        time_ns: int64 (image,), time of recording of each labelled image.
        stamp_ns: int64 (image,), time of exposure from the header of each image.

    """

    def __init__(self, path: Path | str) -> None:
        """Open a label file.

        Raises:
            DatasetError: The file is missing, damaged, or has another format or version.

        """
        self.path = Path(path)
        with self._reraise_file_errors():
            self._file = open_hdf5(self.path)
        try:
            with self._reraise_file_errors():
                self._read_description()
        except DatasetError:
            self.close()
            raise

    def __len__(self) -> int:
        """Return the number of labelled images."""
        return len(self.time_ns)

    def image(self, number: int) -> NDArray[Any]:
        """Return the labels of an image (row, column): float16 metres, NaN invalid, or uint8 ids, 255 unlabelled."""
        with self._reraise_file_errors():
            return np.asarray(self._images[number])

    def run(self) -> LabelSegment:
        """Return the whole file."""
        with self._reraise_file_errors():
            return LabelSegment(self.time_ns, self.stamp_ns, np.asarray(self._images[:]), self.frames)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> LabelFile:
        """Return the file."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()

    def _read_description(self) -> None:
        attrs = read_attributes(self._file)
        file_format = (str(attrs['format']), int(attrs['version']))
        if file_format != (FORMAT, FORMAT_VERSION):
            msg = f'{self.path}: format {file_format!r}: this version reads {(FORMAT, FORMAT_VERSION)!r}. Label again.'
            raise DatasetError(msg)
        modality = str(attrs['modality'])
        if modality not in STORED_MODALITIES:
            msg = (
                f'{self.path}: the modality is {shorten(modality)}, not one of {list(STORED_MODALITIES)}. Label again.'
            )
            raise DatasetError(msg)
        provenance = parse_json(str(attrs['provenance']), f'{self.path}: provenance', DatasetError, 'Label again.')
        if not isinstance(provenance, dict) or not isinstance(provenance.get('teacher', {}), dict):
            msg = 'the provenance or its teacher is not a mapping'
            raise ValueError(msg)  # noqa: TRY004 (the file is wrong, not the type of an argument)
        self.description = LabelDescription(modality, str(attrs['key']), provenance)
        self.frames = int(attrs['frames'])
        self._images = open_dataset(
            self._file, 'images', dtypes=(np.dtype(MODALITIES[modality].stored_dtypes[0]),), rank=3
        )
        rows, columns = self._images.shape[1:]
        if not 0 < rows * columns <= MAX_IMAGE_PIXELS:
            msg = f'the labels have {rows} x {columns} pixels: expected 1 to {MAX_IMAGE_PIXELS} pixels'
            raise ValueError(msg)
        self.size = (int(rows), int(columns))
        self.time_ns = self._read_times('time_ns')
        self.stamp_ns = self._read_times('stamp_ns')

    def _read_times(self, name: str) -> NDArray[np.int64]:
        stored = open_dataset(self._file, name, dtypes='iu', rank=1, max_bytes=MAX_INDEX_BYTES)
        if len(stored) != len(self._images):
            msg = f'{name!r} has {len(stored)} times for {len(self._images)} labels'
            raise ValueError(msg)
        return np.asarray(stored[:], dtype=np.int64)

    @contextmanager
    def _reraise_file_errors(self) -> Iterator[None]:
        try:
            yield
        except READ_ERRORS as error:
            msg = f'{self.path}: cannot be read as labels ({error}): remove it and label again.'
            raise DatasetError(msg) from None
