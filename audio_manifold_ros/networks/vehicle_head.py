# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Head for vehicles all round: logits of a map of classes, azimuths and distances, and its loss."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

    from audio_manifold_ros.networks.spatial.trunk import SceneFeatures
    from audio_manifold_ros.networks.vehicle_map import VehicleMapConfig

KERNEL, LAYERS = 5, 3
MIN_GAP_RAD = 1e-6
# Probability of a vehicle in a bin at the start of a fit. Without it, the empty bins dominate the first steps.
START_PROBABILITY = 0.01


class VehicleHead(nn.Module):
    """Circular convolutions over features of azimuths, echoes and the whole window.

    The steered azimuths, whose directions depend on the camera, and the echo azimuths are interpolated to the bins of
    the head.
    """

    bins_rad: Tensor
    from_echoes: Tensor

    def __init__(self, config: VehicleMapConfig, values: tuple[int, int, int], echo_azimuths: int) -> None:
        """Build the head with random weights.

        Args:
            config: Sizes of the head.
            values: Features per steered azimuth, per echo azimuth and of the whole window.
            echo_azimuths: Number of echo azimuths.

        """
        super().__init__()
        self.config = config
        steered, echoes, whole = values
        self.register_buffer('bins_rad', torch.from_numpy(config.azimuths_rad.astype(np.float32)))
        # The interpolation takes descending azimuths. Those of the echo map ascend.
        ascending = -math.pi + 2 * math.pi * torch.arange(echo_azimuths) / echo_azimuths
        weights = circle_interpolation(ascending.flip(0)[None], self.bins_rad)[0].flip(0)
        self.register_buffer('from_echoes', weights)
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

    def forward(self, scene: SceneFeatures, azimuths_rad: Tensor) -> Tensor:
        """Return the logits (batch, class, azimuth, distance) of features of windows.

        Args:
            scene: Features of the windows.
            azimuths_rad: float32 (batch or 1, azimuth), the directions of `scene.azimuths`, descending on the circle.

        """
        from_steered = circle_interpolation(azimuths_rad, self.bins_rad).to(scene.azimuths.dtype)
        # One product per window: with a matrix for each feature it would be copied as often.
        steered = self.join_steered(scene.azimuths).squeeze(2) @ from_steered
        echoes = self.join_echoes(scene.echoes).squeeze(2) @ self.from_echoes
        x = self.joined((steered + echoes).unsqueeze(2) + self.join_whole(scene.whole))
        reach = KERNEL // 2
        for layer in self.layers:
            x = x + layer(torch.cat([x[..., -reach:], x, x[..., :reach]], dim=3))
        classes, azimuths, distances = self.config.shape
        logits: Tensor = self.output(x).reshape(-1, classes, distances, azimuths).transpose(2, 3)
        return logits

    @torch.no_grad()
    def calibrate(self, slope: float, offset: float) -> None:
        """Replace the logits by `slope` * logits + `offset` permanently."""
        bias = cast('Tensor', self.output.bias)
        self.output.weight.mul_(slope)
        bias.mul_(slope).add_(offset)


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


def circle_interpolation(known_rad: Tensor, wanted_rad: Tensor) -> Tensor:
    """Return the matrices (batch, known, wanted) of linear interpolation on the circle.

    Args:
        known_rad: (batch, known), directions of the values, descending once around the circle.
        wanted_rad: (wanted,).

    """
    gap_left = _wrapped(known_rad.roll(1, dims=1) - known_rad).clamp(min=MIN_GAP_RAD)[..., None]
    gap_right = gap_left.roll(-1, dims=1)
    offset = _wrapped(wanted_rad - known_rad[..., None])
    return (1 - torch.where(offset >= 0, offset / gap_left, -offset / gap_right)).clamp(min=0)


def _wrapped(angle_rad: Tensor) -> Tensor:
    """Return angles in -pi to pi."""
    return angle_rad - 2 * math.pi * torch.round(angle_rad / (2 * math.pi))
