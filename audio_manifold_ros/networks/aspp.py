# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Atrous spatial pyramid pooling (Chen et al. 2017, section 3.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from torch import Tensor

DILATIONS = (12, 24, 36)


class Aspp(nn.Module):
    """Parallel branches: the mean of the whole map, a 1x1 convolution, and 3x3 convolutions of three dilations.

    Attributes:
        features: Number of output features of all five branches.

    """

    def __init__(self, features_in: int, features: int) -> None:
        """Build branches with the given number of features each."""
        super().__init__()
        self.features = (2 + len(DILATIONS)) * features
        self.pooled = nn.Sequential(nn.AdaptiveAvgPool2d(1), *_branch(features_in, features, 1, 0))
        self.branches = nn.ModuleList(
            [nn.Sequential(*_branch(features_in, features, 1, 0))]
            + [nn.Sequential(*_branch(features_in, features, 3, dilation)) for dilation in DILATIONS]
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, features_in, row, column) to (batch, features, row, column)."""
        pooled = self.pooled(x).expand(-1, -1, x.shape[2], x.shape[3])
        return torch.cat([pooled, *(branch(x) for branch in self.branches)], dim=1)


def _branch(features_in: int, features_out: int, kernel: int, dilation: int) -> list[nn.Module]:
    layer = nn.Conv2d(features_in, features_out, kernel, padding=dilation, dilation=max(dilation, 1), bias=False)
    return [layer, nn.BatchNorm2d(features_out), nn.ReLU(inplace=True)]
