# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Residual blocks of the VQ-VAE and of ResNet-18."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from torch import Tensor


class ResidualBlock(nn.Module):
    """ReLU, 3x3, ReLU, 1x1, added to the input (van den Oord et al. 2017, section 4.1)."""

    def __init__(self, features: int) -> None:
        """Build a block that keeps the number of features."""
        super().__init__()
        self.layers = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(features, features, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(features, features, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, feature, row, column) to the same shape."""
        total: Tensor = x + self.layers(x)
        return total


class ReferenceResidualBlock(nn.Module):
    """Block of the paper's code: 3x3 to a quarter of the features, ReLU, 1x1 back, added to the input, ReLU."""

    def __init__(self, features: int) -> None:
        """Build a block that keeps the number of features."""
        super().__init__()
        narrow = max(features // 4, 1)
        self.layers = nn.Sequential(
            nn.Conv2d(features, narrow, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(narrow, features, 1),
        )
        self.activation = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, feature, row, column) to the same shape."""
        activated: Tensor = self.activation(x + self.layers(x))
        return activated


class BasicBlock(nn.Module):
    """Two 3x3 convolutions with batch normalisation and a shortcut (He et al. 2016, figure 5 left)."""

    def __init__(self, features_in: int, features_out: int, stride: int) -> None:
        """Build a block. With a stride or another number of features the shortcut is a 1x1 convolution."""
        super().__init__()
        self.residual = nn.Sequential(
            nn.Conv2d(features_in, features_out, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(features_out),
            nn.ReLU(inplace=True),
            nn.Conv2d(features_out, features_out, 3, padding=1, bias=False),
            nn.BatchNorm2d(features_out),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or features_in != features_out:
            self.shortcut = nn.Sequential(
                nn.Conv2d(features_in, features_out, 1, stride=stride, bias=False),
                nn.BatchNorm2d(features_out),
            )
        self.activation = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, features_in, row, column) to (batch, features_out, row / stride, column / stride)."""
        activated: Tensor = self.activation(self.residual(x) + self.shortcut(x))
        return activated
