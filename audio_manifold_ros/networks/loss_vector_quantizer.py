# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Codebook trained by gradient with two loss terms, as in the paper (section 3.1).

It allows a comparison with the codebook of moving averages. Unused codes are not restarted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch
from torch import nn
from torch.nn import functional

from audio_manifold_ros.networks.bottleneck import Bottleneck, Quantized
from audio_manifold_ros.networks.quantizer import quantize_by

if TYPE_CHECKING:
    from torch import Tensor

COMMITMENT = 0.25
"""Weight of the commitment relative to the codebook loss (van den Oord et al. 2017, equation 3)."""


class LossVectorQuantizer(Bottleneck):
    """Codebook of `codes` vectors of `code_dim` as trainable weights.

    It is initialised uniformly within ±1 / codes, as in the paper's published code.
    """

    def __init__(self, codes: int, code_dim: int) -> None:
        """Build a random codebook."""
        super().__init__()
        self.codebook = nn.Parameter(torch.empty(codes, code_dim).uniform_(-1 / codes, 1 / codes))

    def forward(self, encoded: Tensor) -> Quantized:
        """Quantise (batch, code_dim, row, column) with a straight-through gradient to the encoder."""
        quantized = self.quantize(encoded)
        return quantized._replace(values=encoded + (quantized.values - encoded).detach())

    def quantize(self, latent: Tensor) -> Quantized:
        """Find the nearest codes of (batch, code_dim, row, column)."""
        return quantize_by(self.codebook, latent)

    def penalty(self, encoded: Tensor, quantized: Quantized) -> Tensor:
        """Return commitment plus codebook loss. The codebook loss has weight 1 if the sum is weighted with 0.25."""
        codes = functional.embedding(cast('Tensor', quantized.codes), self.codebook).permute(0, 3, 1, 2)
        commitment = functional.mse_loss(encoded, codes.detach())
        return commitment + functional.mse_loss(codes, encoded.detach()) / COMMITMENT
