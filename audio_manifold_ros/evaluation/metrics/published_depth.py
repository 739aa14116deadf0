# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth as the node publishes it: without the pixels that are predicted as sky."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.common.class_ids import SKY
from audio_manifold_ros.evaluation.metrics.depth_metrics import NEAR_M, relative_error
from audio_manifold_ros.evaluation.metrics.metric_names import suffixed
from audio_manifold_ros.evaluation.metrics.modality_metrics import MODALITY_METRICS
from audio_manifold_ros.evaluation.metrics.ratios import ratio
from audio_manifold_ros.modalities.registry import DEPTH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audio_manifold_ros.modalities.modality_images import ModalityImages


@dataclass
class _Sums:
    pixels: int = 0
    errors: float = 0.0
    missing: int = 0
    sky: int = 0
    sky_with_depth: int = 0

    def figures(self) -> dict[str, float]:
        return {
            'abs_rel': ratio(self.errors, self.pixels),
            'missing_depth': ratio(self.missing, self.pixels),
            'depth_in_sky': ratio(self.sky_with_depth, self.sky),
        }


class PublishedDepth:
    """Running sums of the published depth of the model and the controls.

    A pixel that is predicted as sky is published as NaN. `abs_rel` is over the pixels with a ground-truth depth, and a
    NaN counts as 80 m, as in `DepthMetrics`. `missing_depth` is the fraction of these pixels that are NaN.
    `depth_in_sky` is the fraction of the pixels of sky that have a depth.
    """

    def __init__(self, near_m: float = NEAR_M) -> None:
        """Start without windows. Depth is clipped to at least `near_m`."""
        self._near_m = near_m
        self._sums: dict[str, _Sums] = {}

    def add(self, ground_truth: ModalityImages, predicted: Mapping[str, ModalityImages]) -> None:
        """Add one window (see `MetricSuite.add`). Predictions without depth or without classes are left out."""
        if ground_truth.depth_m is None or ground_truth.labels is None:
            return
        has_depth, is_sky = ~np.isnan(ground_truth.depth_m), np.equal(ground_truth.labels, SKY)
        for variant, images in predicted.items():
            if images.labels is None:
                continue
            published_m = MODALITY_METRICS[DEPTH].published(images)
            if published_m is None:
                continue
            is_missing = np.isnan(published_m)
            errors = relative_error(ground_truth.depth_m[has_depth], published_m[has_depth], self._near_m)
            sums = self._sums.setdefault(variant, _Sums())
            sums.pixels += int(has_depth.sum())
            sums.errors += float(errors.sum())
            sums.missing += int(is_missing[has_depth].sum())
            sums.sky += int(is_sky.sum())
            sums.sky_with_depth += int((~is_missing)[is_sky].sum())

    def result(self) -> dict[str, float]:
        """Return the figures by name, with the control as a suffix."""
        return {
            suffixed(key, variant): value
            for variant, sums in self._sums.items()
            for key, value in sums.figures().items()
        }
