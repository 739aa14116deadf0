# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Detection of façades in echo maps: is the strongest lag that of the façade?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import mannwhitneyu

from audio_manifold_ros.common.units import SPEED_OF_SOUND_MPS
from audio_manifold_ros.evaluation.metrics.ratios import share_error

if TYPE_CHECKING:
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
    # The area is the probability that a right value is larger than a wrong one (Mann and Whitney 1947).
    larger = mannwhitneyu(relative[right], relative[~right]).statistic
    area = float(larger / (right.sum() * (~right).sum()))
    return DetectionScores(share, share_error(share, len(maps)), area)
