# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Input of the network on spatial maps: the packed vector as three normalised maps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import nn

if TYPE_CHECKING:
    from torch import Tensor

    from audio_manifold_ros.networks.spatial.config import SpatialNetworkConfig

# Decibels and correlations of one standard deviation, about.
LEVEL_SCALE, STEERED_SCALE, ECHO_SCALE = 10.0, 3.0, 0.03
ECHO_MEAN = 0.05
MIN_DEVIATION = 1e-3


class NormalisedMaps(NamedTuple):
    """Normalised maps of a batch of windows.

    Attributes:
        level: (batch, 1, mel_band, frame).
        steered: (batch, band, azimuth, frame). The azimuths behind the camera are at both ends.
        echo: (batch, 1, azimuth, lag).

    """

    level: Tensor
    steered: Tensor
    echo: Tensor


class InputMaps(nn.Module):
    """Splits the packed vector and normalises each map.

    The mean of the level map over the window is subtracted, so that the absolute gain does not matter. The steered and
    echo maps do not depend on it. Mean and deviation of the training windows scale the values.
    """

    level_mean: Tensor
    level_std: Tensor
    steered_std: Tensor
    echo_mean: Tensor
    echo_std: Tensor

    def __init__(self, config: SpatialNetworkConfig) -> None:
        """Start with usual means and deviations."""
        super().__init__()
        self._config = config
        bands, lags = config.steered[0], config.echo[1]
        self.register_buffer('level_mean', torch.zeros(1, 1, config.level[0], 1))
        self.register_buffer('level_std', torch.full((1, 1, config.level[0], 1), LEVEL_SCALE))
        self.register_buffer('steered_std', torch.full((1, bands, 1, 1), STEERED_SCALE))
        self.register_buffer('echo_mean', torch.full((1, 1, 1, lags), ECHO_MEAN))
        self.register_buffer('echo_std', torch.full((1, 1, 1, lags), ECHO_SCALE))

    @torch.no_grad()
    def set_statistics(self, features: Tensor) -> None:
        """Set means and deviations from features (window, size) of training windows."""
        level, steered, echo = self._split(features)
        level = level - level.mean(dim=(2, 3), keepdim=True)
        self.level_mean.copy_(level.mean(dim=(0, 3), keepdim=True))
        self.level_std.copy_((level - self.level_mean).square().mean(dim=(0, 3), keepdim=True).sqrt())
        self.steered_std.copy_(steered.square().mean(dim=(0, 2, 3), keepdim=True).sqrt())
        self.echo_mean.copy_(echo.mean(dim=(0, 2), keepdim=True))
        self.echo_std.copy_((echo - self.echo_mean).square().mean(dim=(0, 2), keepdim=True).sqrt())
        for deviation in (self.level_std, self.steered_std, self.echo_std):
            deviation.clamp_(min=MIN_DEVIATION)

    def forward(self, features: Tensor) -> NormalisedMaps:
        """Map packed features float32 (batch, size) to normalised maps."""
        level, steered, echo = self._split(features)
        level = (level - level.mean(dim=(2, 3), keepdim=True) - self.level_mean) / self.level_std
        steered = steered / self.steered_std
        return NormalisedMaps(level, self.in_circle_order(steered, 2), (echo - self.echo_mean) / self.echo_std)

    def in_circle_order(self, steered: Tensor, axis: int) -> Tensor:
        """Return values per steered azimuth with the image in the middle: half of the others are before it."""
        behind = (self._config.steered[1] - self._config.image_columns) // 2
        if not behind:
            return steered
        # The last azimuths adjoin the left edge of the image.
        last = steered.shape[axis] - behind
        return torch.cat([steered.narrow(axis, last, behind), steered.narrow(axis, 0, last)], dim=axis)

    def _split(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        config = self._config
        first = math.prod(config.level)
        second = first + math.prod(config.steered)
        return (
            features[:, :first].reshape(-1, 1, *config.level),
            features[:, first:second].reshape(-1, *config.steered),
            features[:, second:].reshape(-1, 1, *config.echo),
        )
