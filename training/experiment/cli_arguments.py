# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Command-line options that select an experiment: its file, changes to it, and the seed."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.config.experiment_configuration import TrainingConfig
from training.data.window_checks import with_drive_microphones
from training.experiment.run_directory import check_experiment


def add_experiment_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --config, --with and --seed."""
    parser.add_argument('--config', type=Path, required=True, help='the experiment, a YAML file')
    parser.add_argument(
        '--with', type=Path, nargs='+', default=[], dest='over', help='YAML files that override settings'
    )
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
    config = with_drive_microphones(TrainingConfig.from_yaml(options.config, options.over))
    if options.seed is not None:
        config = config.seeded(options.seed)
    check_experiment(config)
    return config
