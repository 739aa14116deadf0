# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Measure what a split leaks from learning into testing; a split that leaks is no basis for a result.

python -m training.splits.check_split data/mavd --split data/mavd_days.yaml
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from audio_manifold_ros.cli.options import add_workers_option
from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.argument_types import number
from audio_manifold_ros.common.errors import AudioManifoldError, TrainingError
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.features.spec import FeatureSpec
from training.config.data_configuration import HASH_SPLIT, DataConfig
from training.data.dataset_split import divide
from training.experiment.whole_json import write_json_atomic
from training.splits.split_leakage import Leakage, PairLeakage, leakage

COUNTS: Mapping[str, str] = {
    'same_instant': 'image of the same instant',
    'within_40_ms': 'image within 0.04 s',
    'within_1_s': 'image within 1 s',
    'audio_overlaps': 'sound overlaps',
    'audio_identical': 'sound identical, byte for byte',
}


def leakage_table(found: Leakage) -> Table:
    """Return the measurements for people."""
    table = Table(title=f'Split {found.split}: ' + ', '.join(f'{n} {name}' for name, n in found.windows.items()))
    table.add_column('')
    for pair in found.pairs:
        table.add_column(f'{pair.judged} after {pair.learnt}', justify='right')
    table.add_row('windows', *(str(pair.windows) for pair in found.pairs))
    for name, text in COUNTS.items():
        table.add_row(text, *(_format_fraction(pair, name) for pair in found.pairs))
    table.add_row('drives in both', *(str(len(pair.shared_drives)) for pair in found.pairs))
    return table


def describe_leakage(found: Leakage) -> str:
    """Return what the measurements mean for scores on this split."""
    if not found.leaks:
        text = f'{found.split!r} does not leak: its scores speak of sound that was never heard before.'
        if found.validation_overlaps_train:
            text += (
                ' But networks are chosen on what they heard while learning, so perhaps too late: move what validation '
                'shares with train.'
            )
        return text
    note = ' The file says so itself.' if found.says_so else ''
    return (
        f'{found.split!r} LEAKS: what is tested was heard while learning. Scores on it are no result; '
        f'report them only beside those of a split that does not leak, under the name of this one.{note}'
    )


def _format_fraction(pair: PairLeakage, name: str) -> str:
    count: int = getattr(pair, name)
    return f'{count} ({count / pair.windows:.1%})' if pair.windows else '–'


def _data(options: argparse.Namespace) -> DataConfig:
    """Return the data as an experiment would name it, so that it is divided as training divides it."""
    split_arguments = {'validation': options.validation, 'test': options.test, 'split_seed': options.seed}
    return DataConfig(str(options.drives), split=options.split, **split_arguments)


def _spec(drives: Mapping[str, Path], window_s: float) -> FeatureSpec:
    with DriveReader(next(iter(drives.values()))) as drive:
        rate_hz = drive.sample_rate_hz
    f_max_hz = min(FeatureSpec().f_max_hz, rate_hz / 2)
    return FeatureSpec(sample_rate_hz=rate_hz, window_samples=round(window_s * rate_hz), f_max_hz=f_max_hz)


def _check_filled(found: Leakage) -> None:
    empty = [name for name in ('train', 'test') if not found.windows[name]]
    if empty:
        msg = (
            f'{found.split!r} has no window in {empty}: of {found.windows} nothing can be told. Give more drives, '
            'other shares (--validation, --test), or a split file that names them (docs/training.md).'
        )
        raise TrainingError(msg)


def _write(path: Path, found: Leakage) -> None:
    try:
        write_json_atomic(path, found.to_dict())
    except OSError as error:
        msg = f'Cannot write {str(path)!r}: {error.strerror or error}. Name another file (--out).'
        raise TrainingError(msg) from None


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = command_parser('train split check')
    parser.add_argument('drives', type=Path, help='folder of drive files')
    parser.add_argument('--split', required=True, metavar='FILE', help=f'split file, or {HASH_SPLIT!r} by drive ids')
    parser.add_argument('--out', type=Path, help='JSON to write (default: leakage_NAME.json among the drives)')
    parser.add_argument('--window', type=number(0.01, 60), default=1.0, metavar='S', help='length (%(default)s s)')
    parser.add_argument('--frame-position', type=number(0, 1), default=0.5, help='of the image (%(default)s)')
    for name in ('validation', 'test'):
        default_fraction = getattr(DataConfig, name)
        parser.add_argument(
            f'--{name}', type=number(0, 1), default=default_fraction, help=f'{HASH_SPLIT}: share (%(default)s)'
        )
    parser.add_argument('--seed', type=int, default=0, help=f'{HASH_SPLIT}: another seed, another division')
    add_workers_option(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 0 for a split that does not leak, 1 for one that does, 2 if it cannot be told."""
    options = _arguments(arguments)
    console = Console()
    try:
        drives, division = divide(_data(options))
        spec = _spec(drives, options.window)
        found = leakage(drives, division.split, spec, options.frame_position, options.workers, compare_audio=True)
        _check_filled(found)
        _write(options.out or options.drives / f'leakage_{Path(options.split).stem}.json', found)
    except AudioManifoldError as error:
        Console(stderr=True).print(f'[red]{type(error).__name__}[/red]: {error}', highlight=False)
        return 2
    console.print(leakage_table(found))
    if found.entries_without_window:
        console.print(f'{found.entries_without_window} entries of the split have no window.', highlight=False)
    console.print(describe_leakage(found), highlight=False, markup=False, soft_wrap=True)
    return 1 if found.leaks else 0


if __name__ == '__main__':
    sys.exit(main())
