# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tables as plain text and as Markdown."""

from __future__ import annotations

import textwrap

from training.paper_tables.table import ComparisonTable, Row, RowKind

WIDTH = 120
BEST = '*'
LEFT_COLUMNS = 2


def as_text(table: ComparisonTable) -> str:
    """Return lines of aligned columns, with a star after the best figure of each column."""
    lines = [
        [*row.texts[:3], *(f'{cell.text}{BEST if cell.best else " "}' for cell in row.cells)] for row in table.rows
    ]
    headings = [*table.headings[:3], *(f'{heading} ' for heading in table.headings[3:])]
    widths = [max(len(line[place]) for line in [headings, *lines]) for place in range(len(headings))]
    rule = '-' * (sum(widths) + 2 * (len(widths) - 1))
    parts = [
        table.title,
        '=' * min(len(table.title), WIDTH),
        *_wrapped(table.notes),
        rule,
        _aligned(headings, widths),
        rule,
    ]
    for row, line in zip(table.rows, lines, strict=True):
        if row.method and parts[-1] != rule:
            parts.append('')
        parts.append(_aligned(line, widths))
    return '\n'.join([*parts, rule]) + '\n'


def as_markdown(table: ComparisonTable) -> str:
    """Return heading, notes and table as Markdown. Best figures are bold, controls and the paper are italic."""
    head = f'| {" | ".join(_escaped(heading) for heading in table.headings)} |'
    rule = '|' + '|'.join([' --- '] * LEFT_COLUMNS + [' ---: '] * (len(table.headings) - LEFT_COLUMNS)) + '|'
    lines = [f'| {" | ".join(_marked(row))} |' for row in table.rows]
    return '\n\n'.join([f'### {table.title}', *table.notes, '\n'.join([head, rule, *lines])]) + '\n'


def _wrapped(notes: tuple[str, ...]) -> list[str]:
    return [line for note in notes for line in textwrap.wrap(note, WIDTH)]


def _aligned(line: list[str], widths: list[int]) -> str:
    cells = [
        text.ljust(width) if place < LEFT_COLUMNS else text.rjust(width)
        for place, (text, width) in enumerate(zip(line, widths, strict=True))
    ]
    return '  '.join(cells).rstrip()


def _marked(row: Row) -> list[str]:
    slanted = row.kind in {RowKind.CONTROL, RowKind.PAPER}
    source = f'*{_escaped(row.source)}*' if slanted else _escaped(row.source)
    cells = [f'**{cell.text}**' if cell.best else cell.text for cell in row.cells]
    return [_escaped(row.method), source, row.seeds, *cells]


def _escaped(text: str) -> str:
    return text.replace('|', '\\|').replace('_', '\\_').replace('*', '\\*')
