# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Calibration of the probabilities of the vehicles all round on the validation windows.

The focal loss of the map of vehicles gives probabilities that rank the vehicles, but are not the fraction of them that
exist. A logistic model with two parameters (Platt 1999) corrects them. It becomes part of the last layer, so every
backend has it and it adds no cost at run time. The order of the probabilities does not change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
from scipy.optimize import minimize

from audio_manifold_ros.evaluation.metrics.vehicle_metrics import direction_hits
from training.data.evenly_spaced import evenly_spaced
from training.data.vehicle_arrays import VEHICLES
from training.experiment.vehicle_scores import found_vehicles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.common.array_types import FloatArray
    from audio_manifold_ros.networks.perception_network import PerceptionNetwork
    from audio_manifold_ros.networks.spatial.spatial_network import SpatialNetwork
    from audio_manifold_ros.networks.vehicle_head import VehicleHead
    from training.data.cache import WindowCache

CALIBRATION_WINDOWS = 4000
# Hits, and found vehicles without one, that a fit needs.
MIN_FOUND = 50
# A slope of 0 would give every vehicle the same probability.
MIN_SLOPE = 0.05
PROBABILITY_MARGIN = 1e-6


@dataclass(frozen=True)
class VehicleCalibration:
    """Calibrated logit = `slope` * logit + `offset`.

    Attributes:
        slope: Factor, positive.
        offset: Summand.

    """

    slope: float
    offset: float


def calibrate_vehicles(network: PerceptionNetwork, cache: WindowCache) -> VehicleCalibration | None:
    """Calibrate the map of vehicles of a network on the validation windows, and return what was changed.

    A vehicle is right if a moving one is within 10 degrees of it (see `direction_hits`).

    Returns:
        None without a map of vehicles, for drives that do not state them, and with too few found vehicles. The network
        is unchanged then.

    """
    if not network.config.has_vehicles or not cache.has(VEHICLES):
        return None
    chosen = evenly_spaced(cache.indices('validation'), CALIBRATION_WINDOWS)
    probabilities, is_hit = direction_hits(found_vehicles(network, cache, chosen, cache.take(VEHICLES, chosen)))
    if min(is_hit.sum(), (~is_hit).sum()) < MIN_FOUND:
        return None
    calibration = fit_calibration(probabilities, is_hit)
    spatial = cast('SpatialNetwork', network.spatial)
    cast('VehicleHead', spatial.vehicles).calibrate(calibration.slope, calibration.offset)
    return calibration


def fit_calibration(probabilities: FloatArray, is_hit: NDArray[np.bool_]) -> VehicleCalibration:
    """Return the calibration with the largest likelihood.

    Args:
        probabilities: (found,), 0 to 1.
        is_hit: Whether each of them is right (found,).

    """
    limited = np.clip(probabilities, PROBABILITY_MARGIN, 1 - PROBABILITY_MARGIN)
    logits = np.log(limited / (1 - limited))

    def loss(values: FloatArray) -> tuple[float, FloatArray]:
        calibrated = values[0] * logits + values[1]
        error = 0.5 * (1 + np.tanh(calibrated / 2)) - is_hit
        gradient = np.array([error @ logits, error.sum()]) / len(logits)
        return float(np.mean(np.logaddexp(0.0, calibrated) - is_hit * calibrated)), gradient

    found = minimize(loss, np.array([1.0, 0.0]), jac=True, method='L-BFGS-B', bounds=[(MIN_SLOPE, None), (None, None)])
    return VehicleCalibration(*map(float, found.x))
