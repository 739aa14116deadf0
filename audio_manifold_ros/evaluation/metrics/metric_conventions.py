# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth and segmentation metrics in the conventions of the paper, its published code and this project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audio_manifold_ros.evaluation.metrics.depth_metrics import NEAR_M, DepthMetrics, median_scaled
from audio_manifold_ros.evaluation.metrics.metric_names import suffixed
from audio_manifold_ros.evaluation.metrics.paper_metrics import (
    DEPTH_KEYS,
    PaperDepth,
    ReferenceDepth,
    ReferenceSegmentation,
    paper_mean,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audio_manifold_ros.evaluation.metrics.segmentation_metrics import SegmentationMetrics
    from audio_manifold_ros.modalities.modality_images import ModalityImages


class MetricConventions:
    """Running metrics of the model and the controls in every convention.

    `paper` is equation 1. `reference` is the published code. `median_scaled` is the convention of this project after
    each prediction is scaled by the ratio of medians, which removes an error of scale. `paper_median_scaled` is
    equation 1 with the same scaling.
    """

    def __init__(self, near_m: float = NEAR_M) -> None:
        """Start without windows. All conventions except `reference` clip depth to at least `near_m`."""
        self._near_m = near_m
        self._paper: dict[str, PaperDepth] = {}
        self._paper_scaled: dict[str, PaperDepth] = {}
        self._reference: dict[str, ReferenceDepth] = {}
        self._scaled: dict[str, DepthMetrics] = {}
        self._labels: dict[str, ReferenceSegmentation] = {}

    def add(self, ground_truth: ModalityImages, predicted: Mapping[str, ModalityImages]) -> None:
        """Add one window (see `MetricSuite.add`) with images of one size.

        Raises:
            EvaluationError: An image has the wrong size.

        """
        for variant, images in predicted.items():
            if ground_truth.depth_m is not None and images.depth_m is not None:
                self._paper.setdefault(variant, PaperDepth(self._near_m)).add(ground_truth.depth_m, images.depth_m)
                self._reference.setdefault(variant, ReferenceDepth()).add(ground_truth.depth_m, images.depth_m)
                scaled_m = median_scaled(ground_truth.depth_m, images.depth_m)
                self._scaled.setdefault(variant, DepthMetrics(self._near_m)).add(ground_truth.depth_m, scaled_m)
                self._paper_scaled.setdefault(variant, PaperDepth(self._near_m)).add(ground_truth.depth_m, scaled_m)
            if ground_truth.labels is not None and images.labels is not None:
                self._labels.setdefault(variant, ReferenceSegmentation()).add(ground_truth.labels, images.labels)

    def result(self, segmentation: Mapping[str, SegmentationMetrics]) -> dict[str, dict[str, float]]:
        """Return the figures by convention, then by metric with the control as a suffix.

        Args:
            segmentation: Confusion counts of the whole test set by variant, for the mean of the paper's classes.

        """
        scaled = {
            suffixed(key, variant_name): value
            for variant_name, metrics in self._scaled.items()
            for key, value in metrics.result().items()
            if key in DEPTH_KEYS
        }
        paper = _named(self._paper)
        paper |= {
            suffixed('miou', variant_name): paper_mean(counts.result()) for variant_name, counts in segmentation.items()
        }
        return {
            'paper': paper,
            'reference': {**_named(self._reference), **_named(self._labels)},
            'median_scaled': scaled,
            'paper_median_scaled': _named(self._paper_scaled),
        }


def _named(counted: Mapping[str, Any]) -> dict[str, float]:
    return {
        suffixed(key, variant_name): value
        for variant_name, found in counted.items()
        for key, value in found.result().items()
    }
