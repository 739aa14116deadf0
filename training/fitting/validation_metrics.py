# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A few numbers to watch during a fit; reports use `audio_manifold_ros.evaluation`."""

from __future__ import annotations

import torch

VEHICLES = (13, 14, 15, 17)
CAR = 13


class DepthScore:
    """Running mean of |error| / truth over valid pixels."""

    def __init__(self) -> None:
        """Start from nothing."""
        self.reset()

    def reset(self) -> None:
        """Forget all pixels."""
        self._sum = self._count = 0.0

    def update(self, depth_m: torch.Tensor, target_m: torch.Tensor) -> None:
        """Add images (batch, row, column) in metres, the truth NaN where invalid."""
        relative = ((depth_m - target_m).abs() / target_m)[torch.isfinite(target_m)]
        self._sum += float(relative.double().sum())
        self._count += relative.numel()

    def result(self) -> dict[str, float]:
        """Return the score by name."""
        return {'abs_rel': self._sum / max(self._count, 1.0)}


class SegmentationScore:
    """Running confusion matrix over labelled pixels."""

    def __init__(self, classes: int) -> None:
        """Start from nothing."""
        self._classes = classes
        self.reset()

    def reset(self) -> None:
        """Forget all pixels."""
        self._confusion = torch.zeros(self._classes, self._classes, dtype=torch.float64)

    def update(self, labels: torch.Tensor, target: torch.Tensor) -> None:
        """Add images (batch, row, column) of class ids, the truth 255 where unlabelled."""
        is_labelled = target < self._classes
        pairs = target[is_labelled].long() * self._classes + labels[is_labelled].long()
        counts = torch.bincount(pairs, minlength=self._classes**2).cpu()
        self._confusion += counts.reshape(self._classes, self._classes)

    def result(self) -> dict[str, float]:
        """Return the scores by name; the mean is over the classes that occur."""
        hits = self._confusion.diagonal()
        union = self._confusion.sum(0) + self._confusion.sum(1) - hits
        iou = hits / union.clamp(min=1)
        occurs = self._confusion.sum(1) > 0
        return {'miou': float(iou[occurs].mean()) if occurs.any() else 0.0, 'iou_car': float(iou[CAR])}
