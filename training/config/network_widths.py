# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One width for the networks of all systems of a table: a factor of the published widths."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from audio_manifold_ros.networks.vq_vae import VqVaeConfig

if TYPE_CHECKING:
    from audio_manifold_ros.networks.single_stage import SingleStageConfig
    from training.config.experiment_configuration import TrainingConfig

PAPER = VqVaeConfig()


def with_width(config: TrainingConfig, width: float) -> TrainingConfig:
    """Return an experiment on mel features whose networks have a factor of the published widths.

    ECHO2DEPTH and the network on spatial maps have no width and stay as they are. The dimension of the codes stays too.

    Args:
        config: The experiment.
        width: Factor; 1 gives the widths of the publications.

    Raises:
        NetworkError: The factor is not above 0, or is too large.

    """
    return replace(
        config,
        manifolds={modality: _manifold(manifold, width) for modality, manifold in config.manifolds.items()},
        at_nets=tuple(replace(network, width=width) for network in config.at_nets),
        direct=tuple(_direct(system, width) for system in config.direct),
    )


def _manifold(manifold: VqVaeConfig, width: float) -> VqVaeConfig:
    first_features, features = round(PAPER.first_features * width), round(PAPER.features * width)
    return replace(manifold, first_features=first_features, features=features)


def _direct(system: SingleStageConfig, width: float) -> SingleStageConfig:
    if system.end_to_end is not None:
        at_net = replace(system.end_to_end.at_net, width=width)
        decoders = {modality: _manifold(decoder, width) for modality, decoder in system.end_to_end.decoders.items()}
        return replace(system, end_to_end=replace(system.end_to_end, at_net=at_net, decoders=decoders))
    if system.omninet is not None:
        # The maps of its heads stay those of the experiment: the published ones take 100 times as long.
        return replace(system, omninet=replace(system.omninet, width=width))
    return system
