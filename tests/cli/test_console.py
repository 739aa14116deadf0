# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Consoles of the commands show text of files without control characters and without markup."""

from __future__ import annotations

from io import StringIO

from rich.table import Table

from audio_manifold_ros.cli.console import SafeConsole, print_error, print_problem
from audio_manifold_ros.common.errors import BagError

HOSTILE = '/audio\x1b[2J\x07[/red]'


def test_texts_and_cells_are_shown_without_control_characters() -> None:
    console = SafeConsole(file=StringIO(), width=100, color_system=None)
    table = Table('topic')
    table.add_row(HOSTILE.replace('[/red]', ''))
    console.print(table)
    console.print(HOSTILE, markup=False)
    output = console.file.getvalue()  # type: ignore[attr-defined]
    assert '\x1b' not in output
    assert '\x07' not in output
    assert output.count(r'/audio\x1b[2J\x07') == 2


def test_brackets_in_errors_and_problems_are_no_markup() -> None:
    console = SafeConsole(file=StringIO(), width=100, color_system=None)
    print_error(console, BagError(f'{HOSTILE} has no audio'))
    print_problem(console, '✗', 'red', f'bag: {HOSTILE}')
    assert console.file.getvalue() == (  # type: ignore[attr-defined]
        'BagError: /audio\\x1b[2J\\x07[/red] has no audio\n✗ bag: /audio\\x1b[2J\\x07[/red]\n'
    )
