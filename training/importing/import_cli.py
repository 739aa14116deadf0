# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Command line shared by the importers: common options, progress, report and exit status."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from audio_manifold_ros.cli.console import SafeConsole, print_error
from audio_manifold_ros.cli.options import (
    add_drive_format_options,
    add_drives_output_option,
    add_scheduler_option,
    add_workers_option,
)
from audio_manifold_ros.common.errors import AudioManifoldError
from training.importing.report import ImportReport


def add_import_arguments(parser: argparse.ArgumentParser, rig: str, *, native: bool) -> None:
    """Add --out, --rig, --rate, --size, --native, --workers and --scheduler.

    Args:
        parser: The command line.
        rig: Folder of the rig that ships for the dataset.
        native: Default of --native, which also stores images in the size of the labels.

    """
    add_drives_output_option(parser)
    parser.add_argument('--rig', type=Path, help=f'folder of the rig (default: {rig})')
    add_drive_format_options(parser)
    parser.add_argument(
        '--native',
        action=argparse.BooleanOptionalAction,
        default=native,
        help='also store depth and classes in the size of the labels, for evaluation at that size',
    )
    add_workers_option(parser)
    add_scheduler_option(parser)


def run_import(write: Callable[[SafeConsole], ImportReport]) -> int:
    """Run an import, print its report or its error, and return the exit status: 1 if a drive could not be written.

    Args:
        write: Writes the drives. Its argument is the console for the progress bar.

    """
    console = SafeConsole(stderr=True)
    try:
        report = write(console)
    except AudioManifoldError as error:
        print_error(console, error)
        return 1
    console.print(report.text(), highlight=False, markup=False, soft_wrap=True)
    return 1 if report.refused else 0
