# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Table of selected results in the README of the project."""

from __future__ import annotations

from pathlib import Path

from benchmarks.harness.figure import Results

README = Path(__file__).parents[2] / 'README.md'
BEGIN, END = '<!-- figures: written by ./run bench -->', '<!-- end of figures -->'
# Label in the README, bench, name of the figure in the results.
ROWS = (
    ('`models/paper_8x8`, predictions', 'pipeline', 'models/paper_8x8, onnx on cpu: predictions'),
    ('The paper’s two networks, predictions', 'pipeline', 'paper’s sizes, onnx on cpu: predictions'),
    (
        'Time of the paper’s networks',
        'pipeline',
        'paper’s sizes, onnx on cpu: networks, compared with the arithmetic floor',
    ),
    (
        'Newest sample → image in another process, median',
        'latency',
        'alone, 30 Hz: newest sample → image in another process: median',
    ),
    ('Features of a window', 'features', 'one prediction'),
    ('Memory of the node', 'node', 'memory of the node (resident)'),
)


def update_readme(results: Results, readme: Path) -> None:
    """Write the table between its two marks. Rows without a result are left out.

    Raises:
        ValueError: The marks are missing or not in order.

    """
    text = readme.read_text(encoding='utf-8')
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        msg = f'{readme} lacks the marks {BEGIN!r} and {END!r}: add them at the place of the table.'
        raise ValueError(msg)
    readme.write_text(f'{before}{BEGIN}\n{_table(results)}\n{END}{after}', encoding='utf-8')


def _table(results: Results) -> str:
    rows = [row for label, bench, what in ROWS if (row := _row(label, bench, what, results))]
    return '\n'.join(['| on two CPU cores | result | baseline | speed-up |', '|---|---:|---|---:|', *rows])


def _row(label: str, bench: str, what: str, results: Results) -> str:
    for figure in results.get(bench, {}).get('figures', ()):
        if figure['what'] == what:
            comparison = figure['alternative']
            if figure['alternative_value'] is not None:
                comparison += f': {figure["alternative_value"]:.3g} {figure["unit"]}'
            value = f'{figure["value"]:.3g} {figure["unit"]}'
            return f'| [{label}](benchmarks/README.md) | {value} | {comparison} | {_describe_ratio(figure["ratio"])} |'
    return ''


def _describe_ratio(ratio: float | None) -> str:
    if ratio is None:
        return ''
    return f'{ratio:.2g}× as fast' if ratio >= 1 else f'{1 / ratio:.2g}× as long'
