# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""OmniNet, the paper's main baseline (Vasudevan et al. 2020), without its head for spatial super-resolution of audio.

The published network has two microphones. The paper does not describe its form for eight. Here each microphone has the
same encoder, and one convolution fuses all of them. Images are resized to the size of the other networks.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, cast

from torch import nn
from torch.nn import functional

from audio_manifold_ros.common.errors import NetworkError
from audio_manifold_ros.common.untrusted_text import shorten
from audio_manifold_ros.modalities.registry import DEPTH, MODALITIES, SEGMENTATION
from audio_manifold_ros.networks.aspp import Aspp
from audio_manifold_ros.networks.modalities import check_modalities

if TYPE_CHECKING:
    from torch import Tensor

ENCODER = (1, 64, 128, 256, 512)
SLOPE = 0.2
SHARED, FUSED = 256, 512
# Width of the head of each modality that the published network predicts.
HEADS = {DEPTH: 128, SEGMENTATION: 256}
# A configuration comes with a bundle. The limits bound the memory of its layers and maps.
MAX_SIZES = {'mics': 64, 'classes': 256, 'image_size': 1024}
MAX_MAP_SIZE = 1024


@dataclass(frozen=True)
class OmniNetConfig:
    """Sizes of an OmniNet.

    The defaults are the published ones, except for the number of microphones and the image size.

    Attributes:
        mics: Channels of the input; 2 as published, 8 in the paper.
        modalities: Modalities, with one head each.
        classes: Number of segmentation classes.
        width: Factor of all widths; 1 as published.
        image_size: Rows and columns of the images.
        fused: Rows and columns of the map in which the microphones are fused.
        depth: Rows and columns of the map of the depth head.
        segmentation: Rows and columns of the map of the segmentation head.

    Raises:
        NetworkError: A value is invalid. The message names it.

    """

    mics: int = 8
    modalities: tuple[str, ...] = (DEPTH,)
    classes: int = 19
    width: float = 1.0
    image_size: int = 128
    fused: tuple[int, ...] = (60, 120)
    depth: tuple[int, ...] = (160, 512)
    segmentation: tuple[int, ...] = (240, 480)

    def __post_init__(self) -> None:
        """Validate the values."""
        check_modalities(self.modalities, HEADS)
        if not 0 < self.width <= 4:
            msg = f'width is {self.width!r}: give a number above 0, up to 4.'
            raise NetworkError(msg)
        for name, limit in MAX_SIZES.items():
            if not 1 <= getattr(self, name) <= limit:
                msg = f'{name} is {shorten(getattr(self, name))}: give a number from 1 to {limit}.'
                raise NetworkError(msg)
        for name in ('fused', *HEADS):
            size = getattr(self, name)
            if len(size) != 2 or min(size) < 1 or max(size) > MAX_MAP_SIZE:
                msg = f'{name} is {shorten(size)}: give rows and columns from 1 to {MAX_MAP_SIZE}.'
                raise NetworkError(msg)

    def scaled(self, features: int) -> int:
        """Return the width in this network that corresponds to a width of the published network."""
        return max(8, round(features * self.width))


class OmniNet(nn.Module):
    """The same encoder for each microphone, a fusion, and a head with an atrous pyramid per modality."""

    def __init__(self, config: OmniNetConfig) -> None:
        """Build the network with random weights."""
        super().__init__()
        self.config = config
        shared, fused = config.scaled(SHARED), config.scaled(FUSED)
        self.encoder = make_encoder(config)
        self.share = nn.Conv2d(config.scaled(ENCODER[-1]), shared, 1, bias=False)
        self.fuse = nn.Conv2d(config.mics * shared, fused, 1, bias=False)
        self.heads = nn.ModuleDict({modality: OmniHead(modality, config) for modality in config.modalities})
        for fusion in (self.share, self.fuse):
            nn.init.kaiming_normal_(fusion.weight)

    def forward(self, features: Tensor) -> dict[str, Tensor]:
        """Map features (batch, mic, height, width) to raw images {modality: (batch, 1 or classes, row, column)}."""
        fused_map = self.fuse(self.encode_microphones(features))
        return {modality: head(fused_map) for modality, head in self.heads.items()}

    def encode_microphones(self, features: Tensor) -> Tensor:
        """Map features (batch, mic, height, width) to the encoded microphones (batch, 256 mics, 60, 120)."""
        # The microphones of a batch are normalised together. The published code normalises one after the other.
        encoded = self.share(resize(self.encoder(features.flatten(0, 1)[:, None]), self.config.fused))
        return cast('Tensor', encoded.unflatten(0, (-1, self.config.mics)).flatten(1, 2))


class OmniHead(nn.Module):
    """Atrous pyramid, two 3x3 convolutions on a larger map, and the image."""

    def __init__(self, modality: str, config: OmniNetConfig) -> None:
        """Build the head of a modality."""
        super().__init__()
        features = config.scaled(HEADS[modality])
        is_categorical = MODALITIES[modality].is_categorical
        channels = config.classes if is_categorical else MODALITIES[modality].channels
        self.size = getattr(config, modality)
        self.image_size = (config.image_size, config.image_size)
        self.pyramid = Aspp(config.scaled(FUSED), config.scaled(64))
        self.narrow = nn.Conv2d(self.pyramid.features, features, 1, bias=False)
        self.draw = nn.Sequential(*_refine(features), *_refine(features), nn.Conv2d(features, channels, 1, bias=False))
        if is_categorical:
            self.draw.apply(_initialise)

    def forward(self, fused_map: Tensor) -> Tensor:
        """Map (batch, 512, row, column) to a raw image (batch, channel, row, column)."""
        image = self.draw(resize(self.narrow(self.pyramid(fused_map)), self.size))
        return functional.interpolate(image, size=self.image_size, mode='bilinear', align_corners=False)


def make_encoder(config: OmniNetConfig) -> nn.Sequential:
    """Build the encoder of one microphone: (batch, 1, height, width) to (batch, 512, height / 16, width / 16)."""
    widths = [1, *(config.scaled(features) for features in ENCODER[1:])]
    layers: list[nn.Module] = []
    for features_in, features_out in pairwise(widths):
        layers += [nn.Conv2d(features_in, features_out, 4, stride=2, padding=1)]
        layers += [nn.BatchNorm2d(features_out), nn.LeakyReLU(SLOPE, inplace=True)]
    return nn.Sequential(*layers)


def resize(maps: Tensor, size: tuple[int, ...]) -> Tensor:
    """Resize (batch, feature, row, column) bilinearly with aligned corners."""
    return functional.interpolate(maps, size=list(size), mode='bilinear', align_corners=True)


def _refine(features: int) -> list[nn.Module]:
    layer = nn.Conv2d(features, features, 3, padding=1, bias=False)
    return [layer, nn.BatchNorm2d(features), nn.ReLU(inplace=True)]


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight)
