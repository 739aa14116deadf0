# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Report of the results: a JSON file and a Markdown page."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.harness.figure import BenchResult, FigureValues, Results
from benchmarks.harness.readme_table import README, update_readme

FOLDER = Path(__file__).parents[1]
RESULTS = FOLDER / 'results.json'
PAGE = FOLDER / 'README.md'
PAGE_HEADER = """# Benchmarks

`./run bench` runs all benchmarks, `./run bench features` one of them. Both write `results.json` and this page.
Alternatives are measured in the same run, in turns. Times are medians; for work of one thread they are processor time.
Each benchmark runs in its own process, bound to the number of cores that it names. On a virtual machine, the host may
give processor time to others; this steal time is reported.

`python -m benchmarks.gpu_campaign --out DIR` tests, measures, simulates and trains on a GPU machine within ten minutes
([docs/training.md](../docs/training.md#ten-minutes-on-a-gpu-machine)). It was not run on a GPU yet.
"""


def read_results() -> Results:
    """Return the stored results by bench."""
    if not RESULTS.exists():
        return {}
    results: Results = json.loads(RESULTS.read_text(encoding='utf-8'))
    return results


def write_results(results: Results) -> None:
    """Write the file, the page, and the table in the project's README."""
    RESULTS.write_text(json.dumps(results, indent=2, ensure_ascii=False) + '\n', encoding='utf-8')
    PAGE.write_text(render_page(results), encoding='utf-8')
    update_readme(results, README)


def render_page(results: Results) -> str:
    """Return the page as Markdown."""
    return '\n'.join([PAGE_HEADER, render_sections(results)])


def render_sections(results: Results) -> str:
    """Return the tables of benches as Markdown."""
    return '\n'.join(_section(name, result) for name, result in results.items())


def _section(name: str, result: BenchResult) -> str:
    machine = result['machine']
    lines = [
        f'## {name}: {result["title"]}',
        '',
        '| | measured | alternative | ratio | target | met |',
        '|---|---:|---|---:|---|---|',
        *(_row(figure) for figure in result['figures']),
        '',
        f'{result["measured_at"]}, {result["cores"]} of {machine["cores"]} cores of {machine["processor"]}, '
        f'{machine["system"]}, Python {machine["python"]}, '
        + ', '.join(f'{package} {version}' for package, version in machine['packages'].items())
        + '.'
        + _describe_steal(result.get('stolen_percent')),
        '',
    ]
    return '\n'.join(lines)


def _describe_steal(percent: float | None) -> str:
    return '' if percent is None else f' Steal time: {percent:.1f} % of the requested processor time.'


def _row(figure: FigureValues) -> str:
    measured = '' if figure['value'] is None else f'{figure["value"]:.4g} {figure["unit"]}'
    if figure.get('p95') is not None:
        measured += f' (p95 {figure["p95"]:.4g}, p99 {figure["p99"]:.4g})'
    alternative = figure['alternative']
    if figure['alternative_value'] is not None:
        alternative += f': {figure["alternative_value"]:.4g} {figure["unit"]}'
    ratio = '' if figure['ratio'] is None else f'{figure["ratio"]:.3g}×'
    met = {None: '', True: 'yes', False: '**no**'}[figure['met']]
    return f'| {figure["what"]} | {measured} | {alternative} | {ratio} | {figure["target"]} | {met} |'
