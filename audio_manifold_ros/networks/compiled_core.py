# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The part of a perception network that a compiler takes: convolutions and code search, from features to raw images.

What follows, metres and class ids, is a few operations without weights (`networks.perception.draw`). They need types
that compilers do not have (bytes), and cost next to nothing where the raw images lie.
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
    """`PerceptionNetwork.hear` as a module of one input and a row of outputs, in single or half precision."""

    def __init__(self, network: PerceptionNetwork, dtype: torch.dtype = torch.float32) -> None:
        """Take over a network, and change it for good: normalisations are folded, and the precision lowered.

        Args:
            network: Its weights in single precision.
            dtype: Of weights and activations, but for what `lower_precision` leaves as it is.

        """
        super().__init__()
        self.network = network.eval()
        fuse_batch_norms(network)
        if dtype != torch.float32:
            lower_precision(network, dtype)
        self.requires_grad_(requires_grad=False)

    def forward(self, features: Tensor) -> tuple[Tensor, ...]:
        """Map features float32 (batch, mic, height, width) to what `regroup` takes."""
        raw_outputs = self.network.predict_raw(features)
        outputs = [tensor for modality in self.network.config.modalities for tensor in raw_outputs[modality]]
        return tuple(tensor for tensor in outputs if tensor is not None)


class _Cast(nn.Module):
    """Casts what passes."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype

    def forward(self, x: Tensor) -> Tensor:
        return x.to(self.dtype)


def lower_precision(network: PerceptionNetwork, dtype: torch.dtype) -> None:
    """Cast a network in place, all but two parts that decide by small differences and cost little.

    The normalisation of the input stays in single precision: where a sound comes from is in differences between
    microphones that all hear nearly the same. So does the search for the nearest code, |x|² - 2xe + |e|², whose terms
    are larger than what they leave.
    """
    inputs = {
        at_net: at_net.trunk[0]
        for at_net in network.modules()
        if isinstance(at_net, AtNet)  # those of end-to-end systems, too
    }
    for at_net in inputs:
        at_net.trunk[0] = nn.Identity()
    for part in (network.at_nets, network.decoders, network.direct):
        part.to(dtype)
    for at_net, first in inputs.items():
        at_net.trunk[0] = nn.Sequential(first, _Cast(dtype))
    for index, system in enumerate(cast('Sequence[SingleStageNetwork]', network.direct)):
        if not isinstance(system.system, EndToEnd):
            network.direct[index] = nn.Sequential(_Cast(dtype), system)


def regroup(config: PerceptionConfig, outputs: Sequence[Tensor]) -> dict[str, tuple[Tensor, Tensor | None]]:
    """Give what `CompilableNetwork` returns its place: raw image and distance of each modality, as `PerceptionNetwork.hear`."""
    rest = iter(outputs)
    return {name: (next(rest), next(rest) if name in config.manifolds else None) for name in config.modalities}


def postprocess_flat(config: PerceptionConfig, outputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Turn what `CompilableNetwork`, or an engine made of it, returns into the tensors of `config.output_names`."""
    return postprocess(config, regroup(config, outputs))
