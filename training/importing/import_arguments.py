# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What every import can be told on the command line."""

from __future__ import annotations

import argparse
from pathlib import Path

from audio_manifold_ros.cli.options import add_drive_format_options, add_drives_output_option, add_workers_option


def add_import_arguments(parser: argparse.ArgumentParser, rig: str, *, native: bool) -> None:
    """Add --out, --rig, --rate, --size, --native and --workers.

    Args:
        parser: The command line.
        rig: Folder of the rig that ships for the data set.
        native: Whether images are kept in their teachers' size unless the command line says otherwise.

    """
    add_drives_output_option(parser)
    parser.add_argument('--rig', type=Path, help=f'folder of the rig (default: {rig})')
    add_drive_format_options(parser)
    parser.add_argument(
        '--native',
        action=argparse.BooleanOptionalAction,
        default=native,
        help="keep depth and classes also in their teachers' size, to be scored there",
    )
    add_workers_option(parser)
