# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The VQ-VAE that learns the manifold of one visual modality (paper, sections 3.1 and 4)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import nn

from audio_manifold_ros.networks.configuration import read_strict
from audio_manifold_ros.networks.errors import NetworkError
from audio_manifold_ros.networks.quantizer import Quantized, VectorQuantizer
from audio_manifold_ros.networks.residual import ResidualBlock

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class VqVaeConfig:
    """Sizes of a VQ-VAE; the defaults are the paper's, for depth.

    Attributes:
        channels: Of the image: 1 for depth, the number of classes for segmentation (one-hot in, logits out).
        image_size: Rows and columns of the image.
        manifold_cells: Rows and columns of the manifold; the paper tries 8, 16 and 32.
        codes: Codes of the codebook.
        code_dim: Dimension of a code.
        first_features: Of the convolution next to the image.
        features: Of all others.
        residual_blocks: On each side of the codebook.
        decay: Of the codebook's moving averages.

    Raises:
        NetworkError: The manifold does not divide the image by a power of two.

    """

    channels: int = 1
    image_size: int = 128
    manifold_cells: int = 8
    codes: int = 64
    code_dim: int = 64
    first_features: int = 64
    features: int = 128
    residual_blocks: int = 3
    decay: float = 0.99

    def __post_init__(self) -> None:
        """Refuse sizes that strided convolutions cannot reach."""
        for name, value in asdict(self).items():
            if value <= 0:
                msg = f'{name} is {value!r}: give a positive number.'
                raise NetworkError(msg)
        if self.manifold_cells << self.stages != self.image_size or self.stages < 1:
            msg = (
                f'image_size {self.image_size!r} over manifold_cells {self.manifold_cells!r}: '
                f'give sizes whose ratio is 2, 4, 8 or another power of two.'
            )
            raise NetworkError(msg)

    @property
    def stages(self) -> int:
        """Strided convolutions on each side: log2(image_size / manifold_cells)."""
        return (self.image_size // self.manifold_cells).bit_length() - 1

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> VqVaeConfig:
        """Build a configuration from plain values.

        Raises:
            NetworkError: A key is unknown, or a value makes no sense.

        """
        return read_strict(cls, values)


class Reconstruction(NamedTuple):
    """What a VQ-VAE makes of a batch of images.

    Attributes:
        image: (batch, channel, row, column), depth in 0..1 (not clipped) or logits.
        latent: (batch, code_dim, cell, cell), before the codebook.
        quantized: What the codebook said about it.

    """

    image: Tensor
    latent: Tensor
    quantized: Quantized


class VqVae(nn.Module):
    """Encoder, codebook, decoder."""

    def __init__(self, config: VqVaeConfig | None = None) -> None:
        """Build the network with random weights and an empty codebook."""
        super().__init__()
        self.config = config or VqVaeConfig()
        self.encoder = make_encoder(self.config)
        self.quantizer = VectorQuantizer(self.config.codes, self.config.code_dim, self.config.decay)
        self.decoder = make_decoder(self.config)

    def forward(self, image: Tensor) -> Reconstruction:
        """Reconstruct (batch, channel, row, column)."""
        latent = self.encoder(image)
        quantized = self.quantizer(latent)
        return Reconstruction(self.decoder(quantized.values), latent, quantized)

    @torch.no_grad()
    def decode(self, codes: Tensor) -> Tensor:
        """Draw the image (batch, channel, row, column) of codes (batch, cell, cell)."""
        return self.decoder(self.quantizer.lookup(codes))  # type: ignore[no-any-return]


def make_encoder(config: VqVaeConfig) -> nn.Sequential:
    """Build the layers from the image to the continuous latent: 4x4 convolutions of stride 2, residual blocks, 1x1."""
    widths = [config.channels, config.first_features] + [config.features] * (config.stages - 1)
    layers: list[nn.Module] = []
    for features_in, features_out in pairwise(widths):
        layers += [nn.Conv2d(features_in, features_out, 4, stride=2, padding=1), nn.ReLU(inplace=True)]
    layers += [ResidualBlock(widths[-1]) for _ in range(config.residual_blocks)]
    layers += [nn.ReLU(), nn.Conv2d(widths[-1], config.code_dim, 1)]
    return nn.Sequential(*layers)


def make_decoder(config: VqVaeConfig) -> nn.Sequential:
    """Build the mirror image: 3x3, residual blocks, 4x4 transposed convolutions of stride 2."""
    widths = [config.features] * (config.stages - 1) + [config.first_features, config.channels]
    layers: list[nn.Module] = [nn.Conv2d(config.code_dim, widths[0], 3, padding=1)]
    layers += [ResidualBlock(widths[0]) for _ in range(config.residual_blocks)]
    for features_in, features_out in pairwise(widths):
        layers += [nn.ReLU(), nn.ConvTranspose2d(features_in, features_out, 4, stride=2, padding=1)]
    return nn.Sequential(*layers)
