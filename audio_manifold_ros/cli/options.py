# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Command-line options that several verbs share, defined once."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from audio_manifold_ros.common.argument_types import whole_number

MAX_WORKERS = 1024
MAX_IMAGE_SIZE = 4096
RATE_LIMITS_HZ = (4000, 192_000)
BUNDLE_HELP = 'folder of the bundle, a shipped one (models/street), or hf://ORGANISATION/NAME@REVISION'
DEFAULT_BUNDLE = 'models/street'
DEFAULT_RATE_HZ = 22_500
DEFAULT_SIZE = (128, 128)


def add_bags_argument(parser: argparse.ArgumentParser) -> None:
    """Add the positional argument `bags`: one or more paths."""
    parser.add_argument('bags', type=Path, nargs='+', metavar='BAG', help='rosbag2 folders, .mcap or .db3 files')


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Add --json."""
    parser.add_argument('--json', action='store_true', help='print the result as JSON')


def add_workers_option(parser: argparse.ArgumentParser, default: int | None = None) -> None:
    """Add --workers, by default one for each processor if no other number is given."""
    parser.add_argument(
        '--workers',
        type=whole_number(1, MAX_WORKERS),
        default=default or os.cpu_count() or 1,
        help='number of processes (default: %(default)s)',
    )


def add_scheduler_option(parser: argparse.ArgumentParser) -> None:
    """Add --scheduler, the address of a Dask scheduler."""
    parser.add_argument(
        '--scheduler',
        help='tls:// address of a Dask scheduler whose workers have the same files: give absolute paths '
        '(default: processes of this machine)',
    )


def add_trunk_echoes_option(parser: argparse.ArgumentParser) -> None:
    """Add --trunk-echoes, the echoes of trunks and poles in simulated streets."""
    parser.add_argument(
        '--trunk-echoes', action='store_true', help='trunks and poles reflect sound (models are trained without)'
    )


def add_drives_output_option(parser: argparse.ArgumentParser) -> None:
    """Add --out, the folder of the drive files to write."""
    parser.add_argument('--out', type=Path, required=True, help='folder of the drive files; complete ones are kept')


def add_drive_format_options(parser: argparse.ArgumentParser) -> None:
    """Add --rate and --size, the sample rate and the image size of the drive files to write."""
    parser.add_argument(
        '--rate',
        type=whole_number(*RATE_LIMITS_HZ),
        default=DEFAULT_RATE_HZ,
        help='sample rate in Hz (default: %(default)s)',
    )
    add_size_option(parser)


def add_size_option(parser: argparse.ArgumentParser) -> None:
    """Add --size, the size of the images to write."""
    parser.add_argument(
        '--size',
        type=whole_number(1, MAX_IMAGE_SIZE),
        nargs=2,
        default=DEFAULT_SIZE,
        metavar=('ROWS', 'COLUMNS'),
        help='image size (default: 128 128)',
    )


def add_rig_option(parser: argparse._ActionsContainer) -> None:
    """Add --rig, the rig of a simulated vehicle. Without it, the rig is the roof octagon."""
    parser.add_argument(
        '--rig',
        type=Path,
        help='folder with mic_array.yaml, camera.yaml and extrinsics.yaml (calibration/roof_octagon)',
    )


def add_bundle_option(parser: argparse.ArgumentParser) -> None:
    """Add --bundle, by default the bundle that is shipped."""
    parser.add_argument('--bundle', default=DEFAULT_BUNDLE, help=f'{BUNDLE_HELP} (default: %(default)s)')
