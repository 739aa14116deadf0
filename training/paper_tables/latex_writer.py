# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tables as LaTeX. The package graphicx is needed to fit wide tables to the page."""

from __future__ import annotations

from training.paper_tables.table import ComparisonTable, Row, RowKind

SPECIAL = {
    '\\': r'\textbackslash{}',
    **{sign: f'\\{sign}' for sign in '&%$#_{}'},
    '~': r'\textasciitilde{}',
    '^': r'\textasciicircum{}',
    '±': r'$\pm$',
    '×': r'$\times$',
    '↓': r'$\downarrow$',
    '↑': r'$\uparrow$',
    '°': r'$^\circ$',
    '†': r'$^\dagger$',
    '–': '--',
    '…': r'\dots{}',
    '<': r'$<$',
    '>': r'$>$',
}


def as_latex(table: ComparisonTable) -> str:
    """Return a `table*` environment with the notes as its caption."""
    columns = 'll' + 'r' * (len(table.headings) - 2)
    lines = [
        r'\begin{table*}',
        r'\centering',
        rf'\caption{{{escaped(f"{table.title}.")} {" ".join(map(escaped, table.notes))}}}',
        rf'\label{{tab:{table.key.replace("_", "-")}}}',
        r'\resizebox{\ifdim\width>\textwidth\textwidth\else\width\fi}{!}{%',
        rf'\begin{{tabular}}{{{columns}}}',
        r'\hline',
        _line([escaped(heading) for heading in table.headings]),
        r'\hline',
    ]
    for place, row in enumerate(table.rows):
        if row.method and place:
            lines.append(r'\hline')
        lines.append(_line(_cells(row)))
    return '\n'.join([*lines, r'\hline', r'\end{tabular}}', r'\end{table*}']) + '\n'


def escaped(text: str) -> str:
    """Return text with LaTeX special characters escaped."""
    return ''.join(SPECIAL.get(sign, sign) for sign in text)


def _cells(row: Row) -> list[str]:
    source = escaped(row.source)
    slanted = row.kind in {RowKind.CONTROL, RowKind.PAPER}
    figures = [rf'\textbf{{{escaped(cell.text)}}}' if cell.best else escaped(cell.text) for cell in row.cells]
    return [escaped(row.method), rf'\textit{{{source}}}' if slanted else source, escaped(row.seeds), *figures]


def _line(cells: list[str]) -> str:
    return f'{" & ".join(cells)} \\\\'
