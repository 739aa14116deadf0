# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Prior of the images: what is seen at each pixel without a sound. The network predicts deviations from it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import nn

from audio_manifold_ros.modalities.registry import MODALITIES

if TYPE_CHECKING:
    from torch import Tensor

    from audio_manifold_ros.networks.spatial.config import SpatialNetworkConfig

# Probability of a class that never occurs at a pixel.
MIN_PROBABILITY = 1e-3


class ImagePrior(nn.Module):
    """Raw prior images: depth in the unit of `DepthRepresentation`, and logarithms of class probabilities."""

    def __init__(self, config: SpatialNetworkConfig) -> None:
        """Start with a depth of 0.5 and equal classes."""
        super().__init__()
        size = config.image_size
        self.modalities = config.modalities
        for modality in config.modalities:
            channels = config.image_channels(modality)
            start = 0.5 if channels == 1 else -math.log(channels)
            self.register_buffer(modality, torch.full((1, channels, size, size), start))
        self.channels = sum(config.image_channels(modality) for modality in config.modalities)

    @torch.no_grad()
    def set(self, modality: str, image: Tensor) -> None:
        """Set the raw image (channel, row, column) of a modality: unit depth, or class probabilities."""
        raw = image.clamp(min=MIN_PROBABILITY).log() if MODALITIES[modality].is_categorical else image
        self.image(modality).copy_(raw[None])

    def image(self, modality: str) -> Tensor:
        """Return the raw image (1, channel, row, column) of a modality."""
        return self.get_buffer(modality)

    def images(self) -> Tensor:
        """Return the raw images of all modalities (1, channel, row, column)."""
        return torch.cat([self.image(modality) for modality in self.modalities], dim=1)
