# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reports of the benchmarks."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from benchmarks.__main__ import BENCHES, main
from benchmarks.harness import report
from benchmarks.harness.figure import Figure, at_least, at_most, cheaper, faster, not_measured
from benchmarks.harness.machine import describe_machine
from benchmarks.harness.readme_table import BEGIN, END
from benchmarks.harness.timing import Action, medians_s


def make_result(*figures: Figure) -> dict[str, object]:
    return {
        'title': 'something',
        'measured_at': '2026-01-01',
        'cores': 1,
        'machine': describe_machine(),
        'figures': [asdict(figure) for figure in figures],
    }


@pytest.mark.parametrize(
    ('figure', 'met'),
    [
        (cheaper('a', 0.001, 'b', 0.020, 15), True),
        (cheaper('a', 0.002, 'b', 0.020, 15), False),
        (cheaper('a', 0.002, 'b', 0.020), None),
        (faster('a', 200.0, 'a second', 'b', 20.0, 10), True),
        (faster('a', 199.0, 'a second', 'b', 20.0, 10), False),
        (faster('a', 10.0, 'a second', 'b', 20.0), None),
        (at_least('a', 200.0, 'a second', 200), True),
        (at_least('a', 199.0, 'a second', 200), False),
        (at_most('a', 0.0, 'windows', 0), True),
        (at_most('a', 1.0, 'windows', 0), False),
    ],
)
def test_a_target_is_met_or_missed(figure: Figure, *, met: bool | None) -> None:
    assert figure.met is met


def test_computes_the_ratio_of_costs() -> None:
    figure = cheaper('a hop', 0.0005, 'librosa', 0.05, 100)
    assert (figure.value, figure.alternative_value, figure.unit) == (0.5, 50.0, 'ms')
    assert figure.ratio == pytest.approx(100)


def test_the_page_holds_every_figure_and_the_machine() -> None:
    figures = [
        cheaper('one prediction', 0.001, 'librosa', 0.030, 15),
        at_most('memory', 500.0, 'MB', 400),
        Figure('networks', 9.5, 'ms', p95=10.25, p99=12.0),
        not_measured('on a GPU', 'ms', 'there is none', 'at most 0.2'),
    ]
    page = report.render_page({'features': make_result(*figures)})
    assert '| one prediction | 1 ms | librosa: 30 ms | 30× | at least 15× | yes |' in page
    assert '| memory | 500 MB |  |  | at most 400 | **no** |' in page
    assert '| networks | 9.5 ms (p95 10.25, p99 12) |' in page
    assert '| on a GPU |  | not measured: there is none |  | at most 0.2 |  |' in page
    assert str(describe_machine()['python']) in page


def test_results_survive_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, 'RESULTS', tmp_path / 'results.json')
    monkeypatch.setattr(report, 'PAGE', tmp_path / 'page.md')
    monkeypatch.setattr(report, 'README', tmp_path / 'README.md')
    (tmp_path / 'README.md').write_text(f'{BEGIN}\n{END}\n', encoding='utf-8')
    assert report.read_results() == {}
    results = {'features': make_result(cheaper('one prediction', 0.001, 'librosa', 0.030))}
    report.write_results(results)
    assert report.read_results() == json.loads(json.dumps(results))
    assert '30×' in (tmp_path / 'page.md').read_text(encoding='utf-8')
    assert '30×' in (tmp_path / 'README.md').read_text(encoding='utf-8')


def test_actions_take_turns() -> None:
    ticks = iter(range(1000))
    order: list[str] = []
    actions = {'a': Action(lambda: order.append('a'), 2), 'b': Action(lambda: order.append('b'))}
    assert medians_s(actions, 3, clock=lambda: float(next(ticks))) == {'a': 0.5, 'b': 1.0}
    assert ''.join(order) == 'ab' + 'aab' * 3


def test_refuses_an_unknown_bench(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(['feature'])
    assert f"unknown bench 'feature': choose from {', '.join(BENCHES)}" in capsys.readouterr().err
