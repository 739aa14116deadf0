# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Joint fit of all networks of an experiment, with losses on the images.

audio-manifold train fit joint --config training/configs/street_finetune.yaml
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import lightning
import torch
from rich.console import Console

from audio_manifold_ros.cli.console import print_error
from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.errors import AudioManifoldError, TrainingError
from audio_manifold_ros.networks.at_net import AtNet
from audio_manifold_ros.networks.perception_network import PerceptionNetwork
from training.config.config_arguments import given_config
from training.config.experiment_configuration import TrainingConfig
from training.data.data_module import VIEW_KEY, WindowDataModule
from training.data.ground_truth_arrays import ARRAY_OF_MODALITY
from training.data.vehicle_arrays import AZIMUTHS, VEHICLES
from training.data.window_checks import with_drive_microphones
from training.fitting.fit_manifold import add_fit_arguments, change_fit
from training.fitting.joint_losses import class_weights
from training.fitting.joint_module import JointModule
from training.fitting.latent_cache import feature_statistics
from training.fitting.lr_schedule import TrainingBudget
from training.fitting.spatial_statistics import set_input_statistics, set_training_statistics
from training.fitting.starting_networks import adopt_trunk, load_start
from training.fitting.trainer import run_audio_network_fit
from training.fitting.view_priors import ViewPriors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.config.fit_configuration import FitConfig
    from training.config.joint_configuration import JointConfig
    from training.data.cache import WindowCache


def fit_joint(config: TrainingConfig, fit: FitConfig, *, resume: bool = False) -> Path:
    """Fit the networks of an experiment jointly and return the path of the best checkpoint.

    Raises:
        TrainingError: The experiment has no joint fit, its starting weights do not match, or there is no checkpoint to
            resume from.
        DatasetError: A drive cannot be read.

    """
    joint = config.joint
    if joint is None:
        msg = f'The experiment {config.name!r} has no joint fit: give `joint`.'
        raise TrainingError(msg)
    lightning.seed_everything(config.machine.seed, verbose=False)
    if config.machine.threads is not None:
        torch.set_num_threads(config.machine.threads)
    keys: tuple[str, ...] = () if config.spatial is None else (VIEW_KEY,)
    if config.spatial is not None and config.spatial.vehicles is not None:
        keys += (VEHICLES, AZIMUTHS)
    names = ('features', *keys, *(ARRAY_OF_MODALITY[modality] for modality in config.modalities))
    data = WindowDataModule(config, fit, names)
    network = make_networks(config, joint, data.cache)
    priors = None if network.spatial is None else ViewPriors(network.spatial, data.cache.views, config.depth)
    weights, budget = class_weights(data.cache, joint), TrainingBudget(fit.minutes)
    module = JointModule(network, config, joint, fit, weights, budget, priors)
    return run_audio_network_fit(module, data, fit, config, config.joint_folder, resume=resume)


def make_networks(config: TrainingConfig, joint: JointConfig, cache: WindowCache) -> PerceptionNetwork:
    """Return the networks of an experiment with their starting weights.

    Raises:
        TrainingError: The starting weights cannot be read or do not match the experiment.

    """
    if joint.start:
        start = load_start(Path(joint.start), config, config.perception)
        if start.network.spatial is not None and start.has_other_features:
            set_input_statistics(start.network.spatial, cache)
        return start.network
    network = PerceptionNetwork(config.perception)
    if network.spatial is not None:
        set_training_statistics(network.spatial, cache, config.depth)
        if joint.start_trunk:
            adopt_trunk(network.spatial, Path(joint.start_trunk), config)
        return network
    statistics = feature_statistics(cache)
    for at_net in network.at_nets:
        if isinstance(at_net, AtNet):
            at_net.set_input_statistics(statistics.mean, statistics.covariance)
            at_net.reset_heads()
    return network


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit status."""
    parser = command_parser('train fit joint')
    add_fit_arguments(parser)
    options = parser.parse_args(arguments)
    console = Console(stderr=True)
    try:
        config = with_drive_microphones(given_config(options))
        best = fit_joint(config, change_fit(config.joint_fit, options), resume=options.resume)
    except AudioManifoldError as error:
        print_error(console, error)
        return 1
    console.print(f'best weights: {best}')
    return 0
