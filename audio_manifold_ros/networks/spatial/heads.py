# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Heads of the network on spatial maps: images, latents of manifolds, and predicted errors."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from torch import nn
from torch.nn import functional

from audio_manifold_ros.networks.residual import BasicBlock
from audio_manifold_ros.networks.spatial.config import ERROR_CELLS, GRID_COLUMNS, GRID_ROWS
from audio_manifold_ros.networks.spatial.encoders import convolution

if TYPE_CHECKING:
    from torch import Tensor

    from audio_manifold_ros.networks.spatial.config import SpatialNetworkConfig

IMAGE_CHANNELS = 32
LATENT_CHANNELS = (64, 128)
ERROR_CHANNELS = 48
# Limits of the logarithms of predicted errors.
LOG_ERROR_RANGE = (-7.0, 4.0)


class DirectHead(nn.Module):
    """Maps the grid to deviations from the prior in the size of the head."""

    def __init__(self, config: SpatialNetworkConfig, channels: int) -> None:
        """Build the head. It starts at the prior."""
        super().__init__()
        narrow = config.channels(IMAGE_CHANNELS)
        self.block = BasicBlock(channels, narrow, 1)
        self._is_fine = config.head_size > GRID_COLUMNS
        self.fine = BasicBlock(narrow, narrow, 1) if self._is_fine else nn.Identity()
        self.outputs = nn.ModuleDict(
            {name: nn.Conv2d(narrow, config.image_channels(name), 1) for name in config.modalities}
        )
        for output in self.outputs.values():
            nn.init.zeros_(output.weight)  # type: ignore[arg-type]
            nn.init.zeros_(output.bias)  # type: ignore[arg-type]

    def forward(self, grid: Tensor) -> dict[str, Tensor]:
        """Map the grid (batch, channel, row, column) to deviations {modality: (batch, channel, row, column)}."""
        features = self.block(functional.interpolate(grid, scale_factor=(2.0, 1.0), mode='nearest'))
        if self._is_fine:
            features = self.fine(functional.interpolate(features, scale_factor=(2.0, 2.0), mode='nearest'))
        return {name: output(features) for name, output in self.outputs.items()}


class LatentHead(nn.Module):
    """Maps the grid to the latents of the manifold of each modality."""

    def __init__(self, config: SpatialNetworkConfig, channels: int) -> None:
        """Build the head with random weights."""
        super().__init__()
        strides = [(1, 2)] if config.latent_cells == GRID_ROWS else [(1, 2), (2, 2)]
        widths = [channels, *map(config.channels, LATENT_CHANNELS[: len(strides)])]
        self.layers = nn.Sequential(
            *(convolution(a, b, (3, 3), stride) for (a, b), stride in zip(pairwise(widths), strides, strict=True)),
            convolution(widths[-1], widths[-1], (3, 3)),
        )
        self.outputs = nn.ModuleDict({name: nn.Conv2d(widths[-1], config.code_dim, 1) for name in config.modalities})

    def forward(self, grid: Tensor) -> dict[str, Tensor]:
        """Map the grid (batch, channel, row, column) to latents {modality: (batch, code_dim, cell, cell)}."""
        features = self.layers(grid)
        return {name: output(features) for name, output in self.outputs.items()}


class ErrorHead(nn.Module):
    """Predicts the error of the images from the sound, per cell and modality.

    For depth it is the mean |ln error|, for classes the odds of a wrong class.
    """

    def __init__(self, config: SpatialNetworkConfig, channels: int) -> None:
        """Build the head with random weights."""
        super().__init__()
        width = config.channels(ERROR_CHANNELS)
        self.layers = nn.Sequential(*convolution(channels, width, (3, 3)), nn.Conv2d(width, len(config.modalities), 1))
        self._modalities = config.modalities

    def forward(self, grid: Tensor) -> dict[str, Tensor]:
        """Map features (batch, channel, row, column) to the natural logarithm of errors (batch, cell, cell)."""
        cells = functional.avg_pool2d(grid, (grid.shape[2] // ERROR_CELLS, grid.shape[3] // ERROR_CELLS))
        logs = self.layers(cells).float().clamp(*LOG_ERROR_RANGE)
        return {name: logs[:, index] for index, name in enumerate(self._modalities)}
