# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bottlenecks without a codebook: the plain one of an autoencoder, and the gaussian one of a variational one.

The paper calls what it compares with a VAE (table 5); its published code has no divergence and draws no samples there,
so the plain one is what was compared, and the gaussian one is what the name says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from audio_manifold_ros.networks.bottleneck import Bottleneck, Quantized

if TYPE_CHECKING:
    from torch import Tensor

LOG_VARIANCE_RANGE = (-20.0, 10.0)


class IdentityBottleneck(Bottleneck):
    """Latents reach the decoder as they are; their distance is that from the mean image of the training windows."""

    mean: Tensor
    std: Tensor

    def __init__(self, code_dim: int, cells: int) -> None:
        """Start with mean 0 and standard deviation 1."""
        super().__init__()
        self.register_buffer('mean', torch.zeros(1, code_dim, cells, cells))
        self.register_buffer('std', torch.ones(1, code_dim, 1, 1))

    def set_statistics(self, mean: Tensor, std: Tensor) -> None:
        """Take mean (code_dim, cell, cell) and standard deviation (code_dim,) of the training windows' latents."""
        self.mean.copy_(mean.reshape(self.mean.shape))
        self.std.copy_(std.reshape(self.std.shape))

    def forward(self, encoded: Tensor) -> Quantized:
        """Pass latents (batch, code_dim, cell, cell) on."""
        return self.quantize(encoded)

    def quantize(self, latent: Tensor) -> Quantized:
        """Pass latents (batch, code_dim, cell, cell) on, and say how far from the mean image they are."""
        distance = ((latent.float() - self.mean) / self.std).square().mean(dim=1)
        return Quantized(latent, None, distance)

    def penalty(self, encoded: Tensor, quantized: Quantized) -> Tensor:
        """Return 0."""
        del quantized
        return encoded.new_zeros(())


class GaussianBottleneck(IdentityBottleneck):
    """The encoder says mean and logarithm of the variance (Kingma and Welling 2014)."""

    def forward(self, encoded: Tensor) -> Quantized:
        """Draw latents from what the encoder says, (batch, 2 code_dim, cell, cell); outside training take the mean."""
        mean, log_variance = split_gaussian(encoded)
        quantized = self.quantize(mean)
        if not self.training:
            return quantized
        sample = mean + torch.randn_like(mean) * torch.exp(0.5 * log_variance)
        return quantized._replace(values=sample)

    def penalty(self, encoded: Tensor, quantized: Quantized) -> Tensor:
        """Return the divergence from the normal distribution of mean 0 and variance 1, per number of the latent."""
        del quantized
        mean, log_variance = split_gaussian(encoded.float())
        return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean()

    def latent(self, encoded: Tensor) -> Tensor:
        """Return the mean (batch, code_dim, cell, cell)."""
        return split_gaussian(encoded)[0]


def split_gaussian(encoded: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and log variance, each (batch, code_dim, cell, cell), the latter held to a range that exp bears."""
    mean, log_variance = encoded.chunk(2, dim=1)
    return mean, log_variance.clamp(*LOG_VARIANCE_RANGE)
