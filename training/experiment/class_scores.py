# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scores of predicted classes as torch computes them, for calibrations that try many candidates."""

from __future__ import annotations

from typing import NamedTuple

import torch

# The mean IoU of two calibrations may differ by this fraction, which is within its noise on validation windows.
TOLERATED_LOSS = 0.01


class ClassScores(NamedTuple):
    """Scores of predicted classes.

    Attributes:
        mean_iou: Mean intersection over union of the classes in the ground truth.
        accuracy: Fraction of correct pixels.

    """

    mean_iou: float
    accuracy: float


def class_scores(predicted: torch.Tensor, labels: torch.Tensor, classes: int) -> ClassScores:
    """Return the scores of predicted classes (pixel,) against labels int64 (pixel,), without unlabelled pixels."""
    confusion = torch.bincount(labels * classes + predicted, minlength=classes**2).reshape(classes, classes).double()
    correct, targets = confusion.diagonal(), confusion.sum(dim=1)
    iou = correct / (targets + confusion.sum(dim=0) - correct)
    return ClassScores(float(iou[targets > 0].mean()), float(correct.sum() / targets.sum()))
