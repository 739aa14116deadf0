# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The codebook as the paper writes it: learnt by gradient, with two loss terms of its own (paper, section 3.1).

It is here so that its difference from moving averages can be measured: nothing restarts codes that fall out of use.
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
"""Weight of the commitment over that of the codebook's loss (van den Oord et al. 2017, equation 3)."""


class LossVectorQuantizer(Bottleneck):
    """A codebook of `codes` vectors of `code_dim` among the network's weights.

    It starts uniform within 1 / codes of zero, as in the paper's published code.
    """

    def __init__(self, codes: int, code_dim: int) -> None:
        """Build a random codebook."""
        super().__init__()
        self.codebook = nn.Parameter(torch.empty(codes, code_dim).uniform_(-1 / codes, 1 / codes))

    def forward(self, encoded: Tensor) -> Quantized:
        """Quantise (batch, code_dim, row, column); the gradient passes straight through to the encoder."""
        quantized = self.quantize(encoded)
        return quantized._replace(values=encoded + (quantized.values - encoded).detach())

    def quantize(self, latent: Tensor) -> Quantized:
        """Find the nearest codes of (batch, code_dim, row, column)."""
        return quantize_by(self.codebook, latent)

    def penalty(self, encoded: Tensor, quantized: Quantized) -> Tensor:
        """Return commitment plus the codebook's own loss, so that the latter has weight 1 where the sum has 0.25."""
        codes = functional.embedding(cast('Tensor', quantized.codes), self.codebook).permute(0, 3, 1, 2)
        commitment = functional.mse_loss(encoded, codes.detach())
        return commitment + functional.mse_loss(codes, encoded.detach()) / COMMITMENT
