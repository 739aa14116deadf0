# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How a command line names an experiment that was run: its file, what changed it, and the seed."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.config.experiment_configuration import TrainingConfig
from training.experiment.run_directory import check_experiment


def add_experiment_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --config, --with and --seed."""
    parser.add_argument('--config', type=Path, required=True, help='the experiment, a YAML file')
    parser.add_argument('--with', type=Path, nargs='+', default=[], dest='over', help='YAML files that change some')
    parser.add_argument(
        '--seed', type=int, help='which run of `python -m training.experiment.run`; by default a fit by hand'
    )


def named_experiment(options: argparse.Namespace) -> TrainingConfig:
    """Return the experiment that a command line names.

    Raises:
        TrainingError: A file cannot be read, or makes no sense, or the run was begun with another experiment.

    """
    config = TrainingConfig.from_yaml(options.config, options.over)
    if options.seed is not None:
        config = config.seeded(options.seed)
    check_experiment(config)
    return config
