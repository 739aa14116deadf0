# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bias on the logit of sky, which decides where depth is published.

A pixel that is predicted as sky is published without a depth. If sky is the most probable class with a probability of a
third, an object is there in two of three cases and is lost. A negative bias makes such pixels the next most probable
class. It is chosen on the validation windows and has no cost at run time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from audio_manifold_ros.common.class_ids import SKY
from training.experiment.class_scores import TOLERATED_LOSS, class_scores

if TYPE_CHECKING:
    import torch

CANDIDATE_BIASES = tuple(-step / 10 for step in range(21))


@dataclass(frozen=True)
class DepthErrors:
    """Relative errors of depth (pixel,). NaN where the ground truth has no depth.

    Attributes:
        predicted: Of the predicted depth.
        missing: Of a pixel that is published without a depth, which counts as 80 m.

    """

    predicted: torch.Tensor
    missing: torch.Tensor

    def published(self, is_sky: torch.Tensor) -> float:
        """Return the mean relative error of published depth, for a mask (pixel,) of the pixels predicted as sky."""
        return float(self.missing.where(is_sky, self.predicted).nanmean())


def choose_sky_bias(logits: torch.Tensor, labels: torch.Tensor, errors: DepthErrors) -> float:
    """Return the bias with the smallest error of published depth with which classes lose at most `TOLERATED_LOSS`.

    Args:
        logits: (class, pixel).
        labels: int64 (pixel,), without unlabelled pixels.
        errors: Errors of depth at the pixels.

    Returns:
        One of `CANDIDATE_BIASES`. The one nearest to 0 if several are equal, and 0 without pixels or without a sky.

    """
    if not labels.numel() or len(logits) <= SKY:
        return 0.0
    adjusted, sky = logits.float().clone(), logits[SKY].float()
    least = [(1 - TOLERATED_LOSS) * score for score in class_scores(adjusted.argmax(dim=0), labels, len(logits))]
    chosen, least_error = 0.0, float('inf')
    for bias in CANDIDATE_BIASES:
        adjusted[SKY] = sky + bias
        predicted = adjusted.argmax(dim=0)
        scores, error = class_scores(predicted, labels, len(logits)), errors.published(predicted == SKY)
        if error < least_error and all(score >= limit for score, limit in zip(scores, least, strict=True)):
            chosen, least_error = bias, error
    return chosen
