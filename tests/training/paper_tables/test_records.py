# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from audio_manifold_ros.common.errors import TrainingError
from tests.training.paper_tables.stored_runs import WINDOWS, record, store
from training.paper_tables.records import RunRecord, group_by_conditions, load_records, stored_datasets

SCORES = {'windows': 4, 'depth': {}, 'segmentation': {}}


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = store(tmp_path, record('oap', 'vq_8x8', 2, SCORES, steps=500))
    run = RunRecord.load(path)
    assert (run.dataset, run.system, run.seed, run.scores) == ('oap', 'vq_8x8', 2, SCORES)
    conditions = run.conditions
    assert (conditions.steps, conditions.drives, conditions.batch_size, conditions.precision) == (
        500,
        6000,
        32,
        '32-true',
    )
    assert (conditions.split, conditions.leaks, conditions.windows_sha256) == ('drive-disjoint', False, WINDOWS)


def test_optional_values_may_be_missing(tmp_path: Path) -> None:
    values = record('oap', 'vq_8x8', 0, SCORES)
    del values['split'], values['machine'], values['budget']['train_drives'], values['budget']['batch_size']
    conditions = RunRecord.load(store(tmp_path, values)).conditions
    assert (conditions.split, conditions.leaks, conditions.windows_sha256) == ('', None, '')
    assert (conditions.drives, conditions.batch_size) == (6000, 0)


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        ({'format_version': 2}, 'format 1'),
        ({'scores': None}, 'scores'),
        ({'budget': {'steps': 3}}, r'budget\.train_windows'),
        ({'seed': '0'}, 'seed'),
        ({'system': 'other'}, 'oap/other/seed0'),
    ],
)
def test_other_content_is_refused(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    path = store(tmp_path, record('oap', 'vq_8x8', 0, SCORES))
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}), encoding='utf-8')
    with pytest.raises(TrainingError, match=words):
        RunRecord.load(path)


@pytest.mark.parametrize('content', ['', '[]', '{"format_version": 1', '7'])
def test_damaged_files_are_refused_by_name(tmp_path: Path, content: str) -> None:
    path = tmp_path / 'seed0.json'
    path.write_text(content, encoding='utf-8')
    with pytest.raises(TrainingError, match='seed0'):
        RunRecord.load(path)


def test_records_are_found_by_dataset(tmp_path: Path) -> None:
    for dataset, system, seed in (('oap', 'b', 1), ('oap', 'b', 0), ('oap', 'a', 0), ('street', 'a', 0)):
        store(tmp_path, record(dataset, system, seed, SCORES))
    assert stored_datasets(tmp_path) == ('oap', 'street')
    assert [(run.system, run.seed) for run in load_records(tmp_path, 'oap')] == [('a', 0), ('b', 0), ('b', 1)]
    assert load_records(tmp_path, 'mavd') == []
    assert stored_datasets(tmp_path / 'nowhere') == ()


@pytest.mark.parametrize(
    'change',
    [
        {'steps': 401},
        {'precision': 'bf16-mixed'},
        {'train_drives': 5},
        {'batch_size': 8},
        {'split': {'name': 'paper'}},
        {'split': {'name': 'drive-disjoint', 'leaks': False, 'windows_sha256': 'of other windows'}},
    ],
)
def test_other_conditions_are_another_group(tmp_path: Path, change: dict[str, Any]) -> None:
    for system, changes in (('a', {}), ('b', {}), ('c', change)):
        store(tmp_path, record('oap', system, 0, SCORES, **changes))
    groups = [[run.system for run in group] for group in group_by_conditions(load_records(tmp_path, 'oap')).values()]
    assert groups == [['a', 'b'], ['c']]


def test_a_run_without_a_manifold_is_in_every_group(tmp_path: Path) -> None:
    for system, changes in (('direct', {}), ('vq_a', {}), ('vq_b', {'manifold_steps': 900}), ('vq_c', {})):
        store(tmp_path, record('oap', system, 0, SCORES, **changes))
    store(tmp_path, record('oap', 'vq_d', 0, SCORES, manifold_batch_size=4))
    store(tmp_path, record('oap', 'other', 0, SCORES, steps=7))
    groups = group_by_conditions(load_records(tmp_path, 'oap'))
    assert sorted([run.system for run in group] for group in groups.values()) == [
        ['direct', 'vq_a', 'vq_c'],
        ['direct', 'vq_b'],
        ['direct', 'vq_d'],
        ['other'],
    ]
    assert {conditions.manifold for conditions in groups} == {(300, 8), (900, 8), (300, 4), None}


def test_minutes_and_windows_do_not_separate_groups_and_leaks_are_last(tmp_path: Path) -> None:
    leak = {'name': 'paper', 'leaks': True}
    for system, changes in (('a', {'minutes': 1.0}), ('b', {'train_windows': 5990}), ('c', {'split': leak})):
        for seed in range(3 if changes.get('split') else 1):
            store(tmp_path, record('oap', system, seed, SCORES, **changes))
    groups = group_by_conditions(load_records(tmp_path, 'oap'))
    assert [conditions.leaks for conditions in groups] == [False, True]
    assert [len(group) for group in groups.values()] == [2, 3]
