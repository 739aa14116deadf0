# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ratios of counts, with NaN for an undefined ratio, their standard error and their F-score."""

from __future__ import annotations

import math


def ratio(part: float, denominator: float) -> float:
    """Return part / denominator, NaN for a denominator of 0."""
    return float(part / denominator) if denominator else math.nan


def share_error(share: float, count: int) -> float:
    """Return the standard error of a share of `count` independent cases, NaN without a case."""
    return math.sqrt(share * (1 - share) / count) if count else math.nan


def harmonic_mean(precision: float, recall: float) -> float:
    """Return the F-score: 0 if one of the values is 0 or NaN, NaN if both are NaN."""
    if math.isnan(precision) and math.isnan(recall):
        return math.nan
    total = precision + recall
    return 2 * precision * recall / total if total > 0 else 0.0
