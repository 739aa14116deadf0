# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Loss and validation scores of the map of vehicles all round."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from audio_manifold_ros.evaluation.metrics.vehicle_metrics import vehicle_scores
from audio_manifold_ros.networks.vehicle_head import focal_loss
from audio_manifold_ros.networks.vehicle_map import VehiclePosition, decode_vehicles, heat_map
from training.data.vehicle_arrays import to_positions

if TYPE_CHECKING:
    from audio_manifold_ros.networks.vehicle_map import VehicleMapConfig

LIMITS_M = (20.0, 50.0)
# Detections of the curves of precision over recall.
MIN_PROBABILITY = 0.02


def vehicle_loss(logits: torch.Tensor, tables: torch.Tensor, config: VehicleMapConfig) -> torch.Tensor:
    """Return the focal loss per vehicle.

    Args:
        logits: (batch, class, azimuth, distance).
        tables: True vehicles (batch, vehicle, column) as in `training.data.vehicle_arrays`.
        config: Sizes of the map.

    """
    targets = np.stack([heat_map(to_positions(table), config) for table in tables.cpu().numpy()])
    return focal_loss(logits, torch.from_numpy(targets).to(logits.device))


class VehicleMetrics:
    """Average precision of the vehicles of validation windows, hidden ones included. Standing ones do not count."""

    def __init__(self, config: VehicleMapConfig) -> None:
        """Start with no windows."""
        self._config = config
        self.reset()

    def reset(self) -> None:
        """Remove all windows."""
        self._windows: list[tuple[list[VehiclePosition], list[VehiclePosition]]] = []

    def add(self, logits: torch.Tensor, tables: torch.Tensor) -> None:
        """Add logits and true vehicles as for `vehicle_loss`."""
        maps = torch.sigmoid(logits.detach().float()).cpu().numpy()
        for probabilities, table in zip(maps, tables.cpu().numpy(), strict=True):
            found = decode_vehicles(probabilities, self._config, MIN_PROBABILITY)
            self._windows.append((found, to_positions(table)))

    def result(self) -> dict[str, float]:
        """Return the scores by name. There are none without windows."""
        if not self._windows:
            return {}
        scores = {f'{score.within_m:.0f}m': score for score in vehicle_scores(self._windows, LIMITS_M)}
        precision = {f'val/vehicle_ap_{name}': score.average_precision for name, score in scores.items()}
        return precision | {'val/vehicle_direction_ap_50m': scores['50m'].direction_precision}
