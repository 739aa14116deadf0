# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The few figures that the project's README shows, taken from the results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

README = Path(__file__).parents[2] / 'README.md'
BEGIN, END = '<!-- figures: written by ./run bench -->', '<!-- end of figures -->'
# In the reader's words; the bench; how the figure is called there.
ROWS = (
    ('Shipped model, predictions', 'pipeline', 'models/street, onnx on cpu: predictions'),
    ('The paper’s two networks, predictions', 'pipeline', 'paper’s sizes, onnx on cpu: predictions'),
    ('Their time beside the arithmetic floor', 'pipeline', 'paper’s sizes, onnx on cpu: networks beside the floor'),
    (
        'Newest sample → image in another process, median',
        'latency',
        'alone, 30 Hz: newest sample → image in another process: median',
    ),
    ('Features of a window', 'features', 'one prediction'),
    ('Memory of the node', 'node', 'memory of the node (resident)'),
)


def update_readme(results: dict[str, Any], readme: Path) -> None:
    """Write the table anew between its two marks; rows that nobody has measured yet are left out.

    Raises:
        ValueError: The marks are not there, once each and in order.

    """
    text = readme.read_text(encoding='utf-8')
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        msg = f'{readme} lacks the marks {BEGIN!r} and {END!r}: put them where the table of figures belongs.'
        raise ValueError(msg)
    readme.write_text(f'{before}{BEGIN}\n{_table(results)}\n{END}{after}', encoding='utf-8')


def _table(results: dict[str, Any]) -> str:
    rows = [row for label, bench, what in ROWS if (row := _row(label, bench, what, results))]
    return '\n'.join(['| on two CPU cores | measured | beside | |', '|---|---:|---|---:|', *rows])


def _row(label: str, bench: str, what: str, results: dict[str, Any]) -> str:
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
