# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Result tables: figures of the stored runs and of the paper, grouped by equal conditions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.common.errors import TrainingError
from tests.training.paper_tables.stored_runs import WINDOWS, record, scores, store
from training.paper_tables.columns import CONVENTIONS, STRUCTURE
from training.paper_tables.comparison import comparison_tables, format_mean_std
from training.paper_tables.published_values import Paper
from training.paper_tables.records import load_records
from training.paper_tables.table import ComparisonTable, Row, RowKind

PAPER = Paper.from_yaml()
SYSTEMS = {'vq_8x8': 0.1, 'end_to_end_8x8': 0.2, 'autoencoder_8x8': 0.15, 'vae_8x8': 0.17, 'a_better_one': 0.05}
FOUND: dict[tuple[str, int], dict[str, Any]] = {}


@pytest.fixture(scope='module')
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('results')
    for system, error in SYSTEMS.items():
        for seed in range(3):
            FOUND[system, seed] = scores(seed, error)
            store(folder, record('oap', system, seed, FOUND[system, seed]))
    store(folder, record('oap', 'echo2depth_paper', 0, scores(0, 0.3, labels=False)))
    store(folder, record('oap', 'vq_16x16', 0, scores(0, 0.1), steps=800))
    store(folder, record('oap', 'vq_8x8', 7, scores(0, 0.01), split={'name': 'paper', 'leaks': True}))
    return folder


@pytest.fixture(scope='module')
def tables(results: Path) -> dict[str, ComparisonTable]:
    return {table.key: table for table in comparison_tables('oap', load_records(results, 'oap'), PAPER)}


def _row(table: ComparisonTable, source: str, kind: RowKind = RowKind.MODEL) -> Row:
    """Return the row of a system, or the row of a kind below it."""
    place = next(
        n for n, row in enumerate(table.rows) if row.kind is RowKind.MODEL and row.source.split(' ')[0] == source
    )
    return next(row for row in table.rows[place:] if row.kind is kind)


def test_every_table_exists_in_every_convention(tables: dict[str, ComparisonTable]) -> None:
    depth = ('reference', 'unscaled', 'equation')
    expected = [f'table_1_{key}' for key in depth] + [f'table_2_{key}' for key in ('images', 'dataset')]
    expected += [f'table_5_{key}' for key in depth] + ['structure']
    assert list(tables) == [f'{key}{end}' for end in ('', '_terms_2', '_terms_3') for key in expected]


def test_every_figure_is_the_mean_and_deviation_of_the_runs(tables: dict[str, ComparisonTable]) -> None:
    for number, shape in ((1, 'depth'), (2, 'segmentation'), (5, 'ablation')):
        for convention in CONVENTIONS[shape]:
            for system in ('vq_8x8', 'autoencoder_8x8') if number == 5 else ('vq_8x8', 'a_better_one'):
                for variant, kind in (('', RowKind.MODEL), ('_shuffled', RowKind.CONTROL)):
                    row = _row(tables[f'table_{number}_{convention.key}'], system, kind)
                    for cell, column in zip(row.cells, convention.columns, strict=True):
                        values = []
                        for seed in range(3):
                            found: Any = FOUND[system, seed]
                            for name in column.path[:-1]:
                                found = found[name]
                            values.append(found.get(f'{column.path[-1]}{variant}'))
                        if None in values:
                            assert cell.text == '–'
                            continue
                        factor = 100 if shape == 'segmentation' else 1
                        mean, deviation = (float(part) for part in cell.text.split(' ± '))
                        half = 0.5001 * 10**-column.digits
                        assert mean == pytest.approx(factor * np.mean(values), abs=half)
                        assert deviation == pytest.approx(factor * np.std(values, ddof=1), abs=half)


def test_the_published_figures_are_below_as_printed(tables: dict[str, ComparisonTable]) -> None:
    for convention in ('reference', 'unscaled', 'equation'):
        row = _row(tables[f'table_1_{convention}'], 'vq_8x8', RowKind.PAPER)
        assert row.texts == ('', 'paper', '', '0.241', '1.01', '4.12', '0.361', '0.118')
    row = _row(tables['table_2_dataset'], 'vq_8x8', RowKind.PAPER)
    assert row.texts[3:] == ('20.73', '74.67', '4.34', '11.79', '1.53', '15.11', '2.59', '53.31', '2.49', '–')


def test_every_system_has_its_controls(tables: dict[str, ComparisonTable]) -> None:
    for key, table in tables.items():
        assert table.rows[0].method == 'median prior', key
        models = [place for place, row in enumerate(table.rows) if row.kind is RowKind.MODEL and row.seeds != '–']
        for place in models:
            below = [row.source for row in table.rows[place + 1 : place + 3]]
            if any(cell.text != '–' for cell in table.rows[place].cells):
                assert below == ['shuffled audio', 'mirrored microphones'], key


def test_a_system_without_runs_shows_a_dash(tables: dict[str, ComparisonTable]) -> None:
    row = _row(tables['table_1_reference'], 'vq_32x32')
    assert set(row.texts[2:]) == {'–'}
    assert _row(tables['table_1_reference'], 'echo2depth_paper').seeds == '1'
    assert '±' not in _row(tables['table_1_reference'], 'echo2depth_paper').cells[0].text
    assert tables['table_1_reference'].notes[-1] == 'Fewer than three runs so far: echo2depth_paper.'


def test_systems_that_are_not_in_the_paper_are_below(tables: dict[str, ComparisonTable]) -> None:
    for key in ('table_1_unscaled', 'table_2_dataset', 'structure'):
        assert _row(tables[key], 'a_better_one').method == 'not in the paper'
    assert 'a_better_one' not in [row.source for row in tables['table_5_unscaled'].rows]
    assert 'echo2depth_paper' not in ''.join(row.source for row in tables['table_2_dataset'].rows)
    vae = [row for row in tables['table_5_unscaled'].rows if '8x8' in row.source and row.kind is RowKind.MODEL]
    assert [(row.method, row.source) for row in vae] == [
        ('E2E 8 × 8', 'end_to_end_8x8'),
        ('VAE 8 × 8', 'autoencoder_8x8 (the published code\'s "VAE")'),
        ('', 'vae_8x8 (a true VAE)'),
        ('VQ 8 × 8', 'vq_8x8'),
    ]


def test_the_best_of_the_models_is_marked(tables: dict[str, ComparisonTable]) -> None:
    for key in ('table_1_unscaled', 'table_2_dataset', 'structure'):
        for row in tables[key].rows:
            marked = {cell.best for cell in row.cells if cell.text != '–'}
            assert marked in ({False}, set()) or row.kind is RowKind.MODEL
        assert any(cell.best for cell in _row(tables[key], 'a_better_one').cells)
    assert not any(cell.best for cell in _row(tables['table_1_unscaled_terms_2'], 'vq_16x16').cells)


def test_conditions_are_stated_and_separate_tables(tables: dict[str, ComparisonTable]) -> None:
    first, second = tables['table_1_unscaled'].notes[0], tables['table_1_unscaled_terms_2'].notes[0]
    for words in (
        '6,000 drives',
        '400 steps of 32 windows',
        '300 steps of 8 windows for each manifold',
        '32-true',
        'seeds 0, 1, 2',
    ):
        assert words in first
    assert 'tested on 4 windows' in first
    assert '12 to 14 minutes a run' in first
    assert f'split drive-disjoint (windows {WINDOWS[:8]}).' in first
    assert '800 steps' in second
    assert set(_row(tables['table_1_unscaled_terms_2'], 'vq_8x8').texts[2:]) == {'–'}


def test_notes_name_the_systems_of_their_own_table(tmp_path: Path) -> None:
    for system, seed in (('echo2depth_paper', 5), ('vq_8x8', 0), ('vq_8x8', 1)):
        store(tmp_path, record('street', system, seed, scores(seed, 0.1)))
    found = {table.key: table for table in comparison_tables('street', load_records(tmp_path, 'street'), PAPER)}
    depth, ablation = found['table_1_3_unscaled'].notes, found['table_5_unscaled'].notes
    assert 'seeds 0, 1, 5;' in depth[0]
    assert 'seeds 0, 1;' in ablation[0]
    assert depth[-1] == 'Fewer than three runs so far: echo2depth_paper, vq_8x8.'
    assert ablation[-1] == 'Fewer than three runs so far: vq_8x8.'


def test_a_leaking_split_is_marked_as_no_result(tables: dict[str, ComparisonTable]) -> None:
    for key, table in tables.items():
        assert table.title.startswith('NOT A RESULT') == key.endswith('_terms_3')
    assert 'leaks from training into test' in tables['structure_terms_3'].notes[0]


def test_impossible_figures_are_marked_and_explained() -> None:
    depth, segmentation = comparison_tables('mavd', [], PAPER)
    row = _row(depth, 'omninet_8ch_depth', RowKind.PAPER)
    assert row.cells[-1].text == '0.46†'
    assert any(note.startswith('† is impossible') for note in depth.notes)
    assert not any('†' in note for note in segmentation.notes)
    assert depth.notes[0] == 'No run is stored.'


def test_a_dataset_without_runs_is_refused() -> None:
    with pytest.raises(TrainingError, match='streeet'):
        comparison_tables('streeet', [], PAPER)


def test_missing_figures_are_dashes(tmp_path: Path) -> None:
    store(tmp_path, record('street', 'vq_8x8', 0, {'windows': 3, 'depth': {'abs_rel': 0.25, 'rmse': None}}))
    found = {table.key: table for table in comparison_tables('street', load_records(tmp_path, 'street'), PAPER)}
    assert [cell.text for cell in _row(found['table_1_3_unscaled'], 'vq_8x8').cells] == ['0.250', *'––––']
    assert [row.kind for row in found[STRUCTURE.key].rows] == []
    assert 'not comparable' in ' '.join(found['table_1_3_unscaled'].notes)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(0, 100), min_size=2, max_size=8), st.integers(0, 3))
def test_mean_and_deviation_equal_those_of_numpy(values: list[float], digits: int) -> None:
    assert format_mean_std(values, digits) == f'{np.mean(values):.{digits}f} ± {np.std(values, ddof=1):.{digits}f}' or (
        [float(part) for part in format_mean_std(values, digits).split(' ± ')]
        == pytest.approx([np.mean(values), np.std(values, ddof=1)], abs=0.5001 * 10**-digits)
    )
    assert format_mean_std(values[:1], digits) == f'{values[0]:.{digits}f}'
    assert format_mean_std([], digits) == '–'
