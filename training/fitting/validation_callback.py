# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is looked at in validation, whatever draws the images: scores in the units of the users, and pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training.fitting.image_grid import draw, make_image_grid
from training.fitting.validation_metrics import DepthScore, SegmentationScore

if TYPE_CHECKING:
    import torch

    from audio_manifold_ros.networks.depth_representation import DepthRepresentation
    from training.data.data_module import Batch

MAX_LOGGED_IMAGES = 8
TARGET_ARRAYS = {'depth': 'depth_m', 'segmentation': 'labels'}
CLASSES = 19


class ImageMetrics:
    """Scores raw images of some modalities against the truth, and draws both."""

    def __init__(self, modalities: tuple[str, ...], depth: DepthRepresentation) -> None:
        """Start from nothing.

        Args:
            modalities: What is drawn.
            depth: What the depth images' numbers mean.

        """
        self._depth = depth
        self._scores: dict[str, DepthScore | SegmentationScore] = {
            name: DepthScore() if name == 'depth' else SegmentationScore(CLASSES) for name in modalities
        }

    def reset(self) -> None:
        """Forget all images."""
        for score in self._scores.values():
            score.reset()

    def add(self, images: dict[str, torch.Tensor], batch: Batch) -> None:
        """Count raw images (batch, channel, row, column): unit depth, or logits."""
        for modality, (predicted, target) in self._pairs(images, batch).items():
            self._scores[modality].update(predicted, target)

    def result(self) -> dict[str, float]:
        """Return the scores by name."""
        return {f'val/{name}': value for score in self._scores.values() for name, value in score.result().items()}

    def draw(self, images: dict[str, torch.Tensor], batch: Batch, board: Any, step: int) -> None:
        """Show the first images of a batch under their truth; `board` is a TensorBoard writer, or None."""
        if board is None:
            return
        for modality, (predicted, target) in self._pairs(images, batch).items():
            rows = [draw(modality, shown[:MAX_LOGGED_IMAGES]) for shown in (target, predicted)]
            board.add_image(f'{modality}, truth over prediction', make_image_grid(rows), step, dataformats='HWC')

    def _pairs(self, images: dict[str, torch.Tensor], batch: Batch) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
        return {modality: self._pair(modality, image.float(), batch) for modality, image in images.items()}

    def _pair(self, modality: str, image: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        displayed = self._depth.unit_to_depth(image[:, 0]) if modality == 'depth' else image.argmax(dim=1)
        return displayed, batch[TARGET_ARRAYS[modality]]  # type: ignore[literal-required]
