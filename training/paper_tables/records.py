# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The stored records of runs, checked, and grouped so that only like is compared with like."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.json_text import read_json

FORMAT_VERSION = 1
RECORD_KEYS = {'dataset': str, 'system': str, 'seed': int, 'budget': dict, 'scores': dict}
BUDGET_KEYS = ('train_windows', 'steps', 'precision')


@dataclass(frozen=True)
class RunConditions:
    """What runs must have in common to stand in one table.

    Attributes:
        split: Name of the split; empty where the record names none.
        leaks: Whether it leaks from training into test; None where nobody has looked.
        windows_sha256: Of the windows of its three parts; empty where the record has none.
        drives: Drives to learn from, or windows where the record counts no drives.
        batch_size: Windows per step; 0 where the record says none.
        steps: Steps of the network that hears.
        manifold: Steps of each manifold and windows per step, 0 where the record says none; None of what has no
            manifold, which may stand beside any.
        precision: Of the numbers that were trained with.

    """

    split: str
    leaks: bool | None
    windows_sha256: str
    drives: int
    batch_size: int
    steps: int
    manifold: tuple[int, int] | None
    precision: str


@dataclass(frozen=True)
class RunRecord:
    """One run of a system.

    Attributes:
        dataset: Names the data.
        system: Names the configuration.
        seed: Of weights, order and augmentation.
        conditions: What it was given.
        budget: All that the record says of that.
        machine: What it was computed on.
        scores: What `ScoreBoard.result` returned.

    """

    dataset: str
    system: str
    seed: int
    conditions: RunConditions
    budget: dict[str, Any]
    machine: dict[str, Any]
    scores: dict[str, Any]

    @classmethod
    def load(cls, path: Path) -> RunRecord:
        """Read `<dataset>/<system>/seed<N>.json`.

        Raises:
            TrainingError: It is no such record, or is that of another place.

        """
        values = read_json(path, TrainingError, 'Run the system again.')
        _check(path, values)
        split = values.get('split') or {}
        budget = values['budget']
        manifold_steps = budget.get('manifold_steps')
        conditions = RunConditions(
            split.get('name', ''),
            split.get('leaks'),
            split.get('windows_sha256', ''),
            budget.get('train_drives') or budget['train_windows'],
            budget.get('batch_size') or 0,
            budget['steps'],
            (manifold_steps, budget.get('manifold_batch_size') or 0) if manifold_steps else None,
            budget['precision'],
        )
        identity = values['dataset'], values['system'], values['seed']
        return cls(*identity, conditions, budget, values.get('machine') or {}, values['scores'])


def stored_datasets(results: Path) -> tuple[str, ...]:
    """Return the names of the data sets that have a record below a folder of results, sorted."""
    return tuple(sorted({path.parent.parent.name for path in results.glob('*/*/seed*.json')}))


def load_records(results: Path, dataset: str) -> list[RunRecord]:
    """Return all records of a data set, sorted by system and seed; none where nothing has been run.

    Raises:
        TrainingError: One of them is no record.

    """
    paths = (results / dataset).glob('*/seed*.json')
    return sorted((RunRecord.load(path) for path in paths), key=lambda record: (record.system, record.seed))


def group_by_conditions(records: list[RunRecord]) -> dict[RunConditions, list[RunRecord]]:
    """Return records grouped by what they were given: leaking splits last, then the group with the most runs first.

    Runs without a manifold stand in every group whose other terms are theirs.
    """
    groups: dict[RunConditions, list[RunRecord]] = {}
    manifolds = {
        replace(record.conditions, manifold=None) for record in records if record.conditions.manifold is not None
    }
    for conditions in dict.fromkeys(record.conditions for record in records):
        if conditions.manifold is not None or conditions not in manifolds:
            groups[conditions] = [
                record for record in records if record.conditions in (conditions, replace(conditions, manifold=None))
            ]
    order = sorted(
        groups,
        key=lambda conditions: (
            conditions.leaks is True,
            -len(groups[conditions]),
            -conditions.drives,
            -conditions.steps,
        ),
    )
    return {conditions: groups[conditions] for conditions in order}


def _check(path: Path, values: Any) -> None:
    if not isinstance(values, dict) or values.get('format_version') != FORMAT_VERSION:
        msg = f'{path} is no record of format {FORMAT_VERSION}: run the system again.'
        raise TrainingError(msg)
    wrong = [key for key, kind in RECORD_KEYS.items() if not isinstance(values.get(key), kind)]
    if not wrong:
        wrong = [f'budget.{key}' for key in BUDGET_KEYS if values['budget'].get(key) is None]
    if wrong:
        msg = f'{path} lacks {wrong}, or they are of another kind: run the system again.'
        raise TrainingError(msg)
    place = values['dataset'], values['system'], f'seed{values["seed"]}'
    if place != (path.parent.parent.name, path.parent.name, path.stem):
        msg = f'{path} is the record of {"/".join(place)}: put it there.'
        raise TrainingError(msg)
