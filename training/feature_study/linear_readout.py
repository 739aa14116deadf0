# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Linear read-out of maps: what a ridge regression predicts from them, with folds by street."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.evaluation.metrics.ratios import share_error

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.common.array_types import FloatArray, Mask, Samples

FOLDS = 5
# Neighbours of an azimuth on each side whose values are read as well.
NEIGHBOURS = 2
# Relative to the number of rows: the values are standardised.
PENALTY = 0.02
MIN_DEVIATION = 1e-6


@dataclass(frozen=True)
class ReadoutScores:
    """Scores of a read-out on streets that it was not fitted on.

    Attributes:
        r_squared: Squared correlation of prediction and target.
        average_precision: Area below precision over recall, over all azimuths of all streets.
        strongest_right: Share of the streets with a vehicle whose strongest azimuth is right.
        strongest_error: Its standard error.

    """

    r_squared: float
    average_precision: float
    strongest_right: float
    strongest_error: float


def with_neighbours(values: Samples) -> Samples:
    """Return (azimuth, value) from a map (value, azimuth) on a circle, with the values of the neighbours."""
    shifts = range(-NEIGHBOURS, NEIGHBOURS + 1)
    return np.concatenate([np.roll(values, shift, axis=1) for shift in shifts]).T


def score_readout(maps: Samples, targets: Mask) -> ReadoutScores:
    """Fit the read-out of each fold on the other streets, and score all.

    Args:
        maps: float32 (street, azimuth, value), as from `with_neighbours`.
        targets: bool (street, azimuth), True with a vehicle.

    """
    predicted = np.zeros(targets.shape)
    folds: NDArray[np.intp] = np.arange(len(maps)) % FOLDS
    for fold in range(FOLDS):
        fitted = maps[folds != fold].reshape(-1, maps.shape[-1]).astype(np.float64)
        mean, deviation = fitted.mean(axis=0), fitted.std(axis=0) + MIN_DEVIATION
        weights = _ridge((fitted - mean) / deviation, targets[folds != fold].ravel().astype(np.float64))
        predicted[folds == fold] = ((maps[folds == fold] - mean) / deviation) @ weights
    with_vehicle = targets.any(axis=1)
    strongest = predicted[with_vehicle].argmax(axis=1)
    right = float(targets[with_vehicle][np.arange(len(strongest)), strongest].mean())
    return ReadoutScores(
        float(np.corrcoef(predicted.ravel(), targets.ravel())[0, 1] ** 2),
        average_precision(predicted.ravel(), targets.ravel()),
        right,
        share_error(right, len(strongest)),
    )


def average_precision(scores: FloatArray, targets: Mask) -> float:
    """Return the area below the curve of precision over recall of scores, NaN without a target."""
    hits = targets[np.argsort(-scores, kind='stable')]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision[hits].mean()) if hits.any() else math.nan


def _ridge(values: FloatArray, targets: FloatArray) -> FloatArray:
    """Return the weights of standardised values. The constant term has no effect on the scores and is left out."""
    moments = values.T @ values + PENALTY * len(values) * np.eye(values.shape[1])
    weights: FloatArray = np.linalg.solve(moments, values.T @ (targets - targets.mean()))
    return weights
