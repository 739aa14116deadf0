# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fit of the VQ-VAE of one modality.

audio-manifold train fit manifold --config training/configs/paper_8x8.yaml --modality depth
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import lightning
from rich.console import Console

from audio_manifold_ros.cli.console import print_error
from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.errors import AudioManifoldError
from audio_manifold_ros.modalities.registry import MODALITIES
from training.config.config_arguments import add_config_arguments, given_config
from training.config.experiment_configuration import TrainingConfig
from training.data.data_module import WindowDataModule
from training.data.ground_truth_arrays import batch_keys
from training.fitting.lr_schedule import TrainingBudget
from training.fitting.manifold_module import ManifoldModule
from training.fitting.trainer import run_fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.config.fit_configuration import FitConfig


def fit_manifold(config: TrainingConfig, modality: str, fit: FitConfig, *, resume: bool = False) -> Path:
    """Fit the VQ-VAE of a modality and return the path of its best checkpoint.

    Raises:
        TrainingError: The experiment has no such manifold, or there is no checkpoint to resume from.
        DatasetError: A drive cannot be read.

    """
    network = config.manifold(modality)
    lightning.seed_everything(config.machine.seed, verbose=False)
    names, validation_names = batch_keys(modality)
    data = WindowDataModule(config, fit, names, validation_names)
    module = ManifoldModule(
        modality, network, fit, config.codebook, config.losses, config.depth, TrainingBudget(fit.minutes)
    )
    return run_fit(module, data, fit, config.machine, config.manifold_folder(modality), resume=resume)


def add_fit_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --config, --with, --resume, --epochs and --minutes."""
    add_config_arguments(parser)
    parser.add_argument('--resume', action='store_true', help='continue from the last checkpoint')
    parser.add_argument('--epochs', type=int, help="instead of the experiment's")
    parser.add_argument('--minutes', type=float, help="time limit instead of the experiment's")


def change_fit(fit: FitConfig, options: argparse.Namespace) -> FitConfig:
    """Return the configuration with the lengths of the command line."""
    lengths = ('epochs', 'minutes')
    given = {name: getattr(options, name) for name in lengths if getattr(options, name) is not None}
    if not given:
        return fit
    return replace(fit, **({'steps': None, 'minutes': None} | given))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit status."""
    parser = command_parser('train fit manifold')
    add_fit_arguments(parser)
    parser.add_argument('--modality', required=True, choices=sorted(MODALITIES))
    options = parser.parse_args(arguments)
    console = Console(stderr=True)
    try:
        config = given_config(options)
        fit = change_fit(config.manifold_fit, options)
        best = fit_manifold(config, options.modality, fit, resume=options.resume)
    except AudioManifoldError as error:
        print_error(console, error)
        return 1
    console.print(f'best weights: {best}')
    return 0
