# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fit of the single-stage networks of an experiment, which have no manifold.

audio-manifold train fit direct --config training/configs/systems/end_to_end_8x8.yaml
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import lightning
from rich.console import Console

from audio_manifold_ros.cli.console import print_error
from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.errors import AudioManifoldError
from audio_manifold_ros.features.kinds import require_mel
from training.config.config_arguments import given_config
from training.config.experiment_configuration import TrainingConfig
from training.data.data_module import WindowDataModule
from training.data.ground_truth_arrays import batch_keys
from training.data.window_checks import with_drive_microphones
from training.fitting.direct_module import DirectModule
from training.fitting.fit_manifold import add_fit_arguments, change_fit
from training.fitting.latent_cache import feature_statistics
from training.fitting.lr_schedule import TrainingBudget
from training.fitting.trainer import run_audio_network_fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audio_manifold_ros.networks.single_stage import SingleStageConfig
    from training.config.fit_configuration import FitConfig


def fit_direct(config: TrainingConfig, network: SingleStageConfig, fit: FitConfig, *, resume: bool = False) -> Path:
    """Fit one single-stage network of an experiment and return the path of its best checkpoint.

    Raises:
        TrainingError: There is no checkpoint to resume from, or it has another frame position.
        DatasetError: A drive cannot be read.

    """
    lightning.seed_everything(config.machine.seed, verbose=False)
    names, validation_names = zip(*(batch_keys(modality) for modality in network.modalities), strict=True)
    data = WindowDataModule(config, fit, ('features', *sum(names, ())), sum(validation_names, ()))
    module = DirectModule(
        network,
        feature_statistics(data.cache),
        fit,
        config.losses,
        (config.augment, require_mel(config.data.features)),
        config.depth,
        TrainingBudget(fit.minutes),
    )
    return run_audio_network_fit(module, data, fit, config, config.direct_folder(network), resume=resume)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit status."""
    parser = command_parser('train fit direct')
    add_fit_arguments(parser)
    options = parser.parse_args(arguments)
    console = Console(stderr=True)
    try:
        config = with_drive_microphones(given_config(options))
        fit = change_fit(config.direct_fit, options)
        for network in config.direct:
            console.print(f'best weights: {fit_direct(config, network, fit, resume=options.resume)}')
    except AudioManifoldError as error:
        print_error(console, error)
        return 1
    return 0
