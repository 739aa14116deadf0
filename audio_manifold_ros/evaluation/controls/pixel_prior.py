# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pixel prior: the prediction without audio, a summary of the training images at each pixel."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from audio_manifold_ros.common.errors import EvaluationError
from audio_manifold_ros.common.files import write_bytes_atomic
from audio_manifold_ros.common.npy_file import read_npz
from audio_manifold_ros.evaluation.controls.pixel_statistics import PIXEL_STATISTICS
from audio_manifold_ros.evaluation.metrics.depth_metrics import NEAR_M
from audio_manifold_ros.modalities.modality_images import ModalityImages, image_fields
from audio_manifold_ros.modalities.registry import DEPTH, MODALITIES, SEGMENTATION

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.camera_prior.camera_view import CameraView
    from audio_manifold_ros.camera_prior.prior_table import PriorTable
    from audio_manifold_ros.evaluation.controls.pixel_statistics import PixelStatistics
    from audio_manifold_ros.inference.bundle.bundle import Bundle

# Part of a bundle, so that every evaluation can compare with the prior.
PRIOR_FILE = 'prior.npz'
# An image of 4,096 x 4,096 pixels in single precision.
MAX_ARRAY_BYTES = 1 << 26
FORMAT_VERSION = 1
# Modalities of every prior, also of one whose training images lack them.
ALWAYS = (DEPTH, SEGMENTATION)


@dataclass(frozen=True, kw_only=True)
class PixelPrior(ModalityImages):
    """Images that are predicted for every window, each a summary of the training images of its modality.

    `depth_m` is the median depth of each pixel over the training images where it is valid, 80 m where it never is.
    `labels` is the most frequent class of each pixel, 255 without a label.

    Attributes:
        images: Number of training images.

    """

    images: int

    @classmethod
    def of_camera(cls, table: PriorTable, view: CameraView, rows: int, columns: int, images: int = 0) -> PixelPrior:
        """Return the prior of a camera from what is seen along each ray.

        Args:
            table: Depth, class frequencies and normals of rays.
            view: The camera.
            rows: Rows of the images.
            columns: Columns of the images.
            images: Number of training images.

        """
        found: dict[str, NDArray[Any]] = {**table.images(view, rows, columns)}
        if SEGMENTATION in found:
            found[SEGMENTATION] = found[SEGMENTATION].argmax(axis=-1).astype(np.uint8)
        invalid = {name: MODALITIES[name].invalid_image(rows, columns) for name in ALWAYS}
        return cls(**image_fields({**invalid, **found}), images=images)

    @classmethod
    def of_bundle(cls, bundle: Bundle) -> PixelPrior | None:
        """Return the prior of a bundle for its camera (see `Bundle.with_view`), None if it has none.

        Raises:
            EvaluationError: The file is damaged or not a prior.

        """
        path = bundle.folder / PRIOR_FILE
        if bundle.prior_table is None or bundle.view is None:
            return cls.load(path) if path.is_file() else None
        camera = bundle.manifest.camera
        return cls.of_camera(bundle.prior_table, bundle.view, camera.height, camera.width)

    def save(self, path: Path | str) -> None:
        """Write an `.npz` file. The write is atomic."""
        write_bytes_atomic(Path(path), self.to_bytes())

    def to_bytes(self) -> bytes:
        """Return the content of an `.npz` file. Equal priors give equal bytes."""
        named = image_fields(self.by_modality())
        stored = {'version': np.array(FORMAT_VERSION), **named, 'images': np.array(self.images)}
        content = io.BytesIO()
        with zipfile.ZipFile(content, 'w', zipfile.ZIP_DEFLATED) as archive:
            for name, value in stored.items():
                buffer = io.BytesIO()
                np.save(buffer, np.asarray(value), allow_pickle=False)
                archive.writestr(zipfile.ZipInfo(f'{name}.npy'), buffer.getvalue(), zipfile.ZIP_DEFLATED)
        return content.getvalue()

    @classmethod
    def load(cls, path: Path | str) -> PixelPrior:
        """Load a file that `save` wrote.

        Raises:
            EvaluationError: The file is missing, damaged or not a prior.

        """
        optional = {modality.image for name, modality in MODALITIES.items() if name not in ALWAYS}
        required = ('version', *(MODALITIES[name].image for name in ALWAYS), 'images')
        try:
            stored = read_npz(Path(path), required, MAX_ARRAY_BYTES, optional)
            version, images = int(stored.pop('version')), int(stored.pop('images'))
        except (OSError, ValueError, TypeError, OverflowError) as error:
            msg = f'Cannot read the prior {str(path)!r}: {error}. Build it again from the training drives.'
            raise EvaluationError(msg) from None
        prior = cls(**stored, images=images)
        found = prior.by_modality()
        sizes = {image.shape[:2] for image in found.values()}
        fits = all(
            image.dtype == MODALITIES[name].dtype and image.shape[2:] == MODALITIES[name].components and image.ndim >= 2
            for name, image in found.items()
        )
        if version != FORMAT_VERSION or len(sizes) != 1 or not fits:
            shapes = ', '.join(f'{name} {image.dtype} {image.shape}' for name, image in found.items())
            msg = f'{path}: prior of version {version}, {shapes}: build it again from the training drives.'
            raise EvaluationError(msg)
        return prior


class PixelPriorBuilder:
    """Statistics of the images of each modality per pixel. Memory use does not grow with the number of images."""

    def __init__(self, rows: int, columns: int, near_m: float = NEAR_M) -> None:
        """Start without images of this size. Depth is clipped to at least `near_m`."""
        self._shape = (rows, columns)
        self._near_m = near_m
        self._statistics = {name: self._make(name) for name in ALWAYS}
        self._images = 0

    def add(self, ground_truth: ModalityImages) -> None:
        """Add the images of one training window.

        Raises:
            EvaluationError: An image has another size.

        """
        images = ground_truth.by_modality()
        for image in images.values():
            if image.shape[:2] != self._shape:
                msg = f'A training image has the shape {image.shape}: give {self._shape}.'
                raise EvaluationError(msg)
        for name, image in images.items():
            if name not in self._statistics:
                self._statistics[name] = self._make(name)
            self._statistics[name].add(image)
        self._images += 1

    def build(self) -> PixelPrior:
        """Return the prior of the images added so far.

        Raises:
            EvaluationError: No image was added.

        """
        return self._prior({name: statistics.build() for name, statistics in self._statistics.items()})

    def build_constants(self) -> PixelPrior:
        """Return the constant images with the best main metrics on the images added so far.

        `depth_m` has the smallest mean relative error, `labels` the largest mean IoU.

        Raises:
            EvaluationError: No image was added.

        """
        return self._prior({name: statistics.build_best() for name, statistics in self._statistics.items()})

    def _prior(self, images: dict[str, NDArray[Any]]) -> PixelPrior:
        if not self._images:
            msg = 'A prior needs training images: add at least one.'
            raise EvaluationError(msg)
        return PixelPrior(**image_fields(images), images=self._images)

    def _make(self, modality: str) -> PixelStatistics:
        return PIXEL_STATISTICS[modality](self._shape, self._near_m)
