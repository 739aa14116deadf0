# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`calibrate apply`: what a report would change is written into a rig, and the old files are kept."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from rich.console import Console

from audio_manifold_ros.calibration.commands.measurement_command import Command
from audio_manifold_ros.calibration.reporting.calibration_report import FORMAT_VERSION, JSON_FILE
from audio_manifold_ros.calibration.reporting.rig_change import RigChange
from audio_manifold_ros.common.errors import CalibrationError
from audio_manifold_ros.common.json_text import read_json
from audio_manifold_ros.common.yaml_file import read_yaml_text
from audio_manifold_ros.rig.camera import CAMERA_FILE, CameraModel
from audio_manifold_ros.rig.depth_calibration import DEPTH_FILE, DepthCalibration
from audio_manifold_ros.rig.extrinsics import EXTRINSICS_FILE, Extrinsics
from audio_manifold_ros.rig.rig import RIG_FILE, MicrophoneArray
from audio_manifold_ros.rig.rig_file import parse_rig_yaml
from audio_manifold_ros.rig.yaml_edit import edit_values

# What must be able to read a file before it takes the place of the old one.
READERS: Mapping[str, Callable[[Path], object]] = {
    RIG_FILE: MicrophoneArray.from_yaml,
    CAMERA_FILE: CameraModel.from_yaml,
    EXTRINSICS_FILE: Extrinsics.from_yaml,
    DEPTH_FILE: DepthCalibration.from_yaml,
}
# What an array has where its file lacks the key.
DEFAULT_VALUES: Mapping[str | int, object] = {'delay_samples': 0.0}


def apply_report(report: Path, rig: Path) -> list[Path]:
    """Write what a report would change into the files of a rig.

    All files are written beside the old ones and read back before the first takes the place of an old one, which is
    kept as `NAME.before-TIME`.

    Args:
        report: Folder of the report, or its `report.json`.
        rig: Folder of the rig.

    Returns:
        The old files under their new names.

    Raises:
        CalibrationError: The report is none, changes nothing, or was measured against another rig; or the folder cannot
            be written.
        CalibrationError: A file of the rig cannot be read, or could not be any more.

    """
    data = _read(report)
    changes = [RigChange.from_dict(change) for change in data['changes']]
    texts = {str(name): str(text) for name, text in data['files'].items()}
    for name in {change.file for change in changes}:
        texts[name] = _apply_changes(rig / name, [change for change in changes if change.file == name])
    if not texts:
        msg = f'{report}: changes nothing: {data["summary"]}'
        raise CalibrationError(msg)
    unknown = sorted(set(texts) - set(READERS))
    if unknown:
        msg = f'{report}: would write {unknown}: the files of a rig are {sorted(READERS)}.'
        raise CalibrationError(msg)
    try:
        return _replace_files(rig, texts)
    except OSError as error:
        msg = f'Cannot write to the rig {str(rig)!r}: {error.strerror}. Copy the rig to a folder of yours first.'
        raise CalibrationError(msg) from None


def _read(report: Path) -> dict[str, Any]:
    path = report / JSON_FILE if report.is_dir() else report
    data = read_json(path, CalibrationError, 'Give the folder of the report that `calibrate` printed.')
    if not (isinstance(data, dict) and data.get('format_version') == FORMAT_VERSION and 'changes' in data):
        msg = f'{path}: is no report of format {FORMAT_VERSION}: measure again with this version.'
        raise CalibrationError(msg)
    return data


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


def _value_at(values: Any, path: tuple[str | int, ...]) -> Any:
    try:
        for key in path:
            values = values[key]
    except (KeyError, IndexError, TypeError):
        return None
    return values


def _replace_files(rig: Path, texts: Mapping[str, str]) -> list[Path]:
    written = {name: rig / f'.{name}.partial' for name in texts}
    backups = []
    try:
        for name, text in texts.items():
            written[name].write_text(text, encoding='utf-8')
            READERS[name](written[name])
        time = f'{datetime.now(timezone.utc):%Y%m%dT%H%M%S}'
        for name, partial in written.items():
            if (rig / name).exists():
                backups.append(_back_up(rig / name, time))
            partial.replace(rig / name)
    finally:
        for partial in written.values():
            partial.unlink(missing_ok=True)
    return backups


def _back_up(path: Path, time: str) -> Path:
    """Return a copy of a file under a name that says when it was replaced."""
    backups = path.with_name(f'{path.name}.before-{time}')
    number = 1
    while backups.exists():
        number += 1
        backups = path.with_name(f'{path.name}.before-{time}-{number}')
    backups.write_bytes(path.read_bytes())
    return backups


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('report', type=Path, help='folder of a report, or its report.json')
    parser.add_argument('--rig', type=Path, required=True, metavar='FOLDER', help='the rig to change')


def _run(given: argparse.Namespace, console: Console) -> int:
    backups = apply_report(given.report, given.rig)
    for path in backups:
        console.print(f'The old {path.name.partition(".before-")[0]} is kept as {path}', markup=False, highlight=False)
    console.print(f'{given.rig}: changed as {given.report} says.', markup=False, highlight=False)
    return 0


APPLY = Command(
    name='apply',
    title='write what a report would change into a rig',
    text=(
        'The only command that writes to a rig. A report whose values were measured against another state of the rig '
        'is refused, every file is read back before it takes the place of the old one, and the old one is kept.'
    ),
    configure=_configure,
    run=_run,
)
