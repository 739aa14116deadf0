# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Interface of the bottleneck between encoder and decoder of a manifold."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, NamedTuple

from torch import nn

if TYPE_CHECKING:
    from torch import Tensor


class Quantized(NamedTuple):
    """Output of a bottleneck for a batch of latents.

    Attributes:
        values: (batch, code_dim, row, column), input of the decoder: the nearest codes, with a straight-through
            gradient
            in training, or the latents themselves.
        codes: int64 (batch, row, column), indices of the codes; None without a codebook.
        distance: float32 (batch, row, column), distance of the latent to the manifold. With a codebook it is the
            squared
            distance to the nearest code divided by the code dimension. Otherwise it is the mean squared deviation from
            the mean latent in standard deviations.

    """

    values: Tensor
    codes: Tensor | None
    distance: Tensor


class Bottleneck(nn.Module):
    """Base class of bottlenecks: `forward` for the training of the manifold, `quantize` for inference from audio."""

    @abstractmethod
    def forward(self, encoded: Tensor) -> Quantized:
        """Process the encoder's output (batch, channel, row, column) during the training of a manifold."""

    @abstractmethod
    def quantize(self, latent: Tensor) -> Quantized:
        """Compute the decoder's input for latents (batch, code_dim, row, column).

        State does not change, nothing is random.
        """

    @abstractmethod
    def penalty(self, encoded: Tensor, quantized: Quantized) -> Tensor:
        """Return the loss of the bottleneck, a scalar, for the encoder's output and the result of `forward`."""

    def latent(self, encoded: Tensor) -> Tensor:
        """Return the latent (batch, code_dim, row, column) of the encoder's output. It is the target of an AT-net."""
        return encoded
