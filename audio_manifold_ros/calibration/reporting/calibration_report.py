# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The report of a measurement: numbers for programs, text and pictures for people, and what it would change."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from enum import Enum
from io import StringIO
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table as RichTable

from audio_manifold_ros.calibration.reporting.rig_change import RigChange
from audio_manifold_ros.common.array_types import RgbImage
from audio_manifold_ros.common.errors import CalibrationError
from audio_manifold_ros.drawing.images import save_png

FORMAT_VERSION = 1
JSON_FILE, TEXT_FILE = 'report.json', 'report.txt'
TEXT_WIDTH = 120
STYLES = {'good': 'bold green', 'change': 'bold yellow', 'faulty': 'bold red', 'refused': 'bold red'}

Cell = str | int | float | None


class CalibrationVerdict(str, Enum):
    """What a measurement says of the rig."""

    GOOD = 'good'
    CHANGE = 'change'
    FAULTY = 'faulty'
    REFUSED = 'refused'


@dataclass(frozen=True)
class ReportTable:
    """Numbers for people.

    Attributes:
        columns: Headings, units included.
        rows: One for each microphone or pair; None is shown as a dash.

    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class CalibrationReport:
    """What was measured.

    Attributes:
        command: The subcommand.
        verdict: `good`: the rig is as its files say. `change`: it is sound, and its files should be changed.
            `faulty`: something is broken. `refused`: this recording cannot be measured.
        summary: The verdict in a sentence.
        remarks: What else a person should know, a sentence each.
        figures: All numbers, as values for JSON.
        tables: Of these, what people look at.
        changes: Single values in files of the rig.
        files: Whole new texts of files of the rig, by name.
        pictures: Charts by name, uint8 (row, column, 3), red first.

    """

    command: str
    verdict: CalibrationVerdict
    summary: str
    remarks: tuple[str, ...] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)
    tables: tuple[ReportTable, ...] = ()
    changes: tuple[RigChange, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    pictures: Mapping[str, RgbImage] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, without the pictures."""
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

    def show(self, console: Console) -> None:
        """Print verdict, tables, remarks and changes."""
        for table in self.tables:
            console.print(_format_table(table), markup=False, highlight=False)
        for remark in self.remarks:
            console.print(f'  - {remark}', markup=False, highlight=False)
        if self.changes or self.files:
            console.print('Changes to the rig (none is made before `calibrate apply`):', markup=False)
        for change in (change for change in self.changes if 'std' not in change.path):
            console.print(f'  {change.text()}', markup=False, highlight=False)
        for name in self.files:
            console.print(f'  {name}: written anew', markup=False, highlight=False)
        console.print(f'[{STYLES[self.verdict.value]}]{self.command}: {self.verdict.value}.[/] ', end='')
        console.print(self.summary, markup=False, highlight=False)

    def save(self, folder: Path) -> None:
        """Write `report.json`, `report.txt` and the pictures.

        Raises:
            CalibrationError: The folder cannot be written.

        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, picture in self.pictures.items():
                save_png(folder / f'{name}.png', picture)
            (folder / TEXT_FILE).write_text(_text_of(self.show), encoding='utf-8')
            content = json.dumps(self.to_dict(), indent=1, ensure_ascii=False, allow_nan=False) + '\n'
            (folder / JSON_FILE).write_text(content, encoding='utf-8')
        except OSError as error:
            msg = f'Cannot write the report to {str(folder)!r}: {error.strerror}. Give another folder with --out.'
            raise CalibrationError(msg) from None


def save_and_show(report: CalibrationReport, out: Path | None, console: Console) -> int:
    """Show and save a report.

    Args:
        report: The report.
        out: Its folder; None makes one below the current folder.
        console: Where it is shown.

    Returns:
        The exit status: 0 if the rig is sound, else 1.

    Raises:
        CalibrationError: The folder cannot be written.

    """
    folder = out or default_folder(report.command)
    report.save(folder)
    report.show(console)
    console.print(f'Report: {folder}', markup=False, highlight=False)
    if report.changes or report.files:
        console.print(f'To make the changes: calibrate apply {folder} --rig FOLDER', markup=False, highlight=False)
    return int(report.verdict in {CalibrationVerdict.FAULTY, CalibrationVerdict.REFUSED})


def default_folder(command: str) -> Path:
    """Return a folder below the current one that tells command and time."""
    return Path('calibration_reports') / f'{command}_{datetime.now():%Y%m%d_%H%M%S}'  # noqa: DTZ005 (a person's clock)


def _format_table(table: ReportTable) -> str:
    """Return the table as text of its own width: a narrow terminal breaks lines and loses no number."""
    layout = RichTable(box=None, pad_edge=False)
    for place, name in enumerate(table.columns):
        layout.add_column(name, justify='left' if place == 0 else 'right', no_wrap=True)
    for row in table.rows:
        layout.add_row(*('–' if cell is None else str(cell) for cell in row))
    return _text_of(lambda console: console.print(layout)).rstrip()


def _text_of(show: Callable[[Console], None]) -> str:
    console = Console(file=StringIO(), width=TEXT_WIDTH, color_system=None, legacy_windows=False)
    show(console)
    output: Any = console.file
    return '\n'.join(line.rstrip() for line in output.getvalue().splitlines()) + '\n'
