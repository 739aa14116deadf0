# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`calibrate apply`: writes the changes of a report into a rig and keeps the old files."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path

from audio_manifold_ros.calibration.commands.measurement_command import Command
from audio_manifold_ros.calibration.reporting.calibration_report import load_changes
from audio_manifold_ros.calibration.reporting.rig_change import RigChange
from audio_manifold_ros.cli.console import SafeConsole
from audio_manifold_ros.common.errors import CalibrationError, reraise_file_errors
from audio_manifold_ros.common.files import atomic_write
from audio_manifold_ros.common.untrusted_text import shorten
from audio_manifold_ros.common.yaml_file import read_yaml_text
from audio_manifold_ros.rig.camera import CAMERA_FILE, CameraModel
from audio_manifold_ros.rig.depth_calibration import DEPTH_FILE, DepthCalibration
from audio_manifold_ros.rig.extrinsics import EXTRINSICS_FILE, Extrinsics
from audio_manifold_ros.rig.rig import RIG_FILE, MicrophoneArray
from audio_manifold_ros.rig.rig_file import parse_rig_yaml
from audio_manifold_ros.rig.yaml_edit import edit_values

# Readers that must accept a new file before it replaces the old one.
READERS: Mapping[str, Callable[[Path], object]] = {
    RIG_FILE: MicrophoneArray.from_yaml,
    CAMERA_FILE: CameraModel.from_yaml,
    EXTRINSICS_FILE: Extrinsics.from_yaml,
    DEPTH_FILE: DepthCalibration.from_yaml,
}
# Values of keys that are missing in the file.
DEFAULT_VALUES: Mapping[str | int, object] = {'delay_samples': 0.0}


def apply_report(report: Path, rig: Path) -> list[Path]:
    """Write the changes of a report into the files of a rig.

    All new files are written and validated before the first replaces an old one. Old files are kept as
    `NAME.before-TIME`.

    Args:
        report: Folder of the report, or its `report.json`.
        rig: Folder of the rig.

    Returns:
        Copies of the old files.

    Raises:
        CalibrationError: The report cannot be read, has no changes, or was measured against another state of the rig.
            The folder cannot be written.
        RigError: A file of the rig cannot be read, or would be invalid after the change.
    """
    saved = load_changes(report)
    unknown = sorted({*saved.files, *(change.file for change in saved.changes)} - set(READERS))
    if unknown:
        msg = f'{report}: the report would write {shorten(unknown)}: a rig has only the files {sorted(READERS)}.'
        raise CalibrationError(msg)
    texts = dict(saved.files)
    for name in {change.file for change in saved.changes}:
        texts[name] = _apply_changes(rig / name, [change for change in saved.changes if change.file == name])
    if not texts:
        msg = f'{report}: there is nothing to apply, because the report has no changes ({saved.summary}).'
        raise CalibrationError(msg)
    with reraise_file_errors(CalibrationError, 'write to the rig', rig, 'Copy the rig to a folder of yours first.'):
        return _replace_files(rig, texts)


def _apply_changes(path: Path, changes: list[RigChange]) -> str:
    text = read_yaml_text(path, CalibrationError, 'Give the folder of a rig.')
    values = parse_rig_yaml(text, str(path), path.name)
    for change in changes:
        found = _value_at(values, change.path)
        is_default = found is None and change.before == DEFAULT_VALUES.get(change.path[-1])
        if found != change.before and not is_default:
            msg = (
                f'{path}: {change.of} {change.path[-1]} is {found!r}, and the report was measured against '
                f'{change.before!r}: measure again with this rig.'
            )
            raise CalibrationError(msg)
    return edit_values(text, str(path), {change.path: change.after for change in changes})


def _value_at(values: object, path: tuple[str | int, ...]) -> object:
    for key in path:
        if isinstance(values, dict) and isinstance(key, str):
            values = values.get(key)
        elif isinstance(values, list) and isinstance(key, int) and 0 <= key < len(values):
            values = values[key]
        else:
            return None
    return values


def _replace_files(rig: Path, texts: Mapping[str, str]) -> list[Path]:
    """Write and validate all files, copy the old ones, and replace them."""
    with ExitStack() as stack:
        for name, text in texts.items():
            partial = stack.enter_context(atomic_write(rig / name))
            partial.write_text(text, encoding='utf-8')
            READERS[name](partial)
        time = f'{datetime.now(timezone.utc):%Y%m%dT%H%M%S}'
        return [_back_up(rig / name, time) for name in texts if (rig / name).exists()]


def _back_up(path: Path, time: str) -> Path:
    """Copy a file to a new name that contains the time of its replacement, and return the copy."""
    backup = path.with_name(f'{path.name}.before-{time}')
    number = 1
    while backup.exists():
        number += 1
        backup = path.with_name(f'{path.name}.before-{time}-{number}')
    backup.write_bytes(path.read_bytes())
    return backup


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('report', type=Path, help='folder of a report, or its report.json')
    parser.add_argument('--rig', type=Path, required=True, metavar='FOLDER', help='rig to change')


def _run(given: argparse.Namespace, console: SafeConsole) -> int:
    backups = apply_report(given.report, given.rig)
    for path in backups:
        console.print(f'The old {path.name.partition(".before-")[0]} is kept as {path}', markup=False, highlight=False)
    console.print(f'{given.rig}: the changes of {given.report} are written.', markup=False, highlight=False)
    return 0


APPLY = Command(
    name='apply',
    title='write the changes of a report into a rig',
    example='calibration_reports/gains_20261122_183000 --rig my_rig',
    text=(
        'This is the only command that writes to a rig. It refuses a report that was measured against another state of '
        'the rig. Every new file is validated before it replaces the old one, and the old one is kept.'
    ),
    configure=_configure,
    run=_run,
)
