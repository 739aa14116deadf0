# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Image datasets of a drive being written: one HDF5 dataset per kind of image, all of the same length."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.depth_range import valid_depth
from audio_manifold_ros.common.errors import DatasetError
from audio_manifold_ros.datasets.drive_attributes import METRES, DriveAttributes
from audio_manifold_ros.modalities.registry import DEPTH, MODALITIES, SEGMENTATION, STORED_MODALITIES

MAX_BUFFERED_BYTES = 1 << 22
DEPTH_TYPES = tuple(map(np.dtype, MODALITIES[DEPTH].stored_dtypes))
# Gzip compresses labels by 20 and smooth depth by 2 to 3 in a fraction of a millisecond. It does not compress audio.
COMPRESSION: Mapping[str, Any] = {'compression': 'gzip', 'compression_opts': 1, 'shuffle': True}
TRAINING_IMAGES = tuple(modality.image for modality in STORED_MODALITIES.values())
# Prefix of the images at the original size of their teacher.
NATIVE_PREFIX = 'native_'
NATIVE_IMAGES = {f'{NATIVE_PREFIX}{name}': name for name in TRAINING_IMAGES}


class DriveImages:
    """Writer of the images of an open drive. The first images set the kinds, types and sizes."""

    def __init__(self, file: h5py.File, path: Path) -> None:
        """Start without images.

        Args:
            file: The open HDF5 file.
            path: Path of the drive for error messages.

        """
        self._file, self._path = file, path
        self._stored: dict[str, h5py.Dataset] = {}
        self._layout: dict[str, tuple[np.dtype[Any], tuple[int, ...]]] = {}
        self._buffered: list[dict[str, NDArray[Any]]] = []
        self._buffered_bytes = 0
        self._last_sample: int | None = None

    def add(self, sample_index: int, stamp_ns: int | None, optional_images: Mapping[str, NDArray[Any] | None]) -> None:
        """Append the images of one instant.

        Args:
            sample_index: Stream index of the audio sample at that instant.
            stamp_ns: The instant on the clock of the recording; None in a drive without stamps.
            optional_images: `depth_m`, `labels`, `native_depth_m`, `native_labels`; None for an absent image.

        Raises:
            DatasetError: An image has the wrong type or size, the set of images changes, or the order is wrong.

        """
        images = {name: image for name, image in optional_images.items() if image is not None}
        self._check_order(sample_index, images)
        for name, image in images.items():
            CHECKS[NATIVE_IMAGES.get(name, name)](self._path, sample_index, image)
        images['sample_index'] = np.array(sample_index, dtype=np.int64)
        if stamp_ns is not None:
            images['stamp_ns'] = np.array(stamp_ns, dtype=np.int64)
        self._check_layout(images)
        self._buffer(images)
        self._last_sample = sample_index

    def flush(self) -> None:
        """Write the buffered images."""
        if not self._buffered:
            return
        for name, data in self._stored.items():
            first = data.shape[0]
            data.resize(first + len(self._buffered), axis=0)
            data[first:] = np.stack([images[name] for images in self._buffered])
        self._buffered.clear()
        self._buffered_bytes = 0

    def _check_order(self, sample_index: int, images: Mapping[str, NDArray[Any]]) -> None:
        if not images.keys() & set(TRAINING_IMAGES):
            msg = f'{self._path}: the image at sample {sample_index} has neither depth nor labels: give at least one.'
            raise DatasetError(msg)
        unpaired = sorted(name for name in images.keys() & set(NATIVE_IMAGES) if NATIVE_IMAGES[name] not in images)
        if unpaired:
            msg = (
                f'{self._path}: {unpaired} at sample {sample_index} without the same image in training size: give both.'
            )
            raise DatasetError(msg)
        if self._last_sample is not None and sample_index <= self._last_sample:
            msg = (
                f'{self._path}: image at sample {sample_index} after one at {self._last_sample}: give images in order.'
            )
            raise DatasetError(msg)

    def _check_layout(self, images: Mapping[str, NDArray[Any]]) -> None:
        shapes = {image.shape for name, image in images.items() if name in TRAINING_IMAGES}
        flat = all(image.ndim == 2 for image in images.values() if image.ndim)
        layout = {name: (image.dtype, image.shape) for name, image in images.items()}
        expected = self._layout
        if len(shapes) != 1 or not flat or (expected and expected != layout):
            msg = (
                f'{self._path}: images {layout} after {expected}: give the same kinds, types and (row, column) each '
                'time, with depth and labels of one size.'
            )
            raise DatasetError(msg)
        self._layout = layout

    def _buffer(self, images: dict[str, NDArray[Any]]) -> None:
        """Buffer the images and write them in batches, because one HDF5 call costs more than a small image."""
        if not self._stored:
            for name, image in images.items():
                compression = COMPRESSION if image.ndim else {}
                chunks = (1, *image.shape) if image.ndim else (512,)
                self._stored[name] = self._file.create_dataset(
                    name, (0, *image.shape), image.dtype, maxshape=(None, *image.shape), chunks=chunks, **compression
                )
        self._buffered.append({name: image.copy() for name, image in images.items()})
        self._buffered_bytes += sum(image.nbytes for image in images.values())
        if self._buffered_bytes >= MAX_BUFFERED_BYTES:
            self.flush()


def _check_depth(path: Path, sample_index: int, image: NDArray[Any]) -> None:
    if image.dtype not in DEPTH_TYPES or np.any(np.isinf(image)):
        msg = f'{path}: depth at sample {sample_index} is {image.dtype}: give finite float16 or float32, NaN invalid.'
        raise DatasetError(msg)


def _check_labels(path: Path, sample_index: int, image: NDArray[Any]) -> None:
    if image.dtype != np.uint8:
        msg = f'{path}: labels at sample {sample_index} are {image.dtype}: give uint8.'
        raise DatasetError(msg)


# By stored modality, the check of an image before it is stored.
IMAGE_CHECKS: Mapping[str, Callable[[Path, int, NDArray[Any]], None]] = {
    DEPTH: _check_depth,
    SEGMENTATION: _check_labels,
}
CHECKS = {MODALITIES[name].image: check for name, check in IMAGE_CHECKS.items()}


def _read_depth(stored: NDArray[Any], attributes: DriveAttributes) -> NDArray[np.float32]:
    return valid_depth(stored, is_metric=attributes.depth_unit == METRES)


def _read_labels(stored: NDArray[Any], attributes: DriveAttributes) -> NDArray[np.uint8]:
    del attributes
    return np.asarray(stored, dtype=np.uint8)


# By stored modality, the image in memory from its stored form.
IMAGE_READERS: Mapping[str, Callable[[NDArray[Any], DriveAttributes], NDArray[Any]]] = {
    DEPTH: _read_depth,
    SEGMENTATION: _read_labels,
}
