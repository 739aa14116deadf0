# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Skill score relative to the training prior (Murphy, Monthly Weather Review 1988)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from audio_manifold_ros.evaluation.metrics.metric_names import suffixed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audio_manifold_ros.evaluation.metrics.depth_metrics import DepthMetrics
    from audio_manifold_ros.evaluation.metrics.segmentation_metrics import SegmentationMetrics

PRIOR = 'prior'


def skill_scores(
    depth: Mapping[str, DepthMetrics], segmentation: Mapping[str, SegmentationMetrics]
) -> dict[str, float]:
    """Return the skill scores of all variants except the prior.

    A score of 1 is perfect, 0 equals the prior, below 0 is worse than the prior. `explained_log_depth` (also by region)
    is 1 - mean squared error of log depth / that of the prior, over all pixels. `explained_classes` is 1 - number of
    pixels with a wrong class / that of the prior. The result is empty without a prior.
    """
    found: dict[str, float] = {}
    for variant, metrics in depth.items():
        if variant == PRIOR or PRIOR not in depth:
            continue
        for region in metrics.regions:
            error, prior = (counted.result(region)['rmse_log_dataset'] ** 2 for counted in (metrics, depth[PRIOR]))
            name = f'explained_log_depth_{region}' if region else 'explained_log_depth'
            found[suffixed(name, variant)] = _skill_score(error, prior)
    for variant, counts in segmentation.items():
        if variant != PRIOR and PRIOR in segmentation:
            wrong, prior = 1 - counts.accuracy(), 1 - segmentation[PRIOR].accuracy()
            found[suffixed('explained_classes', variant)] = _skill_score(wrong, prior)
    return found


def _skill_score(error: float, prior: float) -> float:
    return 1 - error / prior if prior > 0 else math.nan
