# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Measurement of the train/test leakage of a split. Scores on a split that leaks are not results.

audio-manifold train split check data/mavd --split data/mavd_days.yaml
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.table import Table

from audio_manifold_ros.cli.console import SafeConsole, print_error
from audio_manifold_ros.cli.options import add_workers_option
from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.argument_types import number
from audio_manifold_ros.common.errors import AudioManifoldError, TrainingError, reraise_file_errors
from audio_manifold_ros.common.files import write_json_atomic
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.features.spec import FeatureSpec
from training.config.data_configuration import HASH_SPLIT, DataConfig
from training.data.dataset_split import divide
from training.splits.split_leakage import LeakageReport, PairLeakage, measure_leakage

COUNTS: Mapping[str, str] = {
    'same_instant': 'image of the same instant',
    'within_40_ms': 'image within 0.04 s',
    'within_1_s': 'image within 1 s',
    'audio_overlaps': 'audio overlaps',
    'audio_identical': 'audio identical, byte for byte',
}


def leakage_table(found: LeakageReport) -> Table:
    """Return the measurements as a table."""
    table = Table(title=f'Split {found.split}: ' + ', '.join(f'{n} {name}' for name, n in found.windows.items()))
    table.add_column('')
    for pair in found.pairs:
        table.add_column(f'{pair.judged} after {pair.learnt}', justify='right')
    table.add_row('windows', *(str(pair.windows) for pair in found.pairs))
    for name, text in COUNTS.items():
        table.add_row(text, *(_format_fraction(pair, name) for pair in found.pairs))
    table.add_row('drives in both', *(str(len(pair.shared_drives)) for pair in found.pairs))
    return table


def describe_leakage(found: LeakageReport) -> str:
    """Return the consequence of the measurements for scores on this split."""
    if not found.leaks:
        text = f'{found.split!r} does not leak: its test windows are not in the training data.'
        if found.validation_overlaps_train:
            text += (
                ' But validation shares windows with train, so the best checkpoint may be overfitted: '
                'remove the shared windows from validation.'
            )
        return text
    note = ' The file itself declares it.' if found.says_so else ''
    return (
        f'{found.split!r} LEAKS: test windows are also in the training data. Scores on it are not results. '
        f'Report them only together with those of a split that does not leak, under the name of this one.{note}'
    )


def _format_fraction(pair: PairLeakage, name: str) -> str:
    count: int = getattr(pair, name)
    return f'{count} ({count / pair.windows:.1%})' if pair.windows else '–'


def _data(options: argparse.Namespace) -> DataConfig:
    """Return the data configuration of an experiment, so that the split is the one of a training."""
    split_arguments = {'validation': options.validation, 'test': options.test, 'split_seed': options.seed}
    return DataConfig(str(options.drives), split=options.split, **split_arguments)


def _spec(drives: Mapping[str, Path], window_s: float) -> FeatureSpec:
    with DriveReader(next(iter(drives.values()))) as drive:
        rate_hz = drive.sample_rate_hz
    f_max_hz = min(FeatureSpec().f_max_hz, rate_hz / 2)
    return FeatureSpec(sample_rate_hz=rate_hz, window_samples=round(window_s * rate_hz), f_max_hz=f_max_hz)


def _check_filled(found: LeakageReport) -> None:
    empty = [name for name in ('train', 'test') if not found.windows[name]]
    if empty:
        msg = (
            f'{found.split!r} has no window in {empty} (windows: {found.windows}), so leakage cannot be measured. '
            'Give more drives, other fractions (--validation, --test), or a split file (docs/training.md).'
        )
        raise TrainingError(msg)


def _write(path: Path, found: LeakageReport) -> None:
    with reraise_file_errors(TrainingError, 'write', path, 'Give another file (--out).'):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json_atomic(path, found.to_dict(), sort_keys=False)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = command_parser('train split check')
    parser.add_argument('drives', type=Path, help='folder of drive files')
    parser.add_argument('--split', required=True, metavar='FILE', help=f'split file, or {HASH_SPLIT!r} by drive ids')
    parser.add_argument(
        '--out', type=Path, help='JSON file to write (default: leakage_NAME.json in the folder of drives)'
    )
    parser.add_argument(
        '--window', type=number(0.01, 60), default=1.0, metavar='S', help='length of the windows (%(default)s s)'
    )
    parser.add_argument(
        '--frame-position', type=number(0, 1), default=0.5, help='position of the image in its window (%(default)s)'
    )
    for name in ('validation', 'test'):
        default_fraction = getattr(DataConfig, name)
        parser.add_argument(
            f'--{name}', type=number(0, 1), default=default_fraction, help=f'{HASH_SPLIT}: fraction (%(default)s)'
        )
    parser.add_argument('--seed', type=int, default=0, help=f'{HASH_SPLIT}: seed of the split')
    add_workers_option(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status: 0 without leakage, 1 with leakage, 2 if it is not measurable."""
    options = _arguments(arguments)
    console = SafeConsole()
    try:
        drives, dataset_split = divide(_data(options))
        spec = _spec(drives, options.window)
        found = measure_leakage(
            drives, dataset_split.split, spec, options.frame_position, options.workers, compare_audio=True
        )
        _check_filled(found)
        _write(options.out or options.drives / f'leakage_{Path(options.split).stem}.json', found)
    except AudioManifoldError as error:
        print_error(SafeConsole(stderr=True), error)
        return 2
    console.print(leakage_table(found))
    if found.entries_without_window:
        console.print(f'{found.entries_without_window} entries of the split have no window.', highlight=False)
    console.print(describe_leakage(found), highlight=False, markup=False, soft_wrap=True)
    return 1 if found.leaks else 0
