# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Compilable part of a perception network: convolutions and code search, from features to raw images.

The conversion to metres and class ids (`perception_network.postprocess`) is not compiled. It has no weights, needs a
type that compilers do not support (uint8), and takes little time on the device.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch
from torch import nn

from audio_manifold_ros.networks.at_net import AtNet
from audio_manifold_ros.networks.batchnorm_fusion import fuse_batch_norms
from audio_manifold_ros.networks.end_to_end import EndToEnd
from audio_manifold_ros.networks.perception_network import PerceptionConfig, PerceptionNetwork, postprocess

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from audio_manifold_ros.networks.single_stage import SingleStageNetwork


class CompilableNetwork(nn.Module):
    """`PerceptionNetwork.predict_raw` as a module with one input and a tuple of outputs, in float32 or half."""

    def __init__(self, network: PerceptionNetwork, dtype: torch.dtype = torch.float32) -> None:
        """Take over a network and change it in place: batch normalisations are fused, and the precision is lowered.

        Args:
            network: Network with weights in single precision.
            dtype: Type of weights and activations, except for the layers that `lower_precision` keeps.

        """
        super().__init__()
        self.network = network.eval()
        fuse_batch_norms(network)
        if dtype != torch.float32:
            lower_precision(network, dtype)
        self.requires_grad_(requires_grad=False)

    def forward(self, features: Tensor) -> tuple[Tensor, ...]:
        """Map features float32 (batch, mic, height, width) to the input of `regroup`."""
        raw_outputs = self.network.predict_raw(features)
        outputs = [tensor for name in self.network.config.raw_names for tensor in raw_outputs[name]]
        return tuple(tensor for tensor in outputs if tensor is not None)


class _Cast(nn.Module):
    """Layer that converts its input to a type."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype

    def forward(self, x: Tensor) -> Tensor:
        return x.to(self.dtype)


def lower_precision(network: PerceptionNetwork, dtype: torch.dtype) -> None:
    """Convert a network in place, except for parts that depend on small differences and take little time.

    The normalisation of the input stays in single precision, because directional information is in small differences
    between nearly equal microphone signals. The search for the nearest code, |x|² - 2xe + |e|², stays in single
    precision, because its terms are larger than their sum.
    """
    inputs = {
        at_net: at_net.trunk[0]
        for at_net in network.modules()
        if isinstance(at_net, AtNet)  # includes those of end-to-end systems
    }
    for at_net in inputs:
        at_net.trunk[0] = nn.Identity()
    for part in (network.at_nets, network.decoders, network.direct):
        part.to(dtype)
    if network.spatial is not None:
        network.spatial.to(dtype)
        network.spatial.trunk.inputs.float()
        if network.spatial.vehicles is not None:
            # Interpolation between directions takes differences of nearly equal angles.
            network.spatial.azimuths_rad = network.spatial.azimuths_rad.float()
            network.spatial.vehicles.bins_rad = network.spatial.vehicles.bins_rad.float()
    if network.state is not None:
        network.state.to(dtype)
    for at_net, first in inputs.items():
        at_net.trunk[0] = nn.Sequential(first, _Cast(dtype))
    for index, system in enumerate(cast('Sequence[SingleStageNetwork]', network.direct)):
        if not isinstance(system.system, EndToEnd):
            network.direct[index] = nn.Sequential(_Cast(dtype), system)


def regroup(config: PerceptionConfig, outputs: Sequence[Tensor]) -> dict[str, tuple[Tensor, Tensor | None]]:
    """Return images and distances of the modalities, and logits of vehicles, as `PerceptionNetwork.predict_raw` does.

    Args:
        config: Configuration of the network.
        outputs: Result of `CompilableNetwork`.

    """
    rest = iter(outputs)
    return {name: (next(rest), next(rest) if config.predicts_distance(name) else None) for name in config.raw_names}


def postprocess_flat(config: PerceptionConfig, outputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Convert the result of `CompilableNetwork`, or of an engine built from it, to tensors.

    Returns:
        The tensors of `config.output_names`.

    """
    return postprocess(config, regroup(config, outputs))
