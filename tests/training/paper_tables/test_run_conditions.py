# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.training.paper_tables.stored_runs import record, store
from training.paper_tables.records import RunRecord
from training.paper_tables.run_conditions import describe_run_conditions

SCORES = {'windows': 4, 'depth': {}, 'segmentation': {}}


@pytest.mark.parametrize(
    ('machines', 'words'),
    [
        ([{'cores': 2, 'gpus': []}], 'on 2 CPU cores;'),
        ([{'cores': 8, 'gpus': [], 'processor': 'Some CPU'}], 'on 8 CPU cores (Some CPU);'),
        (
            [{'cores': 2}, {'cores': 2, 'processor': 'Some CPU'}, {'cores': 2}],
            'on 2 CPU cores, 2 CPU cores (Some CPU);',
        ),
        ([{'cores': 16, 'gpus': ['Some GPU'], 'processor': 'Some CPU'}], 'on Some GPU;'),
    ],
)
def test_every_machine_is_named_once(tmp_path: Path, machines: list[dict[str, Any]], words: str) -> None:
    paths = [
        store(tmp_path, {**record('oap', 'vq_8x8', seed, SCORES), 'machine': machine})
        for seed, machine in enumerate(machines)
    ]
    runs = [RunRecord.load(path) for path in paths]
    line = describe_run_conditions(runs[0].conditions, runs)
    assert words in line
    assert f'; seeds {", ".join(map(str, range(len(machines))))};' in line


def test_a_table_without_runs_states_it() -> None:
    assert describe_run_conditions(None, []) == 'No run is stored.'
