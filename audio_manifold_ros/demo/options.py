# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Command line options of the demo."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from audio_manifold_ros.cli.options import add_bundle_option, add_rig_option
from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.argument_types import caller_path, number, whole_number
from audio_manifold_ros.datasets.splits import FIRST_DEMO_SEED
from audio_manifold_ros.viewer.view_output import ViewOutput

if TYPE_CHECKING:
    from collections.abc import Sequence

SOURCE_KINDS = ('simulator', 'file', 'device')


@dataclass(frozen=True)
class DemoOptions:
    """Options of one run.

    Attributes:
        seconds: Duration, measured from the first image.
        kind: Kind of audio source: `simulator`, `file` or `device`.
        place: Path of the file or name of the device.
        seed: Seed of the simulated street.
        out: Folder for the results.
        bundle: Folder of the bundle, or its path below the package.
        rate_hz: Predictions per second.
        rig: Folder of the rig of drive and perception. None is the roof octagon.
        view: Destination of the live view. None shows only the terminal.

    """

    seconds: float
    kind: str
    place: str
    seed: int
    out: Path
    bundle: str
    rate_hz: float
    rig: Path | None = None
    view: ViewOutput | None = None


def parse_options(arguments: Sequence[str] | None = None) -> DemoOptions:
    """Parse the command line. On an error, print a message and exit."""
    parser = command_parser('demo')
    parser.add_argument(
        '--seconds', type=number(1, 86_400), default=20.0, help='duration from the first image (default: %(default)s)'
    )
    parser.add_argument(
        '--source',
        default='simulator',
        metavar='simulator|file:PATH|device:NAME',
        help='audio source (default: %(default)s)',
    )
    parser.add_argument(
        '--seed',
        type=whole_number(0, 2**31 - 1),
        default=FIRST_DEMO_SEED,
        help=f'seed of the street; seeds from {FIRST_DEMO_SEED} are never used for training (default: %(default)s)',
    )
    parser.add_argument('--out', type=Path, default='demo_output', help='folder for the results (default: %(default)s)')
    add_bundle_option(parser)
    add_rig_option(parser)
    parser.add_argument(
        '--rate', type=number(0.1, 200), default=30.0, help='predictions per second (default: %(default)s)'
    )
    parser.add_argument('--view', action='store_true', help='show the images live in a browser (needs rerun-sdk)')
    parser.add_argument('--save-view', type=caller_path, help='write the live view into a file (.rrd) instead')
    args = parser.parse_args(arguments)
    kind, _, place = args.source.partition(':')
    if kind not in SOURCE_KINDS or (kind == 'simulator') != (not place):
        parser.error(f'--source is {args.source!r}: give simulator, file:PATH or device:NAME')
    if kind == 'file':
        place = str(caller_path(place))
    view = ViewOutput(args.save_view) if args.view or args.save_view is not None else None
    return DemoOptions(args.seconds, kind, place, args.seed, args.out, args.bundle, args.rate, args.rig, view)
