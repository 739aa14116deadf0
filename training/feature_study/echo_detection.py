# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Detection of façades in echo maps: is the strongest lag that of the façade?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.common.units import SPEED_OF_SOUND_MPS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.common.array_types import FloatArray

# The own noise of the simulated car reaches the array this much later than it is emitted by the tyres, 2.7 m away.
OWN_NOISE_MS = 8.0
TOLERANCE_MS = 1.0


@dataclass(frozen=True)
class DetectionScores:
    """Scores of a map.

    Attributes:
        strongest_right: Share of the façades at which the strongest lag is that of the façade, within a millisecond.
        strongest_error: Its standard error.
        area: Area under the ROC curve for the values at the right and at wrong lags.

    """

    strongest_right: float
    strongest_error: float
    area: float


def echo_lag_ms(distance_m: float | FloatArray) -> FloatArray:
    """Return the lag of the echo of a façade behind the direct own noise, in ms."""
    return np.asarray(2e3 * np.asarray(distance_m) / SPEED_OF_SOUND_MPS - OWN_NOISE_MS)


def score_detection(maps: FloatArray, lags_ms: FloatArray, facades_ms: FloatArray) -> DetectionScores:
    """Score the maps of façades, each relative to the mean of its lag over all.

    Args:
        maps: (façade, lag), positive.
        lags_ms: (lag,), centres of the lags.
        facades_ms: (façade,), true lags.

    """
    relative = maps / maps.mean(axis=0)
    right = np.abs(lags_ms[None] - facades_ms[:, None]) <= TOLERANCE_MS
    share = float(right[np.arange(len(maps)), relative.argmax(axis=1)].mean())
    error = math.sqrt(share * (1 - share) / len(maps))
    return DetectionScores(share, error, area_under_roc(relative.ravel(), right.ravel()))


def area_under_roc(scores: FloatArray, targets: NDArray[np.bool_]) -> float:
    """Return the probability that a target has a higher score than another value. Ties count as their order."""
    ranks = np.empty(len(scores))
    ranks[np.argsort(scores, kind='stable')] = np.arange(1, len(scores) + 1)
    hits = int(targets.sum())
    return float((ranks[targets].sum() - hits * (hits + 1) / 2) / (hits * (len(scores) - hits)))
