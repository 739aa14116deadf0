# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Decoder of a manifold that refines small maps and interpolates them once to the size of the image."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from audio_manifold_ros.networks.residual import BasicBlock

if TYPE_CHECKING:
    from torch import Tensor

# Rows and columns of the maps of a compact decoder.
MAP_SIZE = 32


class CompactDecoder(nn.Module):
    """Convolutions on the cells of the codes, doubled to maps of 32 rows and columns, and one linear interpolation.

    The transposed convolutions of the paper's decoder at 64 and 128 rows take most of its time, and the codes of 8 x 8
    or 16 x 16 cells have no detail of that size. A learnt place makes rows and columns distinct.
    """

    def __init__(
        self, *, code_dim: int, cells: int, features: int, fine_features: int, channels: int, image_size: int
    ) -> None:
        """Build the decoder. Its images start at 0.

        Args:
            code_dim: Dimension of the codes.
            cells: Rows and columns of the codes: `MAP_SIZE` over a power of two.
            features: Features of the maps.
            fine_features: Features of the maps of `MAP_SIZE`.
            channels: Channels of the image.
            image_size: Rows and columns of the image.

        """
        super().__init__()
        self._image_size = image_size
        doublings = (MAP_SIZE // cells).bit_length() - 1
        self.first = nn.Conv2d(code_dim, features, 3, padding=1, bias=False)
        self.place = nn.Parameter(0.1 * torch.randn(1, features, cells, cells))
        self.joined = nn.Sequential(nn.BatchNorm2d(features), nn.ReLU(inplace=True))
        # The convolutions come before each doubling: after it they would take four times as long.
        self.blocks = nn.Sequential(
            *(
                nn.Sequential(BasicBlock(a, b, 1), nn.Upsample(scale_factor=2.0))
                for a, b in pairwise([features] * doublings + [fine_features])
            )
        )
        self.fine = nn.Sequential(
            nn.Conv2d(fine_features, fine_features, 3, padding=1, bias=False),
            nn.BatchNorm2d(fine_features),
            nn.ReLU(inplace=True),
        )
        self.output = nn.Conv2d(fine_features, channels, 1)
        for start in self.output.parameters():
            nn.init.zeros_(start)

    def forward(self, values: Tensor) -> Tensor:
        """Map codes (batch, code_dim, cell, cell) to images (batch, channel, row, column)."""
        size = (self._image_size, self._image_size)
        return functional.interpolate(self.maps(values), size=size, mode='bilinear', align_corners=False)

    def maps(self, values: Tensor) -> Tensor:
        """Map codes (batch, code_dim, cell, cell) to images before the interpolation (batch, channel, 32, 32)."""
        maps: Tensor = self.output(self.fine(self.blocks(self.joined(self.first(values) + self.place))))
        return maps
