# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What lies between the encoder and the decoder of a manifold."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, NamedTuple

from torch import nn

if TYPE_CHECKING:
    from torch import Tensor


class Quantized(NamedTuple):
    """What a bottleneck says about a batch of latents.

    Attributes:
        values: (batch, code_dim, row, column), what the decoder gets: the nearest codes, through which the gradient
            passes straight in training, or the latents themselves.
        codes: int64 (batch, row, column), indices of the codes; None without a codebook.
        distance: float32 (batch, row, column), how far the latent is from what the manifold knows: with a codebook
            the squared distance to the nearest code over the code dimension, else the mean squared deviation from the
            mean latent in standard deviations.

    """

    values: Tensor
    codes: Tensor | None
    distance: Tensor


class Bottleneck(nn.Module):
    """What all bottlenecks offer: `forward` while the manifold is learnt, `quantize` when sound is heard."""

    @abstractmethod
    def forward(self, encoded: Tensor) -> Quantized:
        """Pass on what the encoder says, (batch, channel, row, column), during the fit of a manifold."""

    @abstractmethod
    def quantize(self, latent: Tensor) -> Quantized:
        """Find what the decoder gets for latents (batch, code_dim, row, column): no state changes, no chance."""

    @abstractmethod
    def penalty(self, encoded: Tensor, quantized: Quantized) -> Tensor:
        """Return the bottleneck's own loss, a scalar, of what `forward` has made of the encoder's output."""

    def latent(self, encoded: Tensor) -> Tensor:
        """Return the latent (batch, code_dim, row, column) of what the encoder says: what an AT-net learns to say."""
        return encoded
