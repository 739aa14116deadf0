# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Command-line options that name the YAML files of an experiment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from training.config.experiment_configuration import TrainingConfig

if TYPE_CHECKING:
    import argparse


def add_config_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --config and --with."""
    parser.add_argument('--config', type=Path, required=True, help='the experiment, a YAML file')
    parser.add_argument(
        '--with', type=Path, nargs='+', default=[], dest='over', help='YAML files that override settings'
    )


def given_config(options: argparse.Namespace) -> TrainingConfig:
    """Return the experiment of the options.

    Raises:
        TrainingError: A file cannot be read or is invalid.

    """
    return TrainingConfig.from_yaml(options.config, options.over)
