# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Network on spatial maps: from level, steered and echo map to images or to the latents of manifolds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import nn
from torch.nn import functional

from audio_manifold_ros.modalities.registry import MODALITIES
from audio_manifold_ros.networks.spatial.heads import DirectHead, ErrorHead, LatentHead
from audio_manifold_ros.networks.spatial.image_prior import ImagePrior
from audio_manifold_ros.networks.spatial.trunk import SceneFeatures, SpatialTrunk
from audio_manifold_ros.networks.vehicle_head import VehicleHead

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from audio_manifold_ros.networks.spatial.config import SpatialNetworkConfig


class SpatialOutput(NamedTuple):
    """Output of the network for a batch of windows.

    Attributes:
        scene: Features of the windows.
        deviations: Deviations from the prior by modality (batch, channel, head_size, head_size). Empty with manifolds.
        latents: Latents of the manifolds by modality (batch, code_dim, cell, cell). Empty without them.
        log_errors: Natural logarithm of the predicted errors by modality (batch, cell, cell) (see `ErrorHead`).
        vehicles: Logits of the map of vehicles (batch, class, azimuth, distance). None without it.

    """

    scene: SceneFeatures
    deviations: dict[str, Tensor]
    latents: dict[str, Tensor]
    log_errors: dict[str, Tensor]
    vehicles: Tensor | None = None


class SpatialNetwork(nn.Module):
    """Trunk, prior and heads. The raw image of a modality is its prior plus a deviation.

    Attributes:
        advantages: (1, class, 1, 1), class biases that are added to the segmentation logits; 0 until they are tuned.
        azimuths_rad: (1, azimuth), directions of the steered map for windows without their own. Only with vehicles.
        vehicles_teach_trunk: True if the loss of the vehicles has a gradient to the trunk.

    """

    advantages: Tensor
    azimuths_rad: Tensor

    def __init__(self, config: SpatialNetworkConfig) -> None:
        """Build the network. A direct head starts at the prior."""
        super().__init__()
        self.config = config
        self.prior = ImagePrior(config)
        self.register_buffer('advantages', torch.zeros(1, config.classes, 1, 1))
        self.trunk = SpatialTrunk(config)
        channels = self.trunk.channels
        self.head: DirectHead | LatentHead
        if config.is_quantised:
            self.head = LatentHead(config, channels)
        else:
            self.head = DirectHead(config, channels)
        self.errors = ErrorHead(config, channels)
        self.vehicles: VehicleHead | None = None
        self.vehicles_teach_trunk = True
        if config.vehicles is not None:
            count = config.steered[1]
            self.register_buffer('azimuths_rad', math.pi - 2 * math.pi * torch.arange(count)[None] / count)
            trunk = self.trunk
            values = (trunk.steered.values, trunk.echo.azimuth_values, trunk.whole_values)
            self.vehicles = VehicleHead(config.vehicles, values, config.echo[0])

    @torch.no_grad()
    def set_azimuths(self, azimuths_rad: NDArray[np.float32]) -> None:
        """Set the directions (1, azimuth) of the steered map of windows without their own."""
        self.azimuths_rad.copy_(torch.from_numpy(azimuths_rad))

    def forward(
        self,
        features: Tensor,
        prior_grid: Tensor | None = None,
        azimuths_rad: Tensor | None = None,
        views: Tensor | None = None,
    ) -> SpatialOutput:
        """Map packed features to deviations or latents, predicted errors and vehicles.

        The errors have no gradient to the trunk.

        Args:
            features: float32 (batch, size).
            prior_grid: Priors of cameras on the grid (see `PriorTensors`). None for that of the network.
            azimuths_rad: float32 (batch, azimuth), the directions of the steered map. None for the attribute.
            views: int64 (batch,), index of the camera of each window (see `SpatialTrunk.forward`).

        """
        scene = self.trunk(features, self.prior.grid if prior_grid is None else prior_grid, views)
        deviations: dict[str, Tensor] = {}
        latents: dict[str, Tensor] = {}
        if isinstance(self.head, LatentHead):
            latents = self.head(scene.grid)
        else:
            deviations = self.head(scene.grid)
        log_errors = self.errors(scene.grid.detach())
        return SpatialOutput(scene, deviations, latents, log_errors, self._vehicle_logits(scene, azimuths_rad))

    def _vehicle_logits(self, scene: SceneFeatures, azimuths_rad: Tensor | None) -> Tensor | None:
        if self.vehicles is None:
            return None
        if not self.vehicles_teach_trunk:
            scene = SceneFeatures(*(features.detach() for features in scene))
        azimuths_rad = self.azimuths_rad if azimuths_rad is None else azimuths_rad
        logits: Tensor = self.vehicles(scene, self.trunk.inputs.in_circle_order(azimuths_rad, 1))
        return logits

    def enlarge(self, modality: str, deviation: Tensor, prior_images: Tensor | None = None) -> Tensor:
        """Return the raw image of a modality from its deviation, interpolated (see `add_prior`)."""
        size = (self.config.image_size, self.config.image_size)
        enlarged = functional.interpolate(deviation, size=size, mode='bilinear', align_corners=False)
        return self.add_prior(modality, enlarged, prior_images)

    def add_prior(self, modality: str, deviation: Tensor, prior_images: Tensor | None = None) -> Tensor:
        """Return the raw image of a modality from its deviation.

        Args:
            modality: The modality.
            deviation: (batch, channel, row, column) in the size of the prior.
            prior_images: Prior of the cameras (see `PriorTensors`). None for that of the network.

        """
        images = self.prior.images if prior_images is None else prior_images
        image = deviation + images[:, self.config.image_place(modality)].to(deviation.dtype)
        return image + self.advantages if MODALITIES[modality].is_categorical else image
