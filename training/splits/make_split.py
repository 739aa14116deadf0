# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Split files of MAVD for the imported drives.

audio-manifold train split make mavd-days data/mavd --out data/mavd_days.yaml
audio-manifold train split make mavd-paper data/mavd --lists audio_manifold/mavd/data --out data/mavd_paper.yaml
"""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from audio_manifold_ros.cli.console import SafeConsole, print_error
from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.errors import AudioManifoldError
from training.data.split_file import SPLITS, SplitFile
from training.data.window_dataset import find_drives
from training.importing.mavd_splits import TEST_DAYS, VALIDATION_DAYS, day_split, paper_split

DAYS, PAPER = 'mavd-days', 'mavd-paper'


def make_split(options: argparse.Namespace, console: SafeConsole) -> SplitFile:
    """Return the split of the command line.

    Raises:
        TrainingError: The drives do not allow it.
        DatasetError: A drive cannot be read.

    """
    drives = find_drives(options.drives)
    if options.kind == DAYS:
        return day_split(drives, options.test, options.validation)
    found = paper_split(options.lists, drives)
    console.print(
        f'lists: {found.lines}; left out: {found.by_night} lines by night, '
        f'{found.missing_images} instants without a drive',
        highlight=False,
    )
    console.print(
        f'{len(found.split.shared_entries())} instants are in several lists: scores on this split are not results.',
        highlight=False,
    )
    return found.split


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = command_parser('train split make')
    kinds = parser.add_subparsers(dest='kind', required=True)
    days = kinds.add_parser(DAYS, help='by calendar day: no day in two parts')
    for name, standard in (('test', TEST_DAYS), ('validation', VALIDATION_DAYS)):
        text = ' '.join(map(str, standard))
        days.add_argument(f'--{name}', type=_day, nargs='+', default=standard, metavar='YYYY-MM-DD', help=f'({text})')
    paper = kinds.add_parser(PAPER, help="the paper's lists, which leak")
    paper.add_argument('--lists', type=Path, required=True, help='folder of train_all.txt, val_all.txt, test_all.txt')
    for kind in (days, paper):
        kind.add_argument('drives', type=Path, help='folder of drive files')
        kind.add_argument('--out', type=Path, required=True, help='split file to write')
    return parser.parse_args(arguments)


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        msg = f'{text!r}: give a day as YYYY-MM-DD'
        raise argparse.ArgumentTypeError(msg) from None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit status."""
    options = _arguments(arguments)
    console = SafeConsole(stderr=True)
    try:
        split = make_split(options, console)
        split.write(options.out)
    except AudioManifoldError as error:
        print_error(console, error)
        return 1
    sizes = ', '.join(f'{len(getattr(split, name))} {name}' for name in SPLITS)
    console.print(f'{options.out}: {sizes}. Measure it with `audio-manifold train split check`.', highlight=False)
    return 0
