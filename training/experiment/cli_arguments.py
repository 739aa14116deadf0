# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Command-line options that select an experiment: its file, changes to it, and the seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.config.config_arguments import add_config_arguments, given_config
from training.data.window_checks import with_drive_microphones
from training.experiment.run_directory import check_experiment

if TYPE_CHECKING:
    import argparse

    from training.config.experiment_configuration import TrainingConfig


def add_experiment_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --config, --with and --seed."""
    add_config_arguments(parser)
    parser.add_argument(
        '--seed',
        type=int,
        help='seed of a run of `audio-manifold train run`; without it, the output of single fits',
    )


def named_experiment(options: argparse.Namespace) -> TrainingConfig:
    """Return the experiment that the options select.

    Raises:
        TrainingError: A file cannot be read or is invalid, or the run was begun with another experiment.
        DatasetError: A drive cannot be read.

    """
    config = with_drive_microphones(given_config(options))
    if options.seed is not None:
        config = config.seeded(options.seed)
    check_experiment(config)
    return config
