# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""VQ-VAE that learns the manifold of one visual modality (paper, sections 3.1 and 4)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from torch import nn

from audio_manifold_ros.common.errors import NetworkError
from audio_manifold_ros.common.schema import from_plain, to_plain
from audio_manifold_ros.common.untrusted_text import shorten
from audio_manifold_ros.networks.bottleneck import Bottleneck, Quantized
from audio_manifold_ros.networks.continuous_bottlenecks import GaussianBottleneck, IdentityBottleneck
from audio_manifold_ros.networks.label_encoding import LABEL_ENCODERS
from audio_manifold_ros.networks.loss_vector_quantizer import LossVectorQuantizer
from audio_manifold_ros.networks.quantizer import VectorQuantizer
from audio_manifold_ros.networks.residual import ReferenceResidualBlock, ResidualBlock
from audio_manifold_ros.networks.soft_vector_quantizer import SoftVectorQuantizer
from audio_manifold_ros.networks.spatial.compact_decoder import MAP_SIZE, CompactDecoder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

BOTTLENECKS: dict[str, Callable[[VqVaeConfig], Bottleneck]] = {
    'codebook': lambda config: VectorQuantizer(config.codes, config.code_dim, config.decay),
    'soft_codebook': lambda config: SoftVectorQuantizer(config.codes, config.code_dim, config.decay),
    'gradient_codebook': lambda config: LossVectorQuantizer(config.codes, config.code_dim),
    'plain': lambda config: IdentityBottleneck(config.code_dim, config.manifold_cells),
    'gaussian': lambda config: GaussianBottleneck(config.code_dim, config.manifold_cells),
}
RESIDUALS: dict[str, Callable[[int], nn.Module]] = {'paper': ResidualBlock, 'reference': ReferenceResidualBlock}
# A configuration comes with a bundle. The limits bound the memory and time of building its layers.
MAX_SIZE = 1024
MAX_SIZES = {'channels': 256, 'codes': 16_384, 'manifold_cells': 128, 'residual_blocks': 32, 'decay': 1}
CHOICES = {
    'bottleneck': tuple(BOTTLENECKS),
    'label_coding': tuple(LABEL_ENCODERS),
    'residual': tuple(RESIDUALS),
    'decoder': ('transposed', 'compact'),
}


@dataclass(frozen=True)
class VqVaeConfig:
    """Sizes of a VQ-VAE. The defaults are the paper's, for depth.

    Attributes:
        channels: Channels of the image: 1 for depth, the number of classes for segmentation (one-hot input, logits).
        image_size: Rows and columns of the image.
        manifold_cells: Rows and columns of the manifold. The paper evaluates 8, 16 and 32.
        codes: Number of codes of the codebook.
        code_dim: Dimension of a code.
        first_features: Features of the convolution next to the image.
        features: Features of all other convolutions.
        residual_blocks: Number of residual blocks on each side of the codebook.
        decay: Decay of the moving averages of the codebook.
        bottleneck: `codebook`, updated by moving averages; `soft_codebook`, the same with soft decoding;
            `gradient_codebook`, updated by gradients as in the paper and its published code; `plain`, an autoencoder,
            which the published code calls a VAE; or `gaussian`, a variational autoencoder. `codes` applies to the
            codebooks, `decay` to the first two.
        label_coding: Encoding of input labels: `one_hot`, or `grey`, one channel as in the published code.
        residual: Residual blocks of the `paper`, or of its published code, the `reference`, with two on each side.
        decoder: `transposed`, the mirrored layers of the paper, or `compact` (see `CompactDecoder`), for manifolds of
            16 cells or fewer.

    Raises:
        NetworkError: The ratio of image and manifold is not a power of two, a choice is unknown, or the manifold has
            too many cells for a compact decoder.

    """

    channels: int = 1
    image_size: int = 128
    manifold_cells: int = 8
    codes: int = 64
    code_dim: int = 64
    first_features: int = 64
    features: int = 128
    residual_blocks: int = 3
    decay: float = 0.99
    bottleneck: str = 'codebook'
    label_coding: str = 'one_hot'
    residual: str = 'paper'
    decoder: str = 'transposed'

    def __post_init__(self) -> None:
        """Validate the values."""
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                msg = f'{name} is {getattr(self, name)!r}: give one of {choices}.'
                raise NetworkError(msg)
        for name, value in asdict(self).items():
            if name not in CHOICES and not 0 < value <= MAX_SIZES.get(name, MAX_SIZE):
                msg = f'{name} is {shorten(value)}: give a positive number up to {MAX_SIZES.get(name, MAX_SIZE)}.'
                raise NetworkError(msg)
        if self.manifold_cells << self.stages != self.image_size or self.stages < 1:
            msg = (
                f'image_size {self.image_size!r} over manifold_cells {self.manifold_cells!r}: '
                f'give sizes whose ratio is 2, 4, 8 or another power of two.'
            )
            raise NetworkError(msg)
        if self.decoder == 'compact' and not self.manifold_cells < MAP_SIZE <= self.image_size:
            msg = (
                f'manifold_cells {self.manifold_cells!r} and image_size {self.image_size!r}: a compact decoder has '
                f'fewer than {MAP_SIZE} cells, and images of {MAP_SIZE} rows or more.'
            )
            raise NetworkError(msg)

    @property
    def stages(self) -> int:
        """Number of strided convolutions on each side: log2(image_size / manifold_cells)."""
        return (self.image_size // self.manifold_cells).bit_length() - 1

    @property
    def input_channels(self) -> int:
        """Channels of the input image. `channels` is the number of output channels."""
        return 1 if self.label_coding == 'grey' else self.channels

    def to_dict(self) -> Mapping[str, object]:
        """Return the fields as plain values for JSON."""
        return to_plain(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> VqVaeConfig:
        """Build a configuration from plain values.

        Raises:
            NetworkError: A key is unknown, or a value is invalid.

        """
        return from_plain(cls, values, cls.__name__, NetworkError)


class Reconstruction(NamedTuple):
    """Output of a VQ-VAE for a batch of images.

    Attributes:
        image: (batch, channel, row, column), depth in 0..1 (not clipped) or logits.
        latent: (batch, code_dim, cell, cell), before the bottleneck.
        quantized: Output of the bottleneck.
        penalty: Scalar loss of the bottleneck: commitment, zero, or divergence.

    """

    image: Tensor
    latent: Tensor
    quantized: Quantized
    penalty: Tensor


class VqVae(nn.Module):
    """Encoder, bottleneck, decoder."""

    def __init__(self, config: VqVaeConfig | None = None) -> None:
        """Build the network with random weights and an empty bottleneck."""
        super().__init__()
        self.config = config or VqVaeConfig()
        self.encoder = make_encoder(self.config)
        self.quantizer = make_bottleneck(self.config)
        self.decoder = make_decoder(self.config)

    def forward(self, image: Tensor) -> Reconstruction:
        """Reconstruct (batch, input_channels, row, column)."""
        encoded = self.encoder(image)
        quantized = self.quantizer(encoded)
        penalty = self.quantizer.penalty(encoded, quantized)
        return Reconstruction(self.decoder(quantized.values), self.quantizer.latent(encoded), quantized, penalty)

    def encode(self, image: Tensor) -> Tensor:
        """Map (batch, input_channels, row, column) to the latent (batch, code_dim, cell, cell), an AT-net's target."""
        return self.quantizer.latent(self.encoder(image))


def make_bottleneck(config: VqVaeConfig) -> Bottleneck:
    """Build the bottleneck between encoder and decoder."""
    return BOTTLENECKS[config.bottleneck](config)


def make_encoder(config: VqVaeConfig) -> nn.Sequential:
    """Build the layers from the image to the continuous latent: 4x4 convolutions of stride 2, residual blocks, 1x1."""
    widths = [config.input_channels, config.first_features] + [config.features] * (config.stages - 1)
    layers: list[nn.Module] = []
    for features_in, features_out in pairwise(widths):
        layers += [nn.Conv2d(features_in, features_out, 4, stride=2, padding=1), nn.ReLU(inplace=True)]
    layers += [RESIDUALS[config.residual](widths[-1]) for _ in range(config.residual_blocks)]
    encoder_channels = config.code_dim * (2 if config.bottleneck == 'gaussian' else 1)
    layers += [nn.ReLU(), nn.Conv2d(widths[-1], encoder_channels, 1)]
    return nn.Sequential(*layers)


def make_decoder(config: VqVaeConfig) -> nn.Module:
    """Build the decoder from the bottleneck to the image."""
    if config.decoder == 'compact':
        return CompactDecoder(
            code_dim=config.code_dim,
            cells=config.manifold_cells,
            features=config.features,
            fine_features=config.first_features,
            channels=config.channels,
            image_size=config.image_size,
        )
    return _make_transposed_decoder(config)


def _make_transposed_decoder(config: VqVaeConfig) -> nn.Sequential:
    """Build the mirrored layers: 3x3, residual blocks, 4x4 transposed convolutions of stride 2."""
    widths = [config.features] * (config.stages - 1) + [config.first_features, config.channels]
    layers: list[nn.Module] = [nn.Conv2d(config.code_dim, widths[0], 3, padding=1)]
    layers += [RESIDUALS[config.residual](widths[0]) for _ in range(config.residual_blocks)]
    for features_in, features_out in pairwise(widths):
        layers += [nn.ReLU(), nn.ConvTranspose2d(features_in, features_out, 4, stride=2, padding=1)]
    return nn.Sequential(*layers)
