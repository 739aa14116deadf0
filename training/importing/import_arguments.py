# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What every import can be told on the command line."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from audio_manifold_ros.common.argument_types import whole_number

RATE_LIMITS_HZ = (4000, 192_000)
MAX_PIXELS = 4096


def add_import_arguments(parser: argparse.ArgumentParser, rig: str, *, native: bool) -> None:
    """Add --out, --rig, --rate, --size, --native and --workers.

    Args:
        parser: The command line.
        rig: Folder of the rig that ships for the data set.
        native: Whether images are kept in their teachers' size unless the command line says otherwise.

    """
    parser.add_argument('--out', type=Path, required=True, help='folder of the drives; those that are done are kept')
    parser.add_argument('--rig', type=Path, help=f'folder of the rig (default: {rig})')
    parser.add_argument('--rate', type=whole_number(*RATE_LIMITS_HZ), default=22_500, help='Hz (%(default)s)')
    pixels = whole_number(1, MAX_PIXELS)
    parser.add_argument('--size', type=pixels, nargs=2, default=(128, 128), metavar=('ROWS', 'COLUMNS'))
    parser.add_argument(
        '--native',
        action=argparse.BooleanOptionalAction,
        default=native,
        help="keep depth and classes also in their teachers' size, to be scored there",
    )
    parser.add_argument('--workers', type=whole_number(1, 1024), default=os.cpu_count() or 1, help='processes')
