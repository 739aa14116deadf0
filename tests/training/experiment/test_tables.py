# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Command that generates tables and the results page from stored runs."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import pytest

from tests.training.paper_tables.stored_runs import record, scores, store
from training.experiment.tables import main


@pytest.fixture
def results(tmp_path: Path) -> Path:
    for seed in range(2):
        store(tmp_path / 'results', record('street', 'vq_8x8', seed, scores(seed, 0.1)))
    (tmp_path / 'docs').mkdir()
    return tmp_path / 'results'


def _run(dataset: str, results: Path) -> int:
    return main([dataset, '--results', str(results), '--docs', str(results.parent / 'docs')])


def test_the_command_prints_and_writes_the_same(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run('street', results) == 0
    printed = capsys.readouterr().out
    folder = results.parent / 'docs' / 'results' / 'street'
    stems = {path.stem for path in folder.iterdir()}
    assert len(stems) == 9
    for stem in stems:
        assert (folder / f'{stem}.txt').read_text(encoding='utf-8') in printed
        assert (folder / f'{stem}.tex').read_text(encoding='utf-8').startswith(r'\begin{table*}')
        assert cv2.imread(str(folder / f'{stem}.png')).min() < 50
    page = (results.parent / 'docs' / 'results.md').read_text(encoding='utf-8')
    assert re.findall(r'^## (.+)$', page, re.MULTILINE) == ['street', 'oap', 'mavd']
    figures = re.findall(r'\d+\.\d+ ± \d+\.\d+', printed)
    assert len(figures) > 50
    assert all(figure in page for figure in figures)


def test_generation_without_new_runs_changes_nothing(results: Path) -> None:
    pages = []
    for _ in range(2):
        assert _run('street', results) == 0
        pages.append((results.parent / 'docs' / 'results.md').read_bytes())
    assert pages[0] == pages[1]
    store(results, record('street', 'vq_8x8', 2, scores(2, 0.1)))
    assert _run('street', results) == 0
    assert 'seeds 0, 1, 2' in (results.parent / 'docs' / 'results.md').read_text(encoding='utf-8')


def test_outdated_tables_are_removed(results: Path) -> None:
    store(results, record('street', 'vq_8x8', 5, scores(2, 0.1), steps=7))
    _run('street', results)
    folder = results.parent / 'docs' / 'results' / 'street'
    assert (folder / 'structure_terms_2.png').is_file()
    (results / 'street' / 'vq_8x8' / 'seed5.json').unlink()
    _run('street', results)
    assert not list(folder.glob('*_terms_2*'))


def test_missing_and_damaged_records_are_refused(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run('streeet', results) == 1
    assert 'streeet' in capsys.readouterr().err
    (results / 'street' / 'vq_8x8' / 'seed1.json').write_text('{', encoding='utf-8')
    assert _run('street', results) == 1
    assert 'seed1.json' in capsys.readouterr().err
