# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Perception network from features to depth and labels in one pass: the network of a bundle."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, cast

import torch
from torch import nn

from audio_manifold_ros.common.errors import NetworkError
from audio_manifold_ros.common.schema import from_plain, to_plain
from audio_manifold_ros.modalities.registry import MODALITIES, categorical
from audio_manifold_ros.networks.at_net import AtNet, AtNetConfig
from audio_manifold_ros.networks.continuous_bottlenecks import IdentityBottleneck
from audio_manifold_ros.networks.depth_representation import DepthRepresentation
from audio_manifold_ros.networks.end_to_end import check_heads
from audio_manifold_ros.networks.image_heads import IMAGE_HEADS
from audio_manifold_ros.networks.single_stage import SingleStageConfig, SingleStageNetwork
from audio_manifold_ros.networks.spatial.compact_decoder import CompactDecoder
from audio_manifold_ros.networks.spatial.config import ERROR_CELLS, SpatialNetworkConfig
from audio_manifold_ros.networks.spatial.latent_state import LatentState
from audio_manifold_ros.networks.spatial.spatial_network import SpatialNetwork
from audio_manifold_ros.networks.spatial.state_config import LATENTS, LatentStateConfig
from audio_manifold_ros.networks.vehicle_map import VEHICLES
from audio_manifold_ros.networks.vq_vae import VqVae, VqVaeConfig, make_bottleneck, make_decoder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

    from audio_manifold_ros.networks.bottleneck import Bottleneck
    from audio_manifold_ros.networks.spatial.image_prior import PriorTensors

    RawOutput = tuple[Tensor, Tensor | None]

SINGLE_STAGE_CELLS = 8


@dataclass(frozen=True)
class PerceptionConfig:
    """Sizes of a perception network.

    Attributes:
        at_nets: One network with a head per modality, or one network per modality.
        manifolds: VQ-VAE of each of their modalities.
        depth: Representation of depth.
        direct: Systems without a manifold, for other modalities.
        spatial: Network on spatial maps, in place of the AT-nets and direct systems. With latents, it has manifolds.
        state: Correction of these latents by those of earlier windows. None without state over time.

    Raises:
        NetworkError: Heads and manifolds do not match, a modality does not have exactly one system, or there is a state
            without latents of spatial maps.

    """

    at_nets: tuple[AtNetConfig, ...] = ()
    manifolds: dict[str, VqVaeConfig] = field(default_factory=dict)
    depth: DepthRepresentation = field(default_factory=DepthRepresentation)
    direct: tuple[SingleStageConfig, ...] = ()
    spatial: SpatialNetworkConfig | None = None
    state: LatentStateConfig | None = None

    def __post_init__(self) -> None:
        """Check that heads and manifolds match and that each modality has exactly one system."""
        if self.state is not None and (self.spatial is None or not self.spatial.is_quantised):
            msg = f'There is a state {self.state}, but no latents of spatial maps: leave it out.'
            raise NetworkError(msg)
        if self.spatial is not None:
            self._check_spatial(self.spatial)
            return
        check_heads(self.at_nets, self.manifolds)
        covered = [*self.manifolds, *(modality for system in self.direct for modality in system.modalities)]
        if not covered or len(set(covered)) != len(covered):
            msg = f'Manifolds and direct systems cover the modalities {covered}: give at least one, each once.'
            raise NetworkError(msg)

    @property
    def modalities(self) -> tuple[str, ...]:
        """Modalities in the order of the outputs."""
        spatial = () if self.spatial is None else self.spatial.modalities
        covered = {*self.manifolds, *spatial, *(name for system in self.direct for name in system.modalities)}
        return tuple(modality for modality in MODALITIES if modality in covered)

    @property
    def cells(self) -> int:
        """Rows and columns of the distances: those of the manifolds, or 8 without manifolds."""
        if self.spatial is not None:
            return ERROR_CELLS
        return next((manifold.manifold_cells for manifold in self.manifolds.values()), SINGLE_STAGE_CELLS)

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the output tensors (see `Modality.output_names`), then `vehicles` and `latents` if there are any."""
        names = tuple(name for modality in self.modalities for name in MODALITIES[modality].output_names)
        return (*names, *self._further_names)

    @property
    def has_vehicles(self) -> bool:
        """True if the networks predict the map of the vehicles all round."""
        return self.spatial is not None and self.spatial.vehicles is not None

    @property
    def raw_names(self) -> tuple[str, ...]:
        """Keys of the result of `PerceptionNetwork.predict_raw`, in order."""
        return (*self.modalities, *self._further_names)

    @property
    def _further_names(self) -> tuple[str, ...]:
        vehicles = (VEHICLES,) if self.has_vehicles else ()
        return vehicles if self.state is None else (*vehicles, LATENTS)

    @property
    def past_shape(self) -> tuple[int, ...]:
        """Shape (past, channel, cell, cell) of the reduced latents of earlier windows. () without a state."""
        return () if self.state is None or self.spatial is None else self.state.past_shape(self.spatial)

    def predicts_distance(self, modality: str) -> bool:
        """Return whether the networks provide the distance of a modality, to a manifold or as a predicted error."""
        return (self.spatial is not None and modality in self.modalities) or modality in self.manifolds

    def to_dict(self) -> Mapping[str, object]:
        """Return the fields as plain values for JSON. `spatial` and `state` are left out without a value."""
        return {name: value for name, value in to_plain(self).items() if value is not None}

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> PerceptionConfig:
        """Build a configuration from plain values.

        Raises:
            NetworkError: A key is unknown, or a value is invalid.

        """
        return from_plain(cls, values, cls.__name__, NetworkError)

    def _check_spatial(self, spatial: SpatialNetworkConfig) -> None:
        """Check that a network on spatial maps is the only one, and that its latents match the manifolds."""
        if self.at_nets or self.direct:
            msg = 'Networks on spatial maps and AT-nets or direct systems have different features: give one kind.'
            raise NetworkError(msg)
        expected = set(spatial.modalities) if spatial.is_quantised else set()
        if set(self.manifolds) != expected:
            msg = f'The network on spatial maps has latents of {sorted(expected)}, but there are manifolds of '
            msg += f'{sorted(self.manifolds)}: give the same.'
            raise NetworkError(msg)
        sizes = (spatial.latent_cells, spatial.code_dim, spatial.image_size)
        for modality, manifold in self.manifolds.items():
            found = (manifold.manifold_cells, manifold.code_dim, manifold.image_size)
            if found != sizes or manifold.channels != spatial.image_channels(modality):
                msg = (
                    f'The network on spatial maps has cells, code_dim and image_size {sizes}, the manifold of '
                    f'{modality} {found} with {manifold.channels} channels: make them equal.'
                )
                raise NetworkError(msg)


class SpatialPrediction(NamedTuple):
    """Output of a network on spatial maps.

    Attributes:
        raw_outputs: Raw images and distances by modality (see `PerceptionNetwork.predict_raw`).
        vehicles: Logits of the map of vehicles (batch, class, azimuth, distance). None without it.
        latents: Reduced latents (batch, channel, cell, cell) for later windows. None without a state.

    """

    raw_outputs: dict[str, RawOutput]
    vehicles: Tensor | None
    latents: Tensor | None


class PerceptionNetwork(nn.Module):
    """AT-nets or a network on spatial maps, bottlenecks and decoders, and direct systems, for inference.

    The data does not change the control flow.
    """

    def __init__(self, config: PerceptionConfig) -> None:
        """Build the network with random weights for `load_state_dict`."""
        super().__init__()
        self.config = config
        self.at_nets = nn.ModuleList(AtNet(at_net) for at_net in config.at_nets)
        self.codebooks = nn.ModuleDict({name: make_bottleneck(size) for name, size in config.manifolds.items()})
        self.decoders = nn.ModuleDict({name: make_decoder(size) for name, size in config.manifolds.items()})
        self.direct = nn.ModuleList(SingleStageNetwork(system) for system in config.direct)
        self.spatial = None if config.spatial is None else SpatialNetwork(config.spatial)
        self.state = None
        if config.state is not None and config.spatial is not None:
            self.state = LatentState(config.spatial.latent_channels, config.state)
        self.eval()

    @classmethod
    def from_trained(
        cls,
        at_nets: Sequence[AtNet],
        vq_vaes: dict[str, VqVae],
        depth: DepthRepresentation | None = None,
        direct: Sequence[SingleStageNetwork] = (),
    ) -> PerceptionNetwork:
        """Combine trained parts. Their weights are copied.

        Raises:
            NetworkError: Heads and manifolds do not match.

        """
        config = PerceptionConfig(
            at_nets=tuple(at_net.config for at_net in at_nets),
            manifolds={name: vq_vae.config for name, vq_vae in vq_vaes.items()},
            depth=depth or DepthRepresentation(),
            direct=tuple(system.config for system in direct),
        )
        network = cls(config)
        for part, trained in zip([*network.at_nets, *network.direct], [*at_nets, *direct], strict=True):
            part.load_state_dict(trained.state_dict())
        for name, vq_vae in vq_vaes.items():
            network.codebooks[name].load_state_dict(vq_vae.quantizer.state_dict())
            network.decoders[name].load_state_dict(vq_vae.decoder.state_dict())
        network._set_bottleneck_statistics()
        return network

    def forward(self, features: Tensor, prior: PriorTensors | None = None) -> tuple[Tensor, ...]:
        """Map features (batch, mic, height, width) to the tensors of `config.output_names`.

        Args:
            features: See `predict_raw`.
            prior: See `predict_raw`.

        Returns:
            For each modality its image (batch, row, column), or (batch, row, column, component), for example depth in
            metres, and its distance float32 (batch, cell, cell). Then the probabilities of the map of vehicles float32
            (batch, class, azimuth, distance), and the reduced latents float32 (batch, channel, cell, cell) for later
            windows, if there are any.

        """
        return postprocess(self.config, self.predict_raw(features, prior))

    def images(self, features: Tensor, prior: PriorTensors | None = None) -> dict[str, Tensor]:
        """Map features (batch, mic, height, width) to raw images {modality: (batch, channel, row, column)}.

        Depth has one channel in the unit of `DepthRepresentation`, not clipped. Segmentation has the logits of the
        classes.
        """
        raw_outputs = self.predict_raw(features, prior)
        return {modality: raw_outputs[modality][0] for modality in self.config.modalities}

    def latents(self, features: Tensor) -> dict[str, Tensor]:
        """Map features (batch, mic, height, width) to latents {modality: (batch, code_dim, cell, cell)}."""
        return {name: latent for at_net in self.at_nets for name, latent in at_net(features).items()}

    def predict_raw(self, features: Tensor, prior: PriorTensors | None = None) -> dict[str, RawOutput]:
        """Map features to raw images and distances. This is the part of the network that has weights.

        Args:
            features: (batch, mic, height, width), or (batch, size) of spatial maps. With a state, the reduced latents
                of earlier windows follow (see `LatentState`). Without them there are no earlier windows.
            prior: Priors of the cameras, for a network on spatial maps. None for the camera of the network.

        Returns:
            Raw images as from `images` by modality, and the distance float32 (batch, cell, cell) to the manifold or the
            predicted error. It is None for direct systems. With a map of vehicles, `vehicles` are its logits and None.
            With a state, `latents` are the reduced ones of the window and None.

        """
        if self.spatial is not None:
            found = self.predict_spatial(features, prior)
            raw_outputs = dict(found.raw_outputs)
            for name, raw in ((VEHICLES, found.vehicles), (LATENTS, found.latents)):
                if raw is not None:
                    raw_outputs[name] = (raw, None)
            return raw_outputs
        raw_outputs = {}
        for modality, latent in self.latents(features).items():
            quantized = cast('Bottleneck', self.codebooks[modality]).quantize(latent)
            raw_outputs[modality] = (self.decoders[modality](quantized.values), quantized.distance)
        for system in self.direct:
            raw_outputs |= {modality: (raw, None) for modality, raw in system(features).items()}
        return raw_outputs

    @torch.no_grad()
    def add_class_bias(self, advantages: Tensor) -> None:
        """Add a bias (class,) to the logits of the segmentation permanently."""
        for modality in categorical(self.config.manifolds):
            decoder = self.decoders[modality]
            last = decoder.output if isinstance(decoder, CompactDecoder) else cast('nn.Sequential', decoder)[-1]
            cast('Tensor', last.bias).add_(advantages)
        if self.spatial is not None and not self.spatial.config.is_quantised and categorical(self.config.modalities):
            self.spatial.advantages.add_(advantages[:, None, None])
        for system in cast('Sequence[SingleStageNetwork]', self.direct):
            if categorical(system.config.modalities):
                system.advantages.add_(advantages[:, None, None])

    def predict_spatial(
        self, features: Tensor, prior: PriorTensors | None = None, azimuths_rad: Tensor | None = None
    ) -> SpatialPrediction:
        """Return the output of a network on spatial maps.

        Args:
            features: See `predict_raw`.
            prior: See `predict_raw`.
            azimuths_rad: (batch, azimuth), the directions of the steered map. None for those of the network.

        """
        spatial = cast('SpatialNetwork', self.spatial)
        images, grid = (None, None) if prior is None else prior
        size = spatial.config.size
        found = spatial(features[:, :size], grid, azimuths_rad)
        latents, reduced = self._with_state(found.latents, features[:, size:])
        raw_images = self.decode(latents, images) | {
            modality: spatial.enlarge(modality, deviation, images) for modality, deviation in found.deviations.items()
        }
        raw_outputs: dict[str, RawOutput] = {
            modality: (raw_images[modality], found.log_errors[modality].exp()) for modality in self.config.modalities
        }
        return SpatialPrediction(raw_outputs, found.vehicles, reduced)

    def decode(self, latents: Mapping[str, Tensor], prior_images: Tensor | None = None) -> dict[str, Tensor]:
        """Return the raw images of a network on spatial maps from its latents (batch, code_dim, cell, cell).

        Args:
            latents: Latents by modality.
            prior_images: See `SpatialNetwork.add_prior`.

        """
        spatial = cast('SpatialNetwork', self.spatial)
        images = {}
        for modality, latent in latents.items():
            values = cast('Bottleneck', self.codebooks[modality]).quantize(latent).values
            images[modality] = spatial.add_prior(modality, self.decoders[modality](values), prior_images)
        return images

    def _with_state(self, latents: dict[str, Tensor], past: Tensor) -> tuple[dict[str, Tensor], Tensor | None]:
        """Return the corrected latents by modality, and the reduced ones for later windows, None without a state."""
        if self.state is None:
            return latents, None
        names = cast('SpatialNetwork', self.spatial).config.modalities
        own = torch.cat([latents[name] for name in names], dim=1)
        shape = self.config.past_shape
        # An exported network has the whole input.
        has_past = torch.onnx.is_in_onnx_export() or past.shape[1] > 0
        earlier = past.reshape(-1, *shape).to(own.dtype) if has_past else own.new_zeros((len(own), *shape))
        corrected, reduced = self.state(own, earlier)
        return dict(zip(names, corrected.chunk(len(names), dim=1), strict=True)), reduced

    def _set_bottleneck_statistics(self) -> None:
        """Copy the latent statistics of the heads to the bottlenecks without a codebook."""
        for at_net in cast('Sequence[AtNet]', self.at_nets):
            for modality in at_net.config.modalities:
                bottleneck, scale = self.codebooks[modality], at_net.latent_scale(modality)
                if isinstance(bottleneck, IdentityBottleneck):
                    bottleneck.set_statistics(scale.mean, scale.std)


def postprocess(config: PerceptionConfig, raw_outputs: Mapping[str, RawOutput]) -> tuple[Tensor, ...]:
    """Convert the result of `predict_raw`, in any precision, to the tensors of `config.output_names`."""
    outputs: list[Tensor] = []
    for modality in config.modalities:
        raw, distance = raw_outputs[modality]
        head = IMAGE_HEADS[modality]
        outputs += [
            head.decode(raw, config.depth),
            head.uncertainty(raw, config.cells) if distance is None else distance,
        ]
    if config.has_vehicles:
        outputs.append(raw_outputs[VEHICLES][0].float().sigmoid())
    if config.state is not None:
        outputs.append(raw_outputs[LATENTS][0].float())
    return tuple(outputs)
