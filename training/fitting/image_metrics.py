# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Validation metrics and example images of a fit. Reports use `audio_manifold_ros.evaluation` instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch

from audio_manifold_ros.drawing.colormaps import MODALITY_COLOURS
from audio_manifold_ros.modalities.registry import DEPTH, MODALITIES, NORMALS, SEGMENTATION
from audio_manifold_ros.networks.image_heads import IMAGE_HEADS
from training.data.ground_truth_arrays import ARRAY_OF_MODALITY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from audio_manifold_ros.common.array_types import RgbImage
    from audio_manifold_ros.networks.depth_representation import DepthRepresentation
    from training.data.data_module import Batch

MAX_LOGGED_IMAGES = 8
CLASSES = 19
CAR = 13
GAP_PIXELS = 2


class DepthScore:
    """Running mean of |error| / ground truth over valid pixels."""

    def __init__(self) -> None:
        """Start with no pixels."""
        self.reset()

    def reset(self) -> None:
        """Remove all pixels."""
        self._sum = self._count = 0.0

    def update(self, depth_m: torch.Tensor, target_m: torch.Tensor) -> None:
        """Add images (batch, row, column) in metres. The ground truth is NaN where invalid."""
        relative = ((depth_m - target_m).abs() / target_m)[torch.isfinite(target_m)]
        self._sum += float(relative.double().sum())
        self._count += relative.numel()

    def result(self) -> dict[str, float]:
        """Return the score by name."""
        return {'abs_rel': self._sum / max(self._count, 1.0)}


class SegmentationScore:
    """Running confusion matrix over labelled pixels."""

    def __init__(self, classes: int) -> None:
        """Start with no pixels."""
        self._classes = classes
        self.reset()

    def reset(self) -> None:
        """Remove all pixels."""
        self._confusion = torch.zeros(self._classes, self._classes, dtype=torch.float64)

    def update(self, labels: torch.Tensor, target: torch.Tensor) -> None:
        """Add images (batch, row, column) of class ids. The ground truth is 255 where unlabelled."""
        is_labelled = target < self._classes
        pairs = target[is_labelled].long() * self._classes + labels[is_labelled].long()
        counts = torch.bincount(pairs, minlength=self._classes**2).cpu()
        self._confusion += counts.reshape(self._classes, self._classes)

    def result(self) -> dict[str, float]:
        """Return the scores by name. The mean is over the classes that occur."""
        hits = self._confusion.diagonal()
        union = self._confusion.sum(0) + self._confusion.sum(1) - hits
        iou = hits / union.clamp(min=1)
        occurs = self._confusion.sum(1) > 0
        return {'miou': float(iou[occurs].mean()) if occurs.any() else 0.0, 'iou_car': float(iou[CAR])}


class NormalScore:
    """Running mean of the angle to the ground truth over valid pixels."""

    def __init__(self) -> None:
        """Start with no pixels."""
        self.reset()

    def reset(self) -> None:
        """Remove all pixels."""
        self._sum = self._count = 0.0

    def update(self, normals: torch.Tensor, target: torch.Tensor) -> None:
        """Add unit vectors (batch, row, column, 3). The ground truth is NaN where invalid."""
        cosine = (normals * target).sum(dim=-1)
        angle_deg = torch.rad2deg(torch.acos(cosine.clamp(-1, 1)))[torch.isfinite(cosine)]
        self._sum += float(angle_deg.double().sum())
        self._count += angle_deg.numel()

    def result(self) -> dict[str, float]:
        """Return the score by name."""
        return {'mean_angle_deg': self._sum / max(self._count, 1.0)}


class Score(Protocol):
    """Running score of the images of one modality."""

    def reset(self) -> None:
        """Remove all pixels."""

    def update(self, predicted: torch.Tensor, target: torch.Tensor, /) -> None:
        """Add predicted images and their ground truth."""

    def result(self) -> dict[str, float]:
        """Return the scores by name."""


# By modality, a score without pixels.
SCORES: Mapping[str, Callable[[], Score]] = {
    DEPTH: DepthScore,
    SEGMENTATION: lambda: SegmentationScore(CLASSES),
    NORMALS: NormalScore,
}


class ImageMetrics:
    """Scores of the raw images of some modalities, and example images for TensorBoard."""

    def __init__(self, modalities: tuple[str, ...], depth: DepthRepresentation) -> None:
        """Start with no images.

        Args:
            modalities: Modalities of the images.
            depth: Representation of depth in the images.

        """
        self._depth = depth
        self._scores = {name: SCORES[name]() for name in modalities}

    def reset(self) -> None:
        """Remove all images."""
        for score in self._scores.values():
            score.reset()

    def add(self, images: dict[str, torch.Tensor], batch: Batch) -> None:
        """Add raw images (batch, channel, row, column): unit depth, or logits."""
        for modality, (predicted, target) in self._pairs(images, batch).items():
            self._scores[modality].update(predicted, target)

    def result(self) -> dict[str, float]:
        """Return the scores by name."""
        return {f'val/{name}': value for score in self._scores.values() for name, value in score.result().items()}

    def log_images(self, images: dict[str, torch.Tensor], batch: Batch, board: Any, step: int) -> None:
        """Log the first images of a batch below their ground truth. `board` is a TensorBoard writer or None."""
        if board is None:
            return
        for modality, (predicted, target) in self._pairs(images, batch).items():
            rows = [colour_images(modality, shown[:MAX_LOGGED_IMAGES]) for shown in (target, predicted)]
            board.add_image(f'{modality}, ground truth over prediction', make_image_grid(rows), step, dataformats='HWC')

    def _pairs(self, images: dict[str, torch.Tensor], batch: Batch) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
        return {modality: self._pair(modality, image.float(), batch) for modality, image in images.items()}

    def _pair(self, modality: str, image: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        displayed = IMAGE_HEADS[modality].decode(image, self._depth)
        return displayed, batch[ARRAY_OF_MODALITY[modality]]  # type: ignore[literal-required]


def colour_images(modality: str, images: torch.Tensor) -> RgbImage:
    """Return images (picture, row, column) of metres or class ids as colours: uint8 (picture, row, column, 3)."""
    pixels: NDArray[Any] = images.detach().cpu().numpy()
    return MODALITY_COLOURS[modality](pixels.astype(MODALITIES[modality].dtype))


def make_image_grid(rows: Sequence[RgbImage]) -> RgbImage:
    """Join rows of pictures (picture, row, column, 3) of one size into one picture (row, column, 3)."""
    return np.concatenate([_join(row) for row in rows])


def _join(pictures: RgbImage) -> RgbImage:
    padded = np.pad(pictures, ((0, 0), (0, GAP_PIXELS), (0, GAP_PIXELS), (0, 0)), constant_values=255)
    return np.concatenate(list(padded), axis=1)
