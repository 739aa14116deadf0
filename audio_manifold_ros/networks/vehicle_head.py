# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Head for vehicles all round: logits of a map of classes, azimuths and distances, and its loss."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from audio_manifold_ros.networks.spatial.trunk import SceneFeatures
    from audio_manifold_ros.networks.vehicle_map import VehicleMapConfig

KERNEL, LAYERS = 5, 3
# Probability of a vehicle in a bin at the start of a fit. Without it, the empty bins dominate the first steps.
START_PROBABILITY = 0.01


class VehicleHead(nn.Module):
    """Circular convolutions over features of azimuths, echoes and the whole window.

    The steered azimuths and the echo azimuths are interpolated to the bins of the head. Their directions depend on the
    camera, so the matrices are buffers that `set_azimuths` fills.
    """

    from_steered: Tensor
    from_echoes: Tensor

    def __init__(
        self, config: VehicleMapConfig, values: tuple[int, int, int], azimuths: int, echo_azimuths: int
    ) -> None:
        """Build the head with random weights.

        Args:
            config: Sizes of the head.
            values: Features per steered azimuth, per echo azimuth and of the whole window.
            azimuths: Number of steered azimuths.
            echo_azimuths: Number of echo azimuths.

        """
        super().__init__()
        self.config = config
        steered, echoes, whole = values
        self.register_buffer('from_steered', torch.zeros(azimuths, config.azimuths))
        circle = -np.pi + 2 * np.pi * np.arange(echo_azimuths) / echo_azimuths
        self.register_buffer('from_echoes', _interpolation(circle, config.azimuths_rad))
        self.set_azimuths(-np.pi + 2 * np.pi * np.arange(azimuths) / azimuths)
        self.join_steered = nn.Conv2d(steered, config.channels, 1, bias=False)
        self.join_echoes = nn.Conv2d(echoes, config.channels, 1, bias=False)
        self.join_whole = nn.Conv2d(whole, config.channels, 1, bias=False)
        self.joined = nn.Sequential(nn.BatchNorm2d(config.channels), nn.ReLU(inplace=True))
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(config.channels, config.channels, (1, KERNEL), bias=False),
                nn.BatchNorm2d(config.channels),
                nn.ReLU(inplace=True),
            )
            for _ in range(LAYERS)
        )
        self.output = nn.Conv2d(config.channels, len(config.classes) * config.distances, 1)
        nn.init.constant_(self.output.bias, -math.log(1 / START_PROBABILITY - 1))  # type: ignore[arg-type]
        nn.init.normal_(self.output.weight, std=0.01)

    @torch.no_grad()
    def set_azimuths(self, azimuths_rad: NDArray[np.float64]) -> None:
        """Set the directions of the steered azimuths (azimuth,) in the order of `SceneFeatures.azimuths`."""
        self.from_steered.copy_(_interpolation(azimuths_rad, self.config.azimuths_rad))

    def forward(self, scene: SceneFeatures) -> Tensor:
        """Return the logits (batch, class, azimuth, distance) of features of windows."""
        steered = scene.azimuths @ self.from_steered
        echoes = scene.echoes @ self.from_echoes
        x = self.join_steered(steered) + self.join_echoes(echoes) + self.join_whole(scene.whole)
        x = self.joined(x)
        reach = KERNEL // 2
        for layer in self.layers:
            x = x + layer(torch.cat([x[..., -reach:], x, x[..., :reach]], dim=3))
        classes, azimuths, distances = self.config.shape
        logits: Tensor = self.output(x).reshape(-1, classes, distances, azimuths).transpose(2, 3)
        return logits


def focal_loss(logits: Tensor, target: Tensor, alpha: float = 2.0, beta: float = 4.0) -> Tensor:
    """Return the focal loss of heat maps (Law and Deng 2018, equation 1), per vehicle.

    Args:
        logits: (batch, class, azimuth, distance).
        target: Gaussians from 0 to 1 of the same shape. Bins with 1 are vehicles.
        alpha: Exponent that reduces the weight of bins that are already right.
        beta: Exponent that reduces the weight of empty bins near a vehicle.

    """
    logits = logits.float()
    probability = torch.sigmoid(logits)
    is_vehicle = target >= 1
    found = -((1 - probability) ** alpha) * functional.logsigmoid(logits)
    empty = -((1 - target) ** beta) * probability**alpha * functional.logsigmoid(-logits)
    return torch.where(is_vehicle, found, empty).sum() / is_vehicle.sum().clamp(min=1)


def _interpolation(known_rad: NDArray[np.float64], wanted_rad: NDArray[np.float64]) -> Tensor:
    """Return the matrix (known, wanted) of linear interpolation on the circle."""
    order = np.argsort(np.mod(known_rad, 2 * np.pi))
    angles = np.mod(known_rad, 2 * np.pi)[order]
    wanted = np.mod(wanted_rad, 2 * np.pi)
    right = np.searchsorted(angles, wanted) % len(angles)
    left = (right - 1) % len(angles)
    gap = np.mod(angles[right] - angles[left], 2 * np.pi)
    fraction = np.mod(wanted - angles[left], 2 * np.pi) / np.where(gap > 0, gap, 2 * np.pi)
    matrix = np.zeros((len(angles), len(wanted)), dtype=np.float32)
    columns = np.arange(len(wanted))
    matrix[order[left], columns] += 1 - fraction
    matrix[order[right], columns] += fraction
    return torch.from_numpy(matrix)
