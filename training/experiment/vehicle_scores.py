# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scores of the map of vehicles all round on the windows of a split."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from audio_manifold_ros.evaluation.metrics.confidence_report import ConfidenceReport
from audio_manifold_ros.evaluation.metrics.vehicle_metrics import (
    MIN_DISTANCE_M,
    direction_hits,
    match_vehicles,
    vehicle_scores,
)
from audio_manifold_ros.networks.vehicle_map import VehiclePosition, decode_vehicles
from training.data.vehicle_arrays import AZIMUTHS, HIDDEN, VEHICLES, to_positions
from training.experiment.experiment_inference import batches
from training.fitting.vehicle_metrics import MIN_PROBABILITY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.networks.perception_network import PerceptionNetwork
    from audio_manifold_ros.networks.spatial.spatial_network import SpatialNetwork
    from audio_manifold_ros.networks.vehicle_map import VehicleMapConfig
    from training.data.cache import WindowCache

# Smallest probability of the vehicles that count at the operating point of a robot.
OPERATING_PROBABILITY = 0.5
RECALL_RANGE_M = 30.0
MIN_MATCHES = 20
Windows = list[tuple[list[VehiclePosition], list[VehiclePosition]]]


def score_vehicles(
    network: PerceptionNetwork, cache: WindowCache, own: NDArray[np.int64], others: NDArray[np.int64]
) -> dict[str, Any]:
    """Return the scores of the vehicles all round, hidden ones included. Standing vehicles do not count.

    Args:
        network: Networks with a map of vehicles.
        cache: All windows. Their drives state the vehicles.
        own: Numbers of the windows.
        others: Numbers of windows of other drives, whose sound is a control.

    Returns:
        `within` has for each distance in metres the average precision (a hit is within 10 degrees and 20 % of the
        distance; None without vehicles), that of the direction alone, that of the direction with the sound of other
        drives, and the number of moving vehicles. At `OPERATING_PROBABILITY` there are the shares of visible and hidden
        moving vehicles within `RECALL_RANGE_M` that are found, the false alarms per window, and the errors of the hits.
        `expected_calibration_error` is the mean difference of the probability of a found vehicle and the fraction of
        them with a moving vehicle within 10 degrees, in the bins of `reliability` (see `ConfidenceReport`).

    """
    tables = cache.take(VEHICLES, own)
    found, control = found_vehicles(network, cache, own, tables), found_vehicles(network, cache, others, tables)
    within = {
        f'{score.within_m:.0f}': {
            'average_precision': _number(score.average_precision),
            'direction_precision': _number(score.direction_precision),
            'direction_precision_other_sound': _number(other.direction_precision),
            'moving': score.vehicles,
        }
        for score, other in zip(vehicle_scores(found), vehicle_scores(control), strict=True)
    }
    return {'within': within, **_calibration(found), **_operating_point(found, tables)}


def found_vehicles(
    network: PerceptionNetwork,
    cache: WindowCache,
    sources: NDArray[np.int64],
    tables: NDArray[np.float32],
) -> Windows:
    """Return found and true vehicles of windows.

    Args:
        network: Networks with a map of vehicles.
        cache: All windows.
        sources: Numbers of the windows whose sound the networks get.
        tables: True vehicles.

    """
    spatial = cast('SpatialNetwork', network.spatial)
    config = cast('VehicleMapConfig', spatial.config.vehicles)
    device = next(network.parameters()).device
    windows: Windows = []
    for batch in batches(sources):
        features = torch.from_numpy(cache.features(batch)).to(device)
        azimuths_rad = torch.from_numpy(cache.take(AZIMUTHS, batch)).to(device)
        with torch.inference_mode():
            maps = torch.sigmoid(cast('torch.Tensor', spatial(features, None, azimuths_rad).vehicles)).cpu().numpy()
        truths = tables[len(windows) : len(windows) + len(batch)]
        windows += [
            (decode_vehicles(probabilities, config, MIN_PROBABILITY), to_positions(truth))
            for probabilities, truth in zip(maps, truths, strict=True)
        ]
    return windows


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _calibration(windows: Windows) -> dict[str, object]:
    probabilities, is_hit = direction_hits(windows)
    if not len(probabilities):
        return {}
    report = ConfidenceReport()
    report.add(probabilities, is_hit.astype(np.float64))
    figures = report.result()
    return {
        'expected_calibration_error': figures['expected_calibration_error'],
        'reliability': [
            {'found': bin_['pixels'], 'probability': bin_['confidence'], 'right': bin_['right']}
            for bin_ in figures['reliability']
        ],
    }


def _operating_point(windows: Windows, tables: NDArray[np.float32]) -> dict[str, float]:
    counts = {'visible': [0, 0], 'hidden': [0, 0]}
    log_errors, angles_deg, false_alarms = [], [], 0
    for (found, truth), table in zip(windows, tables, strict=True):
        kept = [vehicle for vehicle in found if vehicle.probability >= OPERATING_PROBABILITY]
        matched = match_vehicles(kept, truth)
        false_alarms += len(kept) - sum(one is not None for one in matched)
        is_hidden = table[np.isfinite(table[:, 0]), HIDDEN] > 0
        for vehicle, hit, hidden in zip(truth, matched, is_hidden, strict=True):
            if hit is not None:
                log_errors.append(math.log(hit.distance_m / max(vehicle.distance_m, MIN_DISTANCE_M)))
                angles_deg.append(math.degrees(math.remainder(hit.azimuth_rad - vehicle.azimuth_rad, math.tau)))
            if vehicle.is_moving and vehicle.distance_m <= RECALL_RANGE_M:
                entry = counts['hidden' if hidden else 'visible']
                entry[0] += hit is not None
                entry[1] += 1
    scores = {f'found_{name}': hits / count for name, (hits, count) in counts.items() if count}
    scores |= {'probability': OPERATING_PROBABILITY, 'false_alarms': false_alarms / len(windows)}
    if len(log_errors) >= MIN_MATCHES:
        scores |= {
            'range_log_std': float(np.sqrt(np.mean(np.square(log_errors)))),
            'angle_std_deg': float(np.sqrt(np.mean(np.square(angles_deg)))),
        }
    return scores
