# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ECHO2DEPTH, the paper's baseline for depth, in the two forms that carry the name.

`paper` is the network of the paper's published code, fed with the same spectrograms as the AT-net. `visualechoes` is
the audio branch of VisualEchoes (Gao et al. 2020) as Parida et al. 2021 publish it, with as many channels as there are
microphones instead of two ears. Both were made for the echoes of a chirp; here they hear a street.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from torch import nn

from audio_manifold_ros.common.errors import NetworkError

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

PAPER_SIZE = 128
PAPER_KERNELS = (8, 4, 3)
PAPER_DECODER = (512, 256, 128, 64, 32, 16, 8)
ECHO_STRIDES = ((8, 4), (4, 2), (3, 1))
ECHO_DECODER = (512, 512, 256, 128, 64, 32, 16)
BOTTLENECK = 512
INITIAL_STD = 0.02


@dataclass(frozen=True)
class Echo2DepthConfig:
    """Which of the two networks, and what it is fed with; the image is 128 x 128.

    Attributes:
        mics: Channels of the input.
        variant: `paper` or `visualechoes`.
        height: Rows of the features; `paper` takes 128 alone.
        width: Columns of the features; `paper` takes 128 alone.

    Raises:
        NetworkError: There is no such variant, or it does not take such features.

    """

    mics: int = 8
    variant: str = 'paper'
    height: int = PAPER_SIZE
    width: int = PAPER_SIZE

    def __post_init__(self) -> None:
        """Refuse what no network can be built with."""
        if self.variant not in VARIANTS:
            msg = f'variant is {self.variant!r}: give one of {sorted(VARIANTS)}.'
            raise NetworkError(msg)
        if self.mics < 1:
            msg = f'mics is {self.mics!r}: give at least 1.'
            raise NetworkError(msg)
        size = (self.height, self.width)
        if self.variant == 'paper' and size != (PAPER_SIZE, PAPER_SIZE):
            msg = f'Features of {size} for the variant paper: it takes {PAPER_SIZE} x {PAPER_SIZE}.'
            raise NetworkError(msg)
        if min(echo_map(size)) < 1:
            msg = f'Features of {size}: three convolutions leave nothing of them, give larger ones.'
            raise NetworkError(msg)

    @property
    def modalities(self) -> tuple[str, ...]:
        """What it draws."""
        return ('depth',)


class Echo2Depth(nn.Module):
    """Convolutions down to one pixel of 512 features, transposed convolutions up to the image."""

    def __init__(self, config: Echo2DepthConfig) -> None:
        """Build the network with random weights."""
        super().__init__()
        self.config = config
        self.layers = VARIANTS[config.variant](config)

    def forward(self, features: Tensor) -> dict[str, Tensor]:
        """Map features (batch, mic, height, width) to {'depth': (batch, 1, 128, 128)} in 0..1."""
        return {'depth': self.layers(features)}


def echo_map(size: tuple[int, int]) -> tuple[int, int]:
    """Return rows and columns that the convolutions of `visualechoes` leave of features."""
    rows, columns = size
    for kernel, stride in ECHO_STRIDES:
        rows, columns = ((length - kernel) // stride + 1 for length in (rows, columns))
    return rows, columns


def _block(layer: nn.Conv2d | nn.ConvTranspose2d) -> list[nn.Module]:
    return [layer, nn.BatchNorm2d(layer.out_channels), nn.ReLU(inplace=True)]


def _paper(config: Echo2DepthConfig) -> nn.Sequential:
    layers: list[nn.Module] = []
    widths = (config.mics, config.mics, 128, BOTTLENECK)
    for (features_in, features_out), kernel in zip(pairwise(widths), PAPER_KERNELS, strict=True):
        layers += _block(nn.Conv2d(features_in, features_out, kernel, stride=kernel))
    for features_in, features_out in pairwise(PAPER_DECODER):
        layers += _block(nn.ConvTranspose2d(features_in, features_out, 2, stride=2))
    return nn.Sequential(*layers, nn.ConvTranspose2d(PAPER_DECODER[-1], 1, 2, stride=2), nn.Sigmoid())


def _visual_echoes(config: Echo2DepthConfig) -> nn.Sequential:
    layers: list[nn.Module] = []
    for (features_in, features_out), (kernel, stride) in zip(
        pairwise((config.mics, 32, 64, 8)), ECHO_STRIDES, strict=True
    ):
        layers += _block(nn.Conv2d(features_in, features_out, kernel, stride=stride))
    rows, columns = echo_map((config.height, config.width))
    layers += [nn.Flatten(), nn.Unflatten(1, (8 * rows * columns, 1, 1))]
    layers += _block(nn.Conv2d(8 * rows * columns, BOTTLENECK, 1))
    for features_in, features_out in pairwise(ECHO_DECODER):
        layers += _block(nn.ConvTranspose2d(features_in, features_out, 4, stride=2, padding=1))
    layers += [nn.ConvTranspose2d(ECHO_DECODER[-1], 1, 4, stride=2, padding=1), nn.Sigmoid()]
    return nn.Sequential(*layers).apply(_initialise)


def _initialise(module: nn.Module) -> None:
    """Start as the published code does: weights of N(0, 0.02), those of normalisations of N(1, 0.02)."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, INITIAL_STD)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, INITIAL_STD)


VARIANTS: dict[str, Callable[[Echo2DepthConfig], nn.Sequential]] = {'paper': _paper, 'visualechoes': _visual_echoes}
