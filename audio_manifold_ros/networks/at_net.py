# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""AT-net: from the mel spectrograms of all microphones to the manifold (paper, sections 3.2 and 4)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import nn
from torch.nn import functional

from audio_manifold_ros.common.errors import NetworkError
from audio_manifold_ros.networks.configuration import read_strict
from audio_manifold_ros.networks.modalities import check_modalities
from audio_manifold_ros.networks.residual import BasicBlock

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

TRUNK_WIDTHS = (64, 128, 256, 512)
MIN_DECODER_FEATURES = 64
WHITENING_FLOOR = 1e-4
# Of the trunk's last map: a window of 128 columns halved five times.
MAX_TIME_COLUMNS = 4


@dataclass(frozen=True)
class AtNetConfig:
    """Sizes of an AT-net; the defaults are the paper's, for one modality.

    Attributes:
        mics: Microphones, the channels of the input.
        width: Factor on all widths of trunk and heads; the paper's is 1.
        modalities: One head each on the common trunk.
        manifold_cells: Rows and columns of the manifold.
        code_dim: Dimension of the manifold's codes.
        dropout: After the first two dense layers.
        time_columns: Into how many stretches of time the trunk's last map is averaged; the paper's is 1. An average
            over all time hears that something passed, but not when: what is beside the camera at the instant of the
            image needs more.
        input: `whitening` of the microphones, or `batch_norm` of each alone, as in the paper's published code.

    Raises:
        NetworkError: A value makes no sense; the message names it.

    """

    mics: int = 8
    width: float = 1.0
    modalities: tuple[str, ...] = ('depth',)
    manifold_cells: int = 8
    code_dim: int = 64
    dropout: float = 0.2
    time_columns: int = 1
    input: str = 'whitening'

    def __post_init__(self) -> None:
        """Refuse values that no network can be built with."""
        check_modalities(self.modalities)
        if self.mics < 1 or self.code_dim < 1 or not 0 < self.width <= 4 or not 0 <= self.dropout < 1:
            msg = f'{self!r}: give mics and code_dim from 1, width in 0..4 and dropout in 0..1.'
            raise NetworkError(msg)
        if not 1 <= self.time_columns <= MAX_TIME_COLUMNS:
            msg = f'time_columns is {self.time_columns!r}: give 1, the paper, to {MAX_TIME_COLUMNS}.'
            raise NetworkError(msg)
        if self.input not in INPUTS:
            msg = f'input is {self.input!r}: give one of {sorted(INPUTS)}.'
            raise NetworkError(msg)
        if self.manifold_cells < 2 or self.manifold_cells & (self.manifold_cells - 1):
            msg = f'manifold_cells is {self.manifold_cells!r}: give a power of two from 2.'
            raise NetworkError(msg)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values for JSON."""
        return {**asdict(self), 'modalities': list(self.modalities)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> AtNetConfig:
        """Build a configuration from plain values.

        Raises:
            NetworkError: A key is unknown, or a value makes no sense.

        """
        return read_strict(cls, values)


class AtNet(nn.Module):
    """A trunk that hears, and one head per modality that speaks its manifold's language."""

    def __init__(self, config: AtNetConfig | None = None) -> None:
        """Build the network with random weights."""
        super().__init__()
        self.config = config or AtNetConfig()
        self.trunk = make_trunk(self.config)
        self.heads = nn.ModuleDict({modality: make_head(self.config) for modality in self.config.modalities})
        self.apply(_initialise)

    def set_input_statistics(self, mean: Tensor, covariance: Tensor) -> None:
        """Tell the trunk, before training, what `Whitening.set` takes of the training windows' features.

        A batch normalisation learns by itself and needs nothing.
        """
        first = self.trunk[0]
        if isinstance(first, Whitening):
            first.set(mean, covariance)

    def set_latent_statistics(self, modality: str, mean: Tensor, std: Tensor) -> None:
        """Tell a head, before training, what `LatentScale.set` takes of its manifold."""
        self.latent_scale(modality).set(mean, std)

    def latent_scale(self, modality: str) -> LatentScale:
        """Return the last layer of a head: it holds what the latents of its manifold are like."""
        return cast('LatentScale', cast('nn.Sequential', self.heads[modality])[-1])

    def forward(self, features: Tensor) -> dict[str, Tensor]:
        """Map features (batch, mic, height, width) to latents {modality: (batch, code_dim, cell, cell)}."""
        trunk_features = self.trunk(features)
        return {modality: head(trunk_features) for modality, head in self.heads.items()}


class Whitening(nn.Module):
    """Decorrelate the microphones: channels of mean 0, variance 1 and no correlation, by fixed numbers.

    All microphones hear nearly the same; where a sound comes from is in the small differences, which a
    normalisation of each channel alone would leave small. It stands where the reference implementation normalises
    each channel over the batch. Zero-phase (ZCA): a channel stays the one that is nearest to its microphone.
    """

    mean: Tensor
    matrix: Tensor

    def __init__(self, mics: int) -> None:
        """Start with the identity."""
        super().__init__()
        self.register_buffer('mean', torch.zeros(1, mics, 1, 1))
        self.register_buffer('matrix', torch.eye(mics)[:, :, None, None].clone())

    def set(self, mean: Tensor, covariance: Tensor) -> None:
        """Take mean (mic,) and covariance (mic, mic) of the training windows' features."""
        variances, vectors = torch.linalg.eigh(covariance.double())
        floor = WHITENING_FLOOR * variances.max()
        matrix = vectors @ torch.diag((variances + floor).rsqrt()) @ vectors.t()
        self.mean.copy_(mean.reshape(self.mean.shape))
        self.matrix.copy_(matrix.reshape(self.matrix.shape))

    def forward(self, x: Tensor) -> Tensor:
        """Map features (batch, mic, height, width) to as many decorrelated channels."""
        return functional.conv2d(x - self.mean, self.matrix)


class LatentScale(nn.Module):
    """Bring standardised numbers to the scale of a manifold's latents, which no loss determines.

    The network starts at the mean image and learns what sound says beyond it.
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
        """Take mean (code_dim, cell, cell) and standard deviation (code_dim,) of the training windows' latents."""
        self.mean.copy_(mean.reshape(self.mean.shape))
        self.std.copy_(std.reshape(self.std.shape))

    def forward(self, x: Tensor) -> Tensor:
        """Map standardised (batch, code_dim, cell, cell) to latents."""
        return x * self.std + self.mean


INPUTS: dict[str, Callable[[int], nn.Module]] = {'whitening': Whitening, 'batch_norm': nn.BatchNorm2d}


def make_trunk(config: AtNetConfig) -> nn.Sequential:
    """Build the input's normalisation and ResNet-18 up to the average pool: (batch, 512 width, 1, time_columns)."""
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
    """Build three dense layers (as convolutions) and the transposed convolutions that grow 1x1 to the manifold."""
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
    """Start convolutions before a ReLU as He et al. 2015 do; all else keeps torch's start."""
    if isinstance(module, nn.Conv2d) and module.bias is None:
        nn.init.kaiming_normal_(module.weight, mode='fan_out', nonlinearity='relu')
