# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Skill score relative to a prior (Murphy, Monthly Weather Review 1988)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from audio_manifold_ros.evaluation.metrics.metric_names import PRIOR, suffixed
from audio_manifold_ros.modalities.registry import DEPTH, NORMALS, SEGMENTATION

if TYPE_CHECKING:
    from audio_manifold_ros.evaluation.metrics.depth_metrics import DepthMetrics
    from audio_manifold_ros.evaluation.metrics.normal_metrics import NormalMetrics
    from audio_manifold_ros.evaluation.metrics.segmentation_metrics import SegmentationMetrics


def skill_scores(metrics: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """Return the skill scores of all variants except the prior. The result is empty without a prior.

    A score of 1 is perfect, 0 equals the prior, below 0 is worse than the prior. `explained_log_depth` (also by region)
    is 1 - mean squared error of log depth / that of the prior, over all pixels. `explained_classes` is 1 - number of
    pixels with a wrong class / that of the prior. `explained_normals` is 1 - mean angle / that of the prior.

    Args:
        metrics: Running metrics by modality, then by variant.

    """
    return {
        suffixed(key, variant): value
        for modality, variants in metrics.items()
        for variant, counted in variants.items()
        if variant != PRIOR and PRIOR in variants
        for key, value in SKILLS[modality](counted, variants[PRIOR]).items()
    }


def _depth_skill(metrics: DepthMetrics, prior: DepthMetrics) -> dict[str, float]:
    found = {}
    for region in metrics.regions:
        error, prior_error = (counted.result(region)['rmse_log_dataset'] ** 2 for counted in (metrics, prior))
        found[f'explained_log_depth_{region}' if region else 'explained_log_depth'] = _skill(error, prior_error)
    return found


def _class_skill(metrics: SegmentationMetrics, prior: SegmentationMetrics) -> dict[str, float]:
    return {'explained_classes': _skill(1 - metrics.accuracy(), 1 - prior.accuracy())}


def _normal_skill(metrics: NormalMetrics, prior: NormalMetrics) -> dict[str, float]:
    error, prior_error = (counted.result()['mean_angle_deg'] for counted in (metrics, prior))
    return {'explained_normals': _skill(error, prior_error)}


def _skill(error: float, prior: float) -> float:
    return 1 - error / prior if prior > 0 else math.nan


# By modality, the skill scores of running metrics relative to those of the prior.
SKILLS: Mapping[str, Callable[[Any, Any], dict[str, float]]] = {
    DEPTH: _depth_skill,
    SEGMENTATION: _class_skill,
    NORMALS: _normal_skill,
}
