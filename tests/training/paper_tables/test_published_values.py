# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Published figures: complete, consistent, and marked where they are impossible."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.evaluation.metrics.depth_metrics import MAX_AUC
from training.paper_tables.columns import CONVENTIONS, SHAPES
from training.paper_tables.published_values import PAPER_FILE, Paper

PAPER = Paper.from_yaml()


def test_the_five_tables_exist() -> None:
    assert [(table.numbers, table.dataset, table.shape, len(table.rows)) for table in PAPER.tables] == [
        ((1,), 'oap', 'depth', 8),
        ((2,), 'oap', 'segmentation', 7),
        ((3,), 'mavd', 'depth', 8),
        ((4,), 'mavd', 'segmentation', 7),
        ((5,), 'oap', 'ablation', 9),
    ]
    assert PAPER.datasets == ('oap', 'mavd')


def test_the_average_of_each_row_is_that_of_its_classes() -> None:
    apart = {}
    for number in (2, 4):
        for row in PAPER.tables[number - 1].rows:
            average, *classes = map(float, row.published[0].values)
            # Rounded or truncated.
            if average != pytest.approx(sum(classes) / 8, abs=0.0101):
                apart[number, row.method] = average - sum(classes) / 8
    # Inconsistent in the paper.
    expected = {(2, '[38] 8ch +depth'): 0.041, (2, '[38] 2ch +depth'): 0.018}
    assert apart == {row: pytest.approx(value, abs=0.001) for row, value in expected.items()}


def test_exactly_the_figures_above_the_maximum_of_the_equation_are_marked() -> None:
    for table in PAPER.tables:
        if table.shape != 'segmentation':
            for row in table.rows:
                auc = float(row.published[0].values[-1])
                assert (auc > MAX_AUC) == (row.published[0].impossible == ('auc_crr',)), row.method
    assert sum(bool(row.published[0].impossible) for table in PAPER.tables for row in table.rows) == 3


def test_table_5_repeats_table_1() -> None:
    proposed = [row.published[0].values for row in PAPER.tables[0].rows if row.method.startswith('Proposed')]
    assert [row.published[0].values for row in PAPER.tables[4].rows if row.method.startswith('VQ')] == proposed


def test_another_dataset_has_each_shape_with_all_published_rows() -> None:
    assert [table.numbers for table in PAPER.tables_of('oap')] == [(1,), (2,), (5,)]
    depth, segmentation, ablation = PAPER.tables_of('street')
    assert (depth.numbers, segmentation.numbers, ablation.numbers) == ((1, 3), (2, 4), (5,))
    assert [[entry.dataset for entry in row.published] for row in depth.rows] == [['oap', 'mavd']] * 8
    assert [entry.values[0] for entry in depth.rows[0].published] == ['.731', '.218']


def test_every_system_of_the_tables_has_a_configuration_and_a_row() -> None:
    folder = PAPER_FILE.parent / 'configs' / 'systems'
    names = {yaml.safe_load(path.read_text(encoding='utf-8'))['name'] for path in folder.glob('*x*.yaml')}
    assert PAPER.systems <= {path.stem for path in folder.glob('*.yaml')}
    assert names <= PAPER.systems
    assert set(PAPER.names) <= PAPER.systems


def test_every_convention_has_the_papers_columns_in_its_order() -> None:
    for shape, conventions in CONVENTIONS.items():
        for convention in conventions:
            assert tuple(column.key for column in convention.columns if column.key) == SHAPES[shape]


@pytest.mark.parametrize(('old', 'new'), [("'.077']", "'.077', '1']"), ('impossible: [auc_crr]', 'impossible: [auc]')])
def test_a_file_with_other_columns_is_refused(tmp_path: Path, old: str, new: str) -> None:
    text = PAPER_FILE.read_text(encoding='utf-8')
    (tmp_path / 'paper.yaml').write_text(text.replace(old, new), encoding='utf-8')
    with pytest.raises(TrainingError, match='Take the file'):
        Paper.from_yaml(tmp_path / 'paper.yaml')
