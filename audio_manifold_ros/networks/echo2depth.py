# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ECHO2DEPTH, the paper's baseline for depth, in two variants.

`paper` is the network of the paper's published code, with the spectrograms of the AT-net as input. `visualechoes` is
the audio branch of VisualEchoes (Gao et al. 2020) as published by Parida et al. 2021, with one channel per microphone
instead of two. Both were designed for the echoes of a chirp. Here their input is street audio.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from torch import nn

from audio_manifold_ros.common.errors import NetworkError
from audio_manifold_ros.common.untrusted_text import shorten
from audio_manifold_ros.modalities.registry import DEPTH

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
# A configuration comes with a bundle. The limits bound the memory of its layers.
MAX_MICS, MAX_FEATURE_SIZE = 64, 4096


@dataclass(frozen=True)
class Echo2DepthConfig:
    """Variant and input size. The output image is 128 x 128.

    Attributes:
        mics: Channels of the input.
        variant: `paper` or `visualechoes`.
        height: Rows of the features. `paper` accepts 128 only.
        width: Columns of the features. `paper` accepts 128 only.

    Raises:
        NetworkError: The variant is unknown, or it does not accept features of this size.

    """

    mics: int = 8
    variant: str = 'paper'
    height: int = PAPER_SIZE
    width: int = PAPER_SIZE

    def __post_init__(self) -> None:
        """Validate the values."""
        if self.variant not in VARIANTS:
            msg = f'variant is {self.variant!r}: give one of {sorted(VARIANTS)}.'
            raise NetworkError(msg)
        if not 1 <= self.mics <= MAX_MICS:
            msg = f'mics is {shorten(self.mics)}: give a number from 1 to {MAX_MICS}.'
            raise NetworkError(msg)
        size = (self.height, self.width)
        if max(size) > MAX_FEATURE_SIZE:
            msg = f'Features are {shorten(size)}: give at most {MAX_FEATURE_SIZE} rows and columns.'
            raise NetworkError(msg)
        if self.variant == 'paper' and size != (PAPER_SIZE, PAPER_SIZE):
            msg = f'Features are {size} for the variant paper: give {PAPER_SIZE} x {PAPER_SIZE}.'
            raise NetworkError(msg)
        if min(echo_map(size)) < 1:
            msg = f'Features are {size}, too small for three strided convolutions: give larger features.'
            raise NetworkError(msg)

    @property
    def modalities(self) -> tuple[str, ...]:
        """Modalities of the output."""
        return (DEPTH,)


class Echo2Depth(nn.Module):
    """Convolutions to one pixel of 512 features, then transposed convolutions to the image."""

    def __init__(self, config: Echo2DepthConfig) -> None:
        """Build the network with random weights."""
        super().__init__()
        self.config = config
        self.layers = VARIANTS[config.variant](config)

    def forward(self, features: Tensor) -> dict[str, Tensor]:
        """Map features (batch, mic, height, width) to {'depth': (batch, 1, 128, 128)} in 0..1."""
        return {DEPTH: self.layers(features)}


def echo_map(size: tuple[int, int]) -> tuple[int, int]:
    """Return rows and columns of the features after the convolutions of `visualechoes`."""
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
    """Initialise as the published code does: weights from N(0, 0.02), those of normalisations from N(1, 0.02)."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, INITIAL_STD)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, INITIAL_STD)


VARIANTS: dict[str, Callable[[Echo2DepthConfig], nn.Sequential]] = {'paper': _paper, 'visualechoes': _visual_echoes}
