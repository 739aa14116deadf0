# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Encoders of the level, steered and echo maps."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import nn

from audio_manifold_ros.networks.residual import BasicBlock

if TYPE_CHECKING:
    from torch import Tensor

    from audio_manifold_ros.networks.spatial.config import SpatialNetworkConfig

LEVEL_CHANNELS, LEVEL_VALUES = (32, 48, 64), 128
STEERED_CHANNELS, AZIMUTH_CHANNELS = (32, 48, 64), (128, 96)
ECHO_CHANNELS, ECHO_AZIMUTH_VALUES, ECHO_VALUES = (16, 32, 48), 64, 128


def convolution(
    features_in: int,
    features_out: int,
    kernel: tuple[int, int],
    stride: tuple[int, int] = (1, 1),
    *,
    pad_rows: bool = True,
) -> nn.Sequential:
    """Return a convolution that keeps size / stride, batch normalisation and ReLU."""
    padding = (kernel[0] // 2 if pad_rows else 0, kernel[1] // 2)
    return nn.Sequential(
        nn.Conv2d(features_in, features_out, kernel, stride=stride, padding=padding, bias=False),
        nn.BatchNorm2d(features_out),
        nn.ReLU(inplace=True),
    )


def halved(size: int, times: int) -> int:
    """Return a size after some strided convolutions, rounded up each time."""
    for _ in range(times):
        size = -(-size // 2)
    return size


class LevelEncoder(nn.Module):
    """Three strided convolutions over mel bands and time, and a dense layer."""

    def __init__(self, config: SpatialNetworkConfig) -> None:
        """Build the encoder with random weights."""
        super().__init__()
        widths = [1, *map(config.channels, LEVEL_CHANNELS)]
        self.layers = nn.Sequential(*(convolution(a, b, (3, 3), (2, 2)) for a, b in pairwise(widths)))
        rows, columns = (halved(size, len(LEVEL_CHANNELS)) for size in config.level)
        self.values = config.channels(LEVEL_VALUES)
        self.dense = convolution(widths[-1] * rows * columns, self.values, (1, 1))

    def forward(self, level: Tensor) -> Tensor:
        """Map (batch, 1, mel_band, frame) to (batch, value, 1, 1)."""
        encoded: Tensor = self.dense(self.layers(level).flatten(1)[:, :, None, None])
        return encoded


class SteeredEncoder(nn.Module):
    """Convolutions over azimuth and time with stride 2 in time, then over azimuth with time in the channels."""

    def __init__(self, config: SpatialNetworkConfig) -> None:
        """Build the encoder with random weights."""
        super().__init__()
        widths = [config.steered[0], *map(config.channels, STEERED_CHANNELS)]
        self.layers = nn.Sequential(
            *(convolution(a, b, (3, 5), (1, 2)) for a, b in pairwise(widths)),
            BasicBlock(widths[-1], widths[-1], 1),
            BasicBlock(widths[-1], widths[-1], 1),
        )
        folded = widths[-1] * halved(config.steered[2], len(STEERED_CHANNELS))
        columns = [folded, *map(config.channels, AZIMUTH_CHANNELS)]
        self.azimuths = nn.Sequential(*(convolution(a, b, (1, 5)) for a, b in pairwise(columns)))
        self.values = columns[-1]

    def forward(self, steered: Tensor) -> Tensor:
        """Map (batch, band, azimuth, frame) to (batch, value, 1, azimuth)."""
        encoded = self.layers(steered)
        folded = encoded.transpose(2, 3).flatten(1, 2)[:, :, None]
        columns: Tensor = self.azimuths(folded)
        return columns


class EchoEncoder(nn.Module):
    """Convolutions strided in lag and closed over the circle of azimuths, and dense layers."""

    def __init__(self, config: SpatialNetworkConfig) -> None:
        """Build the encoder with random weights."""
        super().__init__()
        widths = [1, *map(config.channels, ECHO_CHANNELS)]
        self.layers = nn.ModuleList(convolution(a, b, (3, 5), (1, 2), pad_rows=False) for a, b in pairwise(widths))
        folded = widths[-1] * halved(config.echo[1], len(ECHO_CHANNELS))
        self.azimuth_values = config.channels(ECHO_AZIMUTH_VALUES)
        self.values = config.channels(ECHO_VALUES)
        self.azimuths = convolution(folded, self.azimuth_values, (1, 1))
        self.dense = convolution(self.azimuth_values * config.echo[0], self.values, (1, 1))

    def forward(self, echo: Tensor) -> tuple[Tensor, Tensor]:
        """Map (batch, 1, azimuth, lag) to values per azimuth (batch, value, 1, azimuth) and (batch, value, 1, 1)."""
        for layer in self.layers:
            echo = layer(torch.cat([echo[:, :, -1:], echo, echo[:, :, :1]], dim=2))
        azimuths = self.azimuths(echo.transpose(2, 3).flatten(1, 2)[:, :, None])
        return azimuths, self.dense(azimuths.flatten(1)[:, :, None, None])
