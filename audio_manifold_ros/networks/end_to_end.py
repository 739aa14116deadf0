# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Both stages as one network, trained from audio to image without a manifold (paper, section 4, table 5: E2E)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from torch import nn

from audio_manifold_ros.common.errors import NetworkError
from audio_manifold_ros.modalities.registry import DEPTH, categorical
from audio_manifold_ros.networks.at_net import AtNet, AtNetConfig
from audio_manifold_ros.networks.vq_vae import VqVaeConfig, make_decoder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor


@dataclass(frozen=True)
class EndToEndConfig:
    """Sizes of an end-to-end network. The defaults are the paper's, for depth at 8 x 8.

    Attributes:
        at_net: AT-net.
        decoders: VQ-VAE of each modality, of which only the decoder is built.

    Raises:
        NetworkError: Heads and decoders do not match.

    """

    at_net: AtNetConfig = field(default_factory=AtNetConfig)
    decoders: dict[str, VqVaeConfig] = field(default_factory=lambda: {DEPTH: VqVaeConfig()})

    def __post_init__(self) -> None:
        """Check that each head has a decoder of its size and each decoder a head."""
        check_heads((self.at_net,), self.decoders)

    @property
    def mics(self) -> int:
        """Channels of the input."""
        return self.at_net.mics

    @property
    def modalities(self) -> tuple[str, ...]:
        """Modalities of the output."""
        return self.at_net.modalities

    @property
    def classes(self) -> int:
        """Number of segmentation classes."""
        return next(self.decoders[modality].channels for modality in categorical(self.decoders))


class EndToEnd(nn.Module):
    """AT-net whose latents are the direct input of the decoders."""

    def __init__(self, config: EndToEndConfig) -> None:
        """Build the network with random weights."""
        super().__init__()
        self.config = config
        self.at_net = AtNet(config.at_net)
        self.decoders = nn.ModuleDict({name: make_decoder(size) for name, size in config.decoders.items()})
        self.at_net.reset_heads()

    def set_input_statistics(self, mean: Tensor, covariance: Tensor) -> None:
        """Set the statistics of the input features before training (see `AtNet.set_input_statistics`)."""
        self.at_net.set_input_statistics(mean, covariance)

    def forward(self, features: Tensor) -> dict[str, Tensor]:
        """Map features (batch, mic, height, width) to raw images {modality: (batch, channel, row, column)}."""
        return {modality: self.decoders[modality](latent) for modality, latent in self.at_net(features).items()}


def check_heads(at_nets: Iterable[AtNetConfig], manifolds: dict[str, VqVaeConfig]) -> None:
    """Check that each head has a manifold of its size and each manifold a head.

    Raises:
        NetworkError: Heads and manifolds do not match.

    """
    heads = [(modality, at_net) for at_net in at_nets for modality in at_net.modalities]
    if sorted(modality for modality, _ in heads) != sorted(manifolds):
        names = [modality for modality, _ in heads]
        msg = f'AT-nets with heads {names} and manifolds {sorted(manifolds)}: give one of each per modality.'
        raise NetworkError(msg)
    for modality, at_net in heads:
        manifold = manifolds[modality]
        if (at_net.manifold_cells, at_net.code_dim) != (manifold.manifold_cells, manifold.code_dim):
            msg = (
                f'The {modality} head has {at_net.manifold_cells} cells of {at_net.code_dim}, its manifold has '
                f'{manifold.manifold_cells} of {manifold.code_dim}: fit the AT-net to this manifold.'
            )
            raise NetworkError(msg)
