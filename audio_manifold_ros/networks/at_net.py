# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""AT-net: maps the mel spectrograms of all microphones to the manifold (paper, sections 3.2 and 4)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, cast

import torch
from torch import nn
from torch.nn import functional

from audio_manifold_ros.common.errors import NetworkError
from audio_manifold_ros.common.schema import from_plain, to_plain
from audio_manifold_ros.common.untrusted_text import shorten
from audio_manifold_ros.modalities.registry import DEPTH
from audio_manifold_ros.networks.modalities import check_modalities
from audio_manifold_ros.networks.residual import BasicBlock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

TRUNK_WIDTHS = (64, 128, 256, 512)
MIN_DECODER_FEATURES = 64
WHITENING_FLOOR = 1e-4
# Columns of the trunk's last map: a window of 128 columns halved five times.
MAX_TIME_COLUMNS = 4
# A configuration comes with a bundle. The limits bound the memory of its layers.
MAX_MICS, MAX_CODE_DIM, MAX_CELLS = 64, 1024, 128


@dataclass(frozen=True)
class AtNetConfig:
    """Sizes of an AT-net. The defaults are the paper's, for one modality.

    Attributes:
        mics: Number of microphones, the channels of the input.
        width: Factor of all widths of trunk and heads; 1 in the paper.
        modalities: Modalities, with one head each on the common trunk.
        manifold_cells: Rows and columns of the manifold.
        code_dim: Dimension of the codes of the manifold.
        dropout: Dropout rate after the first two dense layers.
        time_columns: Number of time segments that the trunk's last map is averaged over; 1 in the paper. An average
            over
            all time loses the time at which a sound source passes, which objects next to the camera need.
        input: `whitening` of the microphones, or `batch_norm` of each channel, as in the paper's published code.

    Raises:
        NetworkError: A value is invalid. The message names it.

    """

    mics: int = 8
    width: float = 1.0
    modalities: tuple[str, ...] = (DEPTH,)
    manifold_cells: int = 8
    code_dim: int = 64
    dropout: float = 0.2
    time_columns: int = 1
    input: str = 'whitening'

    def __post_init__(self) -> None:
        """Validate the values."""
        check_modalities(self.modalities)
        sizes_fit = 1 <= self.mics <= MAX_MICS and 1 <= self.code_dim <= MAX_CODE_DIM
        if not sizes_fit or not 0 < self.width <= 4 or not 0 <= self.dropout < 1:
            msg = (
                f'{shorten(self)}: give mics from 1 to {MAX_MICS}, code_dim from 1 to {MAX_CODE_DIM}, '
                'width in 0..4 and dropout in 0..1.'
            )
            raise NetworkError(msg)
        if not 1 <= self.time_columns <= MAX_TIME_COLUMNS:
            msg = f'time_columns is {self.time_columns!r}: give a number from 1 (paper) to {MAX_TIME_COLUMNS}.'
            raise NetworkError(msg)
        if self.input not in INPUTS:
            msg = f'input is {self.input!r}: give one of {sorted(INPUTS)}.'
            raise NetworkError(msg)
        cells = self.manifold_cells
        if not 2 <= cells <= MAX_CELLS or cells & (cells - 1):
            msg = f'manifold_cells is {cells!r}: give a power of two from 2 to {MAX_CELLS}.'
            raise NetworkError(msg)

    def to_dict(self) -> Mapping[str, object]:
        """Return the fields as plain values for JSON."""
        return to_plain(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> AtNetConfig:
        """Build a configuration from plain values.

        Raises:
            NetworkError: A key is unknown, or a value is invalid.

        """
        return from_plain(cls, values, cls.__name__, NetworkError)


class AtNet(nn.Module):
    """Shared trunk with one head per modality, which predicts the latents of its manifold."""

    def __init__(self, config: AtNetConfig | None = None) -> None:
        """Build the network with random weights."""
        super().__init__()
        self.config = config or AtNetConfig()
        self.trunk = make_trunk(self.config)
        self.heads = nn.ModuleDict({modality: make_head(self.config) for modality in self.config.modalities})
        self.apply(_initialise)

    def set_input_statistics(self, mean: Tensor, covariance: Tensor) -> None:
        """Set the statistics of the input features before training (see `Whitening.set`).

        A batch normalisation estimates its own statistics and ignores them.
        """
        first = self.trunk[0]
        if isinstance(first, Whitening):
            first.set(mean, covariance)

    def set_latent_statistics(self, modality: str, mean: Tensor, std: Tensor) -> None:
        """Set the statistics of the latents of a head before training (see `LatentScale.set`)."""
        self.latent_scale(modality).set(mean, std)

    def latent_scale(self, modality: str) -> LatentScale:
        """Return the last layer of a head, which holds the statistics of the latents of its manifold."""
        return cast('LatentScale', cast('nn.Sequential', self.heads[modality])[-1])

    def reset_heads(self) -> None:
        """Give the last layers random weights. A manifold without latents has no mean image to start at."""
        for head in self.heads.values():
            cast('nn.Conv2d', cast('nn.Sequential', head)[-2]).reset_parameters()

    def forward(self, features: Tensor) -> dict[str, Tensor]:
        """Map features (batch, mic, height, width) to latents {modality: (batch, code_dim, cell, cell)}."""
        trunk_features = self.trunk(features)
        return {modality: head(trunk_features) for modality, head in self.heads.items()}


class Whitening(nn.Module):
    """Decorrelate the microphones with fixed weights: channels of mean 0, variance 1 and no correlation.

    All microphones receive nearly the same signal. Directional information is in the small differences, which a
    normalisation per channel would leave small. This layer replaces the batch normalisation per channel of the
    reference implementation. It is zero-phase (ZCA): each output channel stays the one closest to its microphone.
    """

    mean: Tensor
    matrix: Tensor

    def __init__(self, mics: int) -> None:
        """Start with the identity."""
        super().__init__()
        self.register_buffer('mean', torch.zeros(1, mics, 1, 1))
        self.register_buffer('matrix', torch.eye(mics)[:, :, None, None].clone())

    def set(self, mean: Tensor, covariance: Tensor) -> None:
        """Set mean (mic,) and covariance (mic, mic) of the features of the training windows."""
        variances, vectors = torch.linalg.eigh(covariance.double())
        floor = WHITENING_FLOOR * variances.max()
        matrix = vectors @ torch.diag((variances + floor).rsqrt()) @ vectors.t()
        self.mean.copy_(mean.reshape(self.mean.shape))
        self.matrix.copy_(matrix.reshape(self.matrix.shape))

    def forward(self, x: Tensor) -> Tensor:
        """Map features (batch, mic, height, width) to as many decorrelated channels."""
        return functional.conv2d(x - self.mean, self.matrix)


class LatentScale(nn.Module):
    """Scale standardised values to the scale of a manifold's latents, which no loss determines.

    The network starts at the mean image and learns the deviation from it.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, config: AtNetConfig) -> None:
        """Start with the identity."""
        super().__init__()
        cells = config.manifold_cells
        self.register_buffer('mean', torch.zeros(1, config.code_dim, cells, cells))
        self.register_buffer('std', torch.ones(1, config.code_dim, 1, 1))

    def set(self, mean: Tensor, std: Tensor) -> None:
        """Set mean (code_dim, cell, cell) and standard deviation (code_dim,) of the latents of the training windows."""
        self.mean.copy_(mean.reshape(self.mean.shape))
        self.std.copy_(std.reshape(self.std.shape))

    def forward(self, x: Tensor) -> Tensor:
        """Map standardised (batch, code_dim, cell, cell) to latents."""
        return x * self.std + self.mean


INPUTS: dict[str, Callable[[int], nn.Module]] = {'whitening': Whitening, 'batch_norm': nn.BatchNorm2d}


def make_trunk(config: AtNetConfig) -> nn.Sequential:
    """Build the input normalisation and ResNet-18 up to the average pool: (batch, 512 width, 1, time_columns)."""
    widths = [max(8, round(width * config.width)) for width in TRUNK_WIDTHS]
    layers: list[nn.Module] = [
        INPUTS[config.input](config.mics),
        nn.Conv2d(config.mics, widths[0], 7, stride=2, padding=3, bias=False),
        nn.BatchNorm2d(widths[0]),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, stride=2, padding=1),
    ]
    for index, (features_in, features_out) in enumerate(pairwise(widths[:1] + widths)):
        layers += [BasicBlock(features_in, features_out, 2 if index else 1), BasicBlock(features_out, features_out, 1)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d((1, config.time_columns)))


def make_head(config: AtNetConfig) -> nn.Sequential:
    """Build three dense layers (as convolutions) and the transposed convolutions from 1x1 to the manifold's size."""
    features = max(8, round(TRUNK_WIDTHS[-1] * config.width))
    layers: list[nn.Module] = []
    for columns, dropout in ((config.time_columns, config.dropout), (1, config.dropout), (1, 0.0)):
        dense = nn.Conv2d(features, features, (1, columns), bias=False)
        layers += [dense, nn.BatchNorm2d(features), nn.ReLU(inplace=True)]
        layers += [nn.Dropout(dropout)] if dropout else []
    for _ in range(config.manifold_cells.bit_length() - 1):
        halved = max(features // 2, MIN_DECODER_FEATURES)
        layers += [
            nn.ConvTranspose2d(features, halved, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(halved),
            nn.ReLU(inplace=True),
        ]
        features = halved
    last = nn.Conv2d(features, config.code_dim, 1)
    nn.init.zeros_(last.weight)
    return nn.Sequential(*layers, last, LatentScale(config))


def _initialise(module: nn.Module) -> None:
    """Initialise convolutions before a ReLU as in He et al. 2015. All other layers keep torch's initialisation."""
    if isinstance(module, nn.Conv2d) and module.bias is None:
        nn.init.kaiming_normal_(module.weight, mode='fan_out', nonlinearity='relu')
