# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fitted networks of an experiment, joined into the network of a bundle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.networks.perception_network import PerceptionNetwork
from training.fitting.checkpoints import (
    BEST,
    check_frame_position,
    check_manifolds,
    load_at_net,
    load_direct,
    load_joint,
    load_vq_vae,
)
from training.fitting.latent_cache import encoder_sha256

if TYPE_CHECKING:
    from training.config.experiment_configuration import TrainingConfig


def load_perception(config: TrainingConfig) -> PerceptionNetwork:
    """Join the best networks of an experiment, on the CPU.

    Raises:
        TrainingError: A checkpoint cannot be read, or was fitted to another frame position or another manifold.
        NetworkError: The checkpoints do not match each other.

    """
    if config.joint is not None:
        path = config.joint_folder / BEST
        check_frame_position(path, config.data.frame_position)
        return load_joint(path)
    vq_vaes = {name: load_vq_vae(config.manifold_folder(name) / BEST) for name in config.manifolds}
    transforms = [config.transform_folder(network.modalities) / BEST for network in config.at_nets]
    systems = [config.direct_folder(system) / BEST for system in config.direct]
    for path in (*transforms, *systems):
        check_frame_position(path, config.data.frame_position)
    for path, at_net in zip(transforms, config.at_nets, strict=True):
        check_manifolds(path, {name: encoder_sha256(vq_vaes[name]) for name in at_net.modalities})
    at_nets, direct = [load_at_net(path) for path in transforms], [load_direct(path) for path in systems]
    return PerceptionNetwork.from_trained(at_nets, vq_vaes, config.depth, direct)
