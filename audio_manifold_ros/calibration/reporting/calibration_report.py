# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Calibration report: figures as JSON, tables and charts, and the proposed changes of the rig."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from enum import Enum
from io import StringIO
from pathlib import Path
from typing import Any

from rich.table import Table as RichTable

from audio_manifold_ros.calibration.reporting.rig_change import RigChange
from audio_manifold_ros.cli.console import SafeConsole
from audio_manifold_ros.common.array_types import RgbImage
from audio_manifold_ros.common.errors import CalibrationError, reraise_file_errors
from audio_manifold_ros.common.files import write_text_atomic
from audio_manifold_ros.common.json_text import read_json
from audio_manifold_ros.drawing.images import save_png

FORMAT_VERSION = 1
JSON_FILE, TEXT_FILE = 'report.json', 'report.txt'
TEXT_WIDTH = 120
STYLES = {'good': 'bold green', 'change': 'bold yellow', 'faulty': 'bold red', 'refused': 'bold red'}

Cell = str | int | float | None


class CalibrationVerdict(str, Enum):
    """Verdict of a measurement on the rig."""

    GOOD = 'good'
    CHANGE = 'change'
    FAULTY = 'faulty'
    REFUSED = 'refused'


def choose_verdict(*, refused: bool, wrong: bool) -> CalibrationVerdict:
    """Return `refused` if the measurement is not accurate enough, `change` if the rig is wrong, else `good`."""
    if refused:
        return CalibrationVerdict.REFUSED
    return CalibrationVerdict.CHANGE if wrong else CalibrationVerdict.GOOD


@dataclass(frozen=True)
class ReportTable:
    """Table of a report.

    Attributes:
        columns: Headings with units.
        rows: One row per microphone or pair. None is shown as a dash.

    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class CalibrationReport:
    """Result of a measurement.

    Attributes:
        command: Name of the subcommand.
        verdict: `good`: the rig files are correct. `change`: the rig is healthy, and its files should change.
            `faulty`: a part is broken. `refused`: this recording cannot be measured.
        summary: One sentence for the verdict.
        remarks: Further remarks, one sentence each.
        figures: All numbers, as JSON values.
        tables: Tables for the text report.
        changes: Changes of single values in rig files.
        files: Complete new rig files by name.
        pictures: Charts by name, uint8 (row, column, 3), red first.

    """

    command: str
    verdict: CalibrationVerdict
    summary: str
    remarks: tuple[str, ...] = ()
    figures: Mapping[str, object] = field(default_factory=dict)
    tables: tuple[ReportTable, ...] = ()
    changes: tuple[RigChange, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    pictures: Mapping[str, RgbImage] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        """Return the content of `report.json`. It contains the file names of the charts."""
        return {
            'format_version': FORMAT_VERSION,
            'command': self.command,
            'made_at': datetime.now(timezone.utc).isoformat(timespec='seconds'),
            'verdict': self.verdict.value,
            'summary': self.summary,
            'remarks': list(self.remarks),
            'figures': dict(self.figures),
            'changes': [change.to_dict() for change in self.changes],
            'files': dict(self.files),
            'pictures': [f'{name}.png' for name in self.pictures],
        }

    def show(self, console: SafeConsole) -> None:
        """Print tables, remarks, changes and verdict."""
        for table in self.tables:
            console.print(_format_table(table), markup=False, highlight=False)
        for remark in self.remarks:
            console.print(f'  - {remark}', markup=False, highlight=False)
        if self.changes or self.files:
            console.print('Proposed changes of the rig (`calibrate apply` writes them):', markup=False)
        for change in (change for change in self.changes if 'std' not in change.path):
            console.print(f'  {change.text()}', markup=False, highlight=False)
        for name in self.files:
            console.print(f'  {name}: new file', markup=False, highlight=False)
        console.print(f'[{STYLES[self.verdict.value]}]{self.command}: {self.verdict.value}.[/] ', end='')
        console.print(self.summary, markup=False, highlight=False)

    def save(self, folder: Path) -> None:
        """Write `report.json`, `report.txt` and the charts.

        Raises:
            CalibrationError: The folder cannot be written.
            DrawingError: A chart cannot be written.

        """
        with reraise_file_errors(CalibrationError, 'write the report to', folder, 'Give another folder with --out.'):
            folder.mkdir(parents=True, exist_ok=True)
            for name, picture in self.pictures.items():
                save_png(folder / f'{name}.png', picture)
            write_text_atomic(folder / TEXT_FILE, _text_of(self.show))
            content = json.dumps(self.to_dict(), indent=1, ensure_ascii=False, allow_nan=False) + '\n'
            write_text_atomic(folder / JSON_FILE, content)


@dataclass(frozen=True)
class SavedChanges:
    """Part of a saved report that `calibrate apply` needs.

    Attributes:
        summary: One sentence for the verdict.
        changes: Changes of single values in rig files.
        files: Complete new rig files by name.

    """

    summary: str
    changes: tuple[RigChange, ...]
    files: Mapping[str, str]


def load_changes(report: Path) -> SavedChanges:
    """Load the changes of a saved report.

    Args:
        report: Folder of the report, or its `report.json`.

    Raises:
        CalibrationError: The file cannot be read, or is not a report of this format.

    """
    path = report / JSON_FILE if report.is_dir() else report
    data = read_json(path, CalibrationError, 'Give the folder of the report that `calibrate` printed.')
    if not (
        isinstance(data, dict)
        and data.get('format_version') == FORMAT_VERSION
        and isinstance(data.get('changes'), list)
        and isinstance(data.get('files'), dict)
    ):
        msg = f'{path} is no report of format {FORMAT_VERSION}: measure again with this version.'
        raise CalibrationError(msg)
    return SavedChanges(
        str(data.get('summary', '')),
        tuple(RigChange.from_dict(change) for change in data['changes']),
        {str(name): str(text) for name, text in data['files'].items()},
    )


def save_and_show(report: CalibrationReport, out: Path | None, console: SafeConsole) -> int:
    """Save and print a report.

    Args:
        report: Report.
        out: Folder of the report. None creates one in the current folder.
        console: SafeConsole to print to.

    Returns:
        Exit status: 1 if the verdict is `faulty` or `refused`, else 0.

    Raises:
        CalibrationError: The folder cannot be written.

    """
    folder = out or default_folder(report.command)
    report.save(folder)
    report.show(console)
    console.print(f'Report: {folder}', markup=False, highlight=False)
    if report.changes or report.files:
        console.print(
            f'To apply the changes: audio-manifold rig calibrate apply {folder} --rig FOLDER',
            markup=False,
            highlight=False,
        )
    return int(report.verdict in {CalibrationVerdict.FAULTY, CalibrationVerdict.REFUSED})


def default_folder(command: str) -> Path:
    """Return a new folder in the current one, named after command and time."""
    return Path('calibration_reports') / f'{command}_{datetime.now():%Y%m%d_%H%M%S}'  # noqa: DTZ005 (local time)


def _format_table(table: ReportTable) -> str:
    """Return the table as text of its own width, so that a narrow terminal wraps lines and loses no number."""
    layout = RichTable(box=None, pad_edge=False)
    for place, name in enumerate(table.columns):
        layout.add_column(name, justify='left' if place == 0 else 'right', no_wrap=True)
    for row in table.rows:
        layout.add_row(*('–' if cell is None else str(cell) for cell in row))
    return _text_of(lambda console: console.print(layout)).rstrip()


def _text_of(show: Callable[[SafeConsole], None]) -> str:
    console = SafeConsole(file=StringIO(), width=TEXT_WIDTH, color_system=None, legacy_windows=False)
    show(console)
    output: Any = console.file
    return '\n'.join(line.rstrip() for line in output.getvalue().splitlines()) + '\n'
