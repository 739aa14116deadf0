# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Prior of the images: what is seen at each pixel without a sound. The network predicts deviations from it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import nn

from audio_manifold_ros.camera_prior.prior_table import PriorTable
from audio_manifold_ros.camera_prior.ray_grid import COLUMNS, LEVELS, ROWS, RayGrid
from audio_manifold_ros.networks.spatial.config import GRID_COLUMNS, GRID_ROWS

if TYPE_CHECKING:
    from torch import Tensor

    from audio_manifold_ros.networks.spatial.config import SpatialNetworkConfig
    from audio_manifold_ros.networks.spatial.prior_inputs import PriorInputs


class PriorTensors(NamedTuple):
    """Priors of the cameras of a batch (see `PriorInputs`). The batch is 1 for one camera.

    Attributes:
        images: (batch, channel, row, column).
        grid: (batch, channel, `GRID_ROWS`, `GRID_COLUMNS`).

    """

    images: Tensor
    grid: Tensor


class ImagePrior(nn.Module):
    """Prior of one camera, and the table that the priors of other cameras are computed from.

    Attributes:
        images: See `PriorTensors`.
        grid: See `PriorTensors`.

    """

    images: Tensor
    grid: Tensor
    table_centre: Tensor

    def __init__(self, config: SpatialNetworkConfig) -> None:
        """Start with a depth of 0.5, equal classes and an empty table."""
        super().__init__()
        size, channels = config.image_size, [config.image_channels(name) for name in config.modalities]
        starts = [torch.full((count, size, size), 0.5 if count == 1 else -math.log(count)) for count in channels]
        self.register_buffer('images', torch.cat(starts)[None])
        self.register_buffer('grid', torch.zeros(1, config.grid_channels, GRID_ROWS, GRID_COLUMNS))
        self.register_buffer('table_centre', torch.zeros(()))
        for name, count in zip(config.modalities, channels, strict=True):
            self.register_buffer(f'table_{name}', torch.zeros(LEVELS, ROWS, COLUMNS, count))
        self._modalities = config.modalities

    @torch.no_grad()
    def set_table(self, table: PriorTable) -> None:
        """Store a table."""
        self.table_centre.fill_(table.grid.centre_rad)
        for name in self._modalities:
            self.get_buffer(f'table_{name}').copy_(torch.from_numpy(table.values[name]))

    def table(self) -> PriorTable:
        """Return the stored table."""
        values = {name: self.get_buffer(f'table_{name}').float().cpu().numpy() for name in self._modalities}
        return PriorTable(RayGrid(float(self.table_centre)), values)

    @torch.no_grad()
    def set(self, inputs: PriorInputs) -> None:
        """Set the prior of the camera that windows have without a prior of their own."""
        self.images.copy_(torch.from_numpy(inputs.images)[None])
        self.grid.copy_(torch.from_numpy(inputs.grid)[None])
