# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Codebook with nearest-code search, straight-through gradient, and moving averages instead of a codebook loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch
from torch import distributed
from torch.nn import functional

from audio_manifold_ros.networks.bottleneck import Bottleneck, Quantized

if TYPE_CHECKING:
    from torch import Tensor

LAPLACE_EPSILON = 1e-5
KMEANS_ROUNDS = 20
DEAD_FRACTION = 0.01
"""A code is dead if it was used less often than this fraction of the average since the last search."""


class VectorQuantizer(Bottleneck):
    """Codebook of `codes` vectors of `code_dim` (van den Oord et al. 2017; moving averages of its appendix A.1).

    The codebook is stored in buffers. Before `start` is called, latents pass unquantised.
    """

    codebook: Tensor
    counts: Tensor
    sums: Tensor
    started: Tensor
    recent: Tensor

    def __init__(self, codes: int, code_dim: int, decay: float = 0.99) -> None:
        """Build an empty codebook.

        Args:
            codes: Number of codes.
            code_dim: Dimension of a code.
            decay: Decay of the moving averages per training batch.

        """
        super().__init__()
        self.decay = decay
        self.register_buffer('codebook', torch.zeros(codes, code_dim))
        self.register_buffer('counts', torch.ones(codes))
        self.register_buffer('sums', torch.zeros(codes, code_dim))
        self.register_buffer('started', torch.tensor(False))
        self.register_buffer('recent', torch.zeros(codes), persistent=False)

    def forward(self, encoded: Tensor) -> Quantized:
        """Quantise (batch, code_dim, row, column). In training mode the codebook is updated as well."""
        quantized = self.quantize(encoded)
        if not self.started:
            return quantized._replace(values=encoded)
        if self.training:
            self.update(encoded.detach(), cast('Tensor', quantized.codes))
        return quantized._replace(values=encoded + (quantized.values - encoded).detach())

    def quantize(self, latent: Tensor) -> Quantized:
        """Find the nearest codes of (batch, code_dim, row, column).

        State does not change, there is no straight-through gradient.
        """
        return quantize_by(self.codebook, latent)

    def penalty(self, encoded: Tensor, quantized: Quantized) -> Tensor:
        """Return the commitment loss: the mean squared distance of the latents to their codes, 0 before the start."""
        if not self.started:
            return encoded.new_zeros(())
        return functional.mse_loss(encoded, self.lookup(cast('Tensor', quantized.codes)))

    def lookup(self, codes: Tensor) -> Tensor:
        """Return the vectors (batch, code_dim, row, column) of codes (batch, row, column)."""
        return functional.embedding(codes, self.codebook).permute(0, 3, 1, 2)

    @torch.no_grad()
    def start(self, vectors: Tensor) -> None:
        """Initialise the codebook by k-means over latents (vector, code_dim) of the first batches."""
        codebook = kmeans(vectors.float(), self.codebook.shape[0])
        _broadcast(codebook)
        self.codebook.copy_(codebook)
        average = len(vectors) / len(codebook)
        self.counts.fill_(average)
        self.sums.copy_(codebook * average)
        self.started.fill_(True)

    @torch.no_grad()
    def adopt(self, average: float) -> None:
        """Start the moving averages at the current codes, each with the count `average`."""
        self.counts.fill_(average)
        self.sums.copy_(self.codebook * average)
        self.started.fill_(True)

    @torch.no_grad()
    def update(self, latent: Tensor, codes: Tensor) -> None:
        """Move every code towards the mean of the latents (batch, code_dim, row, column) assigned to it."""
        vectors = latent.permute(0, 2, 3, 1).reshape(-1, latent.shape[1]).float()
        counts, sums = assignment_sums(vectors, codes.flatten(), len(self.codebook))
        _sum_over_devices(counts, sums)
        self.recent += counts
        self.counts.lerp_(counts, 1 - self.decay)
        self.sums.lerp_(sums, 1 - self.decay)
        total = self.counts.sum()
        smoothed = (self.counts + LAPLACE_EPSILON) / (total + len(self.counts) * LAPLACE_EPSILON) * total
        self.codebook.copy_(self.sums / smoothed[:, None])

    @torch.no_grad()
    def restart_dead_codes(self, latent: Tensor) -> int:
        """Move rarely used codes to new positions and return their number.

        The positions are latents of the batch (batch, code_dim, row, column), sampled with a probability proportional
        to their squared distance to the codebook. Regions of frequent latents already have enough codes.
        """
        dead = torch.nonzero(self.recent < DEAD_FRACTION * self.recent.mean()).flatten()
        self.recent.zero_()
        if not len(dead):
            return 0
        vectors = latent.detach().permute(0, 2, 3, 1).reshape(-1, latent.shape[1]).float()
        chosen = vectors[torch.multinomial(self.quantize(latent).distance.flatten() + 1e-12, len(dead))]
        _broadcast(chosen)
        # With a small count, a useful code converges within a few batches, and an outlier is dropped again.
        self.counts[dead] = 0.1 * self.counts.mean()
        self.sums[dead] = chosen * self.counts[dead, None]
        self.codebook[dead] = chosen
        return len(dead)


def quantize_by(codebook: Tensor, latent: Tensor) -> Quantized:
    """Find the nearest codes of a codebook (code, code_dim) for latents (batch, code_dim, row, column)."""
    rows = latent.permute(0, 2, 3, 1).float()
    codes = nearest_codes(rows, codebook)
    values = functional.embedding(codes, codebook)
    distance = (rows - values).square().mean(dim=-1)
    return Quantized(values.permute(0, 3, 1, 2).to(latent.dtype), codes, distance)


def nearest_codes(vectors: Tensor, codebook: Tensor) -> Tensor:
    """Return the index of the nearest code for each float32 vector (…, code_dim)."""
    return relative_distances(vectors, codebook).argmin(dim=-1)


def relative_distances(vectors: Tensor, codebook: Tensor) -> Tensor:
    """Return |vector - code|² - |vector|² of float32 vectors (…, code_dim) and all codes: (…, code)."""
    return codebook.square().sum(dim=1) - 2 * vectors @ codebook.t()


def assignment_sums(vectors: Tensor, codes: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return the number of vectors (vector, code_dim) of each code (code,), and their sums (code, code_dim)."""
    counts = torch.bincount(codes, minlength=count).to(vectors.dtype)
    sums = torch.zeros(count, vectors.shape[1], dtype=vectors.dtype, device=vectors.device)
    return counts, sums.index_add_(0, codes, vectors)


def kmeans(vectors: Tensor, clusters: int) -> Tensor:
    """Return cluster centres (cluster, code_dim) of Lloyd's algorithm with k-means++.

    Empty clusters are sampled again.
    """
    centres = vectors[_kmeans_plus_plus(vectors, clusters)]
    for _ in range(KMEANS_ROUNDS):
        counts, sums = assignment_sums(vectors, nearest_codes(vectors, centres), clusters)
        sampled = vectors[torch.randint(len(vectors), (clusters,), device=vectors.device)]
        centres = torch.where(counts[:, None] > 0, sums / counts.clamp(min=1)[:, None], sampled)
    return centres


def _kmeans_plus_plus(vectors: Tensor, clusters: int) -> Tensor:
    """Sample k-means++ start vectors (Arthur, Vassilvitskii 2007).

    The probability is proportional to the squared distance to the vectors chosen so far.
    """
    chosen = [torch.randint(len(vectors), (1,), device=vectors.device)]
    distance = torch.full((len(vectors),), torch.inf, device=vectors.device)
    for _ in range(clusters - 1):
        distance = torch.minimum(distance, (vectors - vectors[chosen[-1]]).square().sum(dim=1))
        chosen.append(torch.multinomial(distance + 1e-12, 1))
    return torch.cat(chosen)


def _sum_over_devices(*tensors: Tensor) -> None:
    if distributed.is_available() and distributed.is_initialized():
        for tensor in tensors:
            distributed.all_reduce(tensor)


def _broadcast(tensor: Tensor) -> None:
    if distributed.is_available() and distributed.is_initialized():
        distributed.broadcast(tensor, src=0)
