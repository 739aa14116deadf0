# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From features to depth and labels in one pass: what a bundle holds and the robot runs."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import nn

from audio_manifold_ros.networks.at_net import MODALITIES, AtNet, AtNetConfig
from audio_manifold_ros.networks.configuration import read_strict
from audio_manifold_ros.networks.depth_representation import DepthRepresentation
from audio_manifold_ros.networks.errors import NetworkError
from audio_manifold_ros.networks.quantizer import VectorQuantizer
from audio_manifold_ros.networks.vq_vae import VqVae, VqVaeConfig, make_decoder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

OUTPUTS = {
    'depth': ('depth_m', 'depth_distance'),
    'segmentation': ('labels', 'segmentation_distance'),
}


@dataclass(frozen=True)
class PerceptionConfig:
    """All sizes of a perception network.

    Attributes:
        at_nets: One network with a head per modality, or one network per modality.
        manifolds: The VQ-VAE of each modality.
        depth: What the depth decoder's numbers mean.

    Raises:
        NetworkError: Heads and manifolds do not fit together.

    """

    at_nets: tuple[AtNetConfig, ...]
    manifolds: dict[str, VqVaeConfig]
    depth: DepthRepresentation = field(default_factory=DepthRepresentation)

    def __post_init__(self) -> None:
        """Refuse heads without their manifold and manifolds without their head."""
        heads = [modality for at_net in self.at_nets for modality in at_net.modalities]
        if sorted(heads) != sorted(self.manifolds):
            msg = f'AT-nets with heads {heads} and manifolds {sorted(self.manifolds)}: give one of each per modality.'
            raise NetworkError(msg)
        for at_net in self.at_nets:
            for modality in at_net.modalities:
                manifold = self.manifolds[modality]
                if (at_net.manifold_cells, at_net.code_dim) != (manifold.manifold_cells, manifold.code_dim):
                    msg = (
                        f'The {modality} head speaks {at_net.manifold_cells} cells of {at_net.code_dim}, its manifold '
                        f'{manifold.manifold_cells} of {manifold.code_dim}: fit AT-net to this manifold.'
                    )
                    raise NetworkError(msg)

    @property
    def modalities(self) -> tuple[str, ...]:
        """The modalities, in the order of the outputs."""
        return tuple(modality for modality in MODALITIES if modality in self.manifolds)

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the tensors that the network returns, fields of `inference.prediction.NetworkOutput`."""
        return tuple(name for modality in self.modalities for name in OUTPUTS[modality])

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values for JSON."""
        return {
            'at_nets': [at_net.to_dict() for at_net in self.at_nets],
            'manifolds': {modality: manifold.to_dict() for modality, manifold in self.manifolds.items()},
            'depth': asdict(self.depth),
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> PerceptionConfig:
        """Build a configuration from plain values.

        Raises:
            NetworkError: A key is unknown, or a value makes no sense.

        """
        return read_strict(cls, values)


class PerceptionNetwork(nn.Module):
    """AT-nets, codebooks and decoders; inference only, no control flow on data."""

    def __init__(self, config: PerceptionConfig) -> None:
        """Build the network with random weights, to be filled by `load_state_dict`."""
        super().__init__()
        self.config = config
        self.at_nets = nn.ModuleList(AtNet(at_net) for at_net in config.at_nets)
        self.codebooks = nn.ModuleDict(
            {name: VectorQuantizer(size.codes, size.code_dim) for name, size in config.manifolds.items()}
        )
        self.decoders = nn.ModuleDict({name: make_decoder(size) for name, size in config.manifolds.items()})
        self.eval()

    @classmethod
    def from_trained(
        cls, at_nets: Sequence[AtNet], vq_vaes: dict[str, VqVae], depth: DepthRepresentation | None = None
    ) -> PerceptionNetwork:
        """Join trained parts; weights are copied.

        Raises:
            NetworkError: Heads and manifolds do not fit together.

        """
        config = PerceptionConfig(
            at_nets=tuple(at_net.config for at_net in at_nets),
            manifolds={name: vq_vae.config for name, vq_vae in vq_vaes.items()},
            depth=depth or DepthRepresentation(),
        )
        network = cls(config)
        for own, trained in zip(network.at_nets, at_nets, strict=True):
            own.load_state_dict(trained.state_dict())
        for name, vq_vae in vq_vaes.items():
            network.codebooks[name].load_state_dict(vq_vae.quantizer.state_dict())
            network.decoders[name].load_state_dict(vq_vae.decoder.state_dict())
        return network

    def forward(self, features: Tensor) -> tuple[Tensor, ...]:
        """Map features (batch, mic, height, width) to the tensors of `config.output_names`.

        Returns:
            depth_m float32 (batch, row, column) and depth_distance float32 (batch, cell, cell), then
            labels uint8 (batch, row, column) and segmentation_distance, as far as there are such heads.

        """
        latents = {name: latent for at_net in self.at_nets for name, latent in at_net(features).items()}
        outputs: list[Tensor] = []
        for modality in self.config.modalities:
            codebook = cast('VectorQuantizer', self.codebooks[modality])
            quantized = codebook.quantize(latents[modality])
            outputs += [self._image(modality, self.decoders[modality](quantized.values)), quantized.distance]
        return tuple(outputs)

    def _image(self, modality: str, decoded: Tensor) -> Tensor:
        if modality == 'depth':
            return self.config.depth.unit_to_depth(decoded[:, 0].float())  # type: ignore[no-any-return]
        return decoded.argmax(dim=1).to(torch.uint8)
