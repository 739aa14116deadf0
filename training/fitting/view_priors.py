# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Priors of the cameras of all windows of a fit, computed once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from audio_manifold_ros.networks.spatial.image_prior import PriorTensors
from audio_manifold_ros.networks.spatial.prior_inputs import prior_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audio_manifold_ros.camera_prior.camera_view import CameraView
    from audio_manifold_ros.networks.depth_representation import DepthRepresentation
    from audio_manifold_ros.networks.spatial.spatial_network import SpatialNetwork


class ViewPriors(nn.Module):
    """Priors of several cameras, from the table of a network. They are not part of a checkpoint.

    Attributes:
        images: float16 (view, channel, row, column), see `PriorTensors`. A camera takes 0.7 MB.
        grid: float32 (view, channel, row, column), see `PriorTensors`.

    """

    images: torch.Tensor
    grid: torch.Tensor

    def __init__(self, network: SpatialNetwork, views: Sequence[CameraView], depth: DepthRepresentation) -> None:
        """Compute the priors of cameras."""
        super().__init__()
        table = network.prior.table()
        images, grids = [], []
        for view in views:
            found = prior_inputs(table, view, network.config, depth)
            images.append(found.images.astype(np.float16))
            grids.append(found.grid)
        self.register_buffer('images', torch.from_numpy(np.stack(images)), persistent=False)
        self.register_buffer('grid', torch.from_numpy(np.stack(grids)), persistent=False)

    def forward(self, views: torch.Tensor) -> PriorTensors:
        """Return the priors of windows by the indices of their views, int64 (batch,)."""
        return PriorTensors(self.images[views].float(), self.grid[views])

    def pixels(self, views: torch.Tensor, channels: slice, rows: slice, columns: slice) -> torch.Tensor:
        """Return some channels and pixels of the prior images of windows."""
        return self.images[:, channels, rows, columns][views].float()
