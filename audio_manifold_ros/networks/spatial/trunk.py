# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Trunk of the network on spatial maps: features per azimuth, of the whole window, and per place in the image."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import nn
from torch.nn import functional

from audio_manifold_ros.networks.residual import BasicBlock
from audio_manifold_ros.networks.spatial.config import GRID_COLUMNS
from audio_manifold_ros.networks.spatial.encoders import EchoEncoder, LevelEncoder, SteeredEncoder, convolution
from audio_manifold_ros.networks.spatial.input_maps import InputMaps

if TYPE_CHECKING:
    from torch import Tensor

    from audio_manifold_ros.networks.spatial.config import SpatialNetworkConfig

GLOBAL_VALUES, PLACE_CHANNELS, GRID_CHANNELS = 96, 64, 64


class SceneFeatures(NamedTuple):
    """Features of a batch of windows.

    Attributes:
        azimuths: (batch, value, 1, azimuth) on the circle. The image is in the middle, its left edge first.
        echoes: (batch, value, 1, echo_azimuth). Index i is at -pi + 2 pi i / count, counter-clockwise from above.
        whole: (batch, value, 1, 1) of the whole window.
        grid: (batch, channel, `GRID_ROWS`, `GRID_COLUMNS`) of places in the image.

    """

    azimuths: Tensor
    echoes: Tensor
    whole: Tensor
    grid: Tensor


class SpatialTrunk(nn.Module):
    """Encodes the three maps and joins them on a grid of the image.

    The features of an azimuth go to the image column in that direction. The rays of a place and the prior along them
    make rows and columns distinct, and mean the same for any camera.
    """

    def __init__(self, config: SpatialNetworkConfig) -> None:
        """Build the trunk with random weights."""
        super().__init__()
        self._columns = config.image_columns
        self.inputs = InputMaps(config)
        self.level, self.steered, self.echo = LevelEncoder(config), SteeredEncoder(config), EchoEncoder(config)
        whole, place, grid = map(config.channels, (GLOBAL_VALUES, PLACE_CHANNELS, GRID_CHANNELS))
        self.whole = convolution(self.level.values + self.echo.values + self.steered.values, whole, (1, 1))
        # One 1x1 convolution of the concatenation, as the sum of its parts.
        self.from_column = nn.Conv2d(self.steered.values, grid, 1, bias=False)
        self.from_whole = nn.Conv2d(whole, grid, 1, bias=False)
        self.from_place = nn.Sequential(
            convolution(config.grid_channels, place, (1, 1)), nn.Conv2d(place, grid, 1, bias=False)
        )
        self.joined = nn.Sequential(nn.BatchNorm2d(grid), nn.ReLU(inplace=True))
        self.blocks = nn.Sequential(BasicBlock(grid, grid, 1), BasicBlock(grid, grid, 1))
        self.channels, self.whole_values = grid, whole

    def forward(self, features: Tensor, prior_grid: Tensor, views: Tensor | None = None) -> SceneFeatures:
        """Encode packed features.

        Args:
            features: float32 (batch, size).
            prior_grid: Priors of cameras (view, channel, `GRID_ROWS`, `GRID_COLUMNS`), see `PriorInputs`.
            views: int64 (batch,), index of the camera of each window. None if there is one for each window, or one for
                all.

        """
        maps = self.inputs(features)
        dtype = self.from_column.weight.dtype
        azimuths = self.steered(maps.steered.to(dtype))
        echoes, echo = self.echo(maps.echo.to(dtype))
        level = self.level(maps.level.to(dtype))
        whole = self.whole(torch.cat([level, echo, azimuths.mean(dim=3, keepdim=True)], dim=1))
        behind = (azimuths.shape[3] - self._columns) // 2
        image = azimuths[..., behind : behind + self._columns]
        columns = functional.interpolate(image, size=(1, GRID_COLUMNS), mode='bilinear', align_corners=False)
        placed = self.from_place(prior_grid.to(dtype))
        if views is not None:
            placed = placed[views]
        grid = self.blocks(self.joined(placed + self.from_column(columns) + self.from_whole(whole)))
        return SceneFeatures(azimuths, echoes, whole, grid)
