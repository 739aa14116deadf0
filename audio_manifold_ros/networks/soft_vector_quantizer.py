# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Codebook with soft decoding: the decoder gets a mean of the codes, weighted by their distances to the latent.

A nearest code discards how near the second one is. The weighted mean keeps it, and passes a gradient (Agustsson et al.
2017, soft-to-hard vector quantization).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch
from torch import nn

from audio_manifold_ros.networks.quantizer import VectorQuantizer, quantize_by, relative_distances

if TYPE_CHECKING:
    from torch import Tensor

    from audio_manifold_ros.networks.bottleneck import Quantized

START_FRACTION = 0.25
"""First temperature, relative to the mean squared distance of a code to the nearest other one."""


class SoftVectorQuantizer(VectorQuantizer):
    """Codebook whose output is Σ w · code, w = softmax(-distance² / temperature), with a learnt temperature.

    The codes are updated as those of `VectorQuantizer`, by their nearest latents. `Quantized.codes` and `distance` are
    those of the nearest code.
    """

    def __init__(self, codes: int, code_dim: int, decay: float = 0.99) -> None:
        """Build an empty codebook."""
        super().__init__(codes, code_dim, decay)
        self.log_temperature = nn.Parameter(torch.zeros(1))

    def forward(self, encoded: Tensor) -> Quantized:
        """Quantise (batch, code_dim, row, column). In training mode the codebook is updated as well."""
        # The update changes the codes in place, before the gradient is computed with them.
        quantized = self._quantize_by(self.codebook.clone() if self.training else self.codebook, encoded)
        if not self.started:
            return quantized._replace(values=encoded)
        if self.training:
            self.update(encoded.detach(), cast('Tensor', quantized.codes))
        return quantized

    def quantize(self, latent: Tensor) -> Quantized:
        """Compute the weighted means of the codes, and find the nearest codes, of (batch, code_dim, row, column)."""
        return self._quantize_by(self.codebook, latent)

    def _quantize_by(self, codebook: Tensor, latent: Tensor) -> Quantized:
        nearest = quantize_by(codebook, latent)
        rows = latent.permute(0, 2, 3, 1).float()
        # |latent|² is the same for all codes, so it does not change the weights.
        distances = relative_distances(rows, codebook)
        weights = torch.softmax(-distances * torch.exp(-self.log_temperature), dim=-1)
        return nearest._replace(values=(weights @ codebook).permute(0, 3, 1, 2).to(latent.dtype))

    @torch.no_grad()
    def start(self, vectors: Tensor) -> None:
        """Initialise the codebook by k-means over latents (vector, code_dim), and the temperature by its codes."""
        super().start(vectors)
        self.start_temperature()

    @torch.no_grad()
    def start_temperature(self) -> None:
        """Set the temperature to a fraction of the mean squared distance of a code to the nearest other one."""
        squares = torch.cdist(self.codebook, self.codebook).square()
        squares.fill_diagonal_(torch.inf)
        nearest = squares.amin(dim=1)
        usable = nearest[torch.isfinite(nearest) & (nearest > 0)]
        if len(usable):
            self.log_temperature.fill_(torch.log(START_FRACTION * usable.mean()))
