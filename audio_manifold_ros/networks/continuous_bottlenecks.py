# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bottlenecks without a codebook: identity (autoencoder) and Gaussian (variational autoencoder).

The paper compares with a VAE (table 5). Its published code for this comparison has no divergence and draws no samples.
The identity bottleneck is therefore the one that was compared, the Gaussian bottleneck is a real VAE.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from audio_manifold_ros.networks.bottleneck import Bottleneck, Quantized

if TYPE_CHECKING:
    from torch import Tensor

LOG_VARIANCE_RANGE = (-20.0, 10.0)


class IdentityBottleneck(Bottleneck):
    """Bottleneck that passes latents on. Their distance is that from the mean latent of the training windows."""

    mean: Tensor
    std: Tensor

    def __init__(self, code_dim: int, cells: int) -> None:
        """Start with mean 0 and standard deviation 1."""
        super().__init__()
        self.register_buffer('mean', torch.zeros(1, code_dim, cells, cells))
        self.register_buffer('std', torch.ones(1, code_dim, 1, 1))

    def set_statistics(self, mean: Tensor, std: Tensor) -> None:
        """Set mean (code_dim, cell, cell) and standard deviation (code_dim,) of the latents of the training windows."""
        self.mean.copy_(mean.reshape(self.mean.shape))
        self.std.copy_(std.reshape(self.std.shape))

    def forward(self, encoded: Tensor) -> Quantized:
        """Return latents (batch, code_dim, cell, cell) unchanged, with their distance."""
        return self.quantize(encoded)

    def quantize(self, latent: Tensor) -> Quantized:
        """Return latents (batch, code_dim, cell, cell) unchanged, with their distance from the mean latent."""
        distance = ((latent.float() - self.mean) / self.std).square().mean(dim=1)
        return Quantized(latent, None, distance)

    def penalty(self, encoded: Tensor, quantized: Quantized) -> Tensor:
        """Return 0."""
        del quantized
        return encoded.new_zeros(())


class GaussianBottleneck(IdentityBottleneck):
    """Bottleneck of an encoder that predicts mean and log variance (Kingma and Welling 2014)."""

    def forward(self, encoded: Tensor) -> Quantized:
        """Sample latents from the encoder's output (batch, 2 code_dim, cell, cell).

        Outside training return the mean.
        """
        mean, log_variance = split_gaussian(encoded)
        quantized = self.quantize(mean)
        if not self.training:
            return quantized
        sample = mean + torch.randn_like(mean) * torch.exp(0.5 * log_variance)
        return quantized._replace(values=sample)

    def penalty(self, encoded: Tensor, quantized: Quantized) -> Tensor:
        """Return the divergence from the standard normal distribution per element of the latent."""
        del quantized
        mean, log_variance = split_gaussian(encoded.float())
        return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean()

    def latent(self, encoded: Tensor) -> Tensor:
        """Return the mean (batch, code_dim, cell, cell)."""
        return split_gaussian(encoded)[0]


def split_gaussian(encoded: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and log variance, each (batch, code_dim, cell, cell).

    The log variance is clamped to a range safe for exp.
    """
    mean, log_variance = encoded.chunk(2, dim=1)
    return mean, log_variance.clamp(*LOG_VARIANCE_RANGE)
