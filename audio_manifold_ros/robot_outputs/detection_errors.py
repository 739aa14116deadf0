# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Errors of detections: standard deviations of distance and direction, from the figures of a bundle."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from audio_manifold_ros.modalities.registry import DEPTH
from audio_manifold_ros.networks.vehicle_map import VEHICLES
from audio_manifold_ros.robot_outputs.all_round_detections import VehicleErrors

if TYPE_CHECKING:
    from audio_manifold_ros.inference.bundle.manifest import Manifest

# A bundle without measured errors: one standard deviation is the error at which a pixel stops being correct.
UNMEASURED_LOG_STD = math.log(1.25)
# A bundle without measured errors of the vehicles all round.
UNMEASURED_VEHICLES = VehicleErrors(range_log_std=math.log(1.2), angle_std_rad=math.radians(5.0))
# Standard deviation of a uniform distribution over one cell.
CELL_STD = 1 / math.sqrt(12)


def range_log_std(manifest: Manifest) -> float:
    """Return the standard deviation of the logarithm of the distance of vehicles.

    It is the root mean square error of the test set (`rmse_log_vehicles`). It contains the error of places without
    a detection, so it is no underestimate there.
    """
    scores = manifest.metrics.get(DEPTH)
    measured = scores.get('rmse_log_vehicles') if isinstance(scores, dict) else None
    is_measured = isinstance(measured, int | float) and math.isfinite(measured) and measured > 0
    return float(measured) if is_measured and measured is not None else UNMEASURED_LOG_STD


def angle_std_rad(manifest: Manifest) -> float:
    """Return the standard deviation of the direction: that of a place within one cell of the manifold."""
    cells = max(len(model.bias) for model in manifest.confidence.modalities.values())
    camera = manifest.camera
    return math.atan2(camera.width / cells * CELL_STD, camera.fx)


def vehicle_errors(manifest: Manifest) -> VehicleErrors:
    """Return the errors of vehicles all round: those of the hits of the test set, where the bundle states them."""
    scores = manifest.metrics.get(VEHICLES)
    values = [scores.get(name) if isinstance(scores, dict) else None for name in ('range_log_std', 'angle_std_deg')]
    if not all(isinstance(value, int | float) and math.isfinite(value) and value > 0 for value in values):
        return UNMEASURED_VEHICLES
    range_log_std, angle_std_deg = (float(value) for value in values if value is not None)
    return VehicleErrors(range_log_std, math.radians(angle_std_deg))
