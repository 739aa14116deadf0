# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Stored run records: validation, and grouping by equal run conditions."""

from __future__ import annotations

from collections.abc import Mapping
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
    """Conditions that runs must share to be in one table.

    Attributes:
        split: Name of the split. Empty if the record has none.
        leaks: Whether the split leaks from training into test. None if it was not checked.
        windows_sha256: Hash of the windows of its three parts. Empty if the record has none.
        drives: Number of training drives, or of training windows if the record has no drives.
        batch_size: Windows per step. 0 if the record has none.
        steps: Steps of the network with audio input.
        manifold: Steps of each manifold and windows per step (0 if the record has none). None without a manifold,
            which is comparable with any.
        precision: Numeric precision of the training.

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
class RunCost:
    """Size and duration of a run.

    Attributes:
        train_windows: Number of training windows.
        counts_drives: The record contains the number of training drives.
        minutes: Duration of all fits in minutes, or None.
        gpus: Names of the GPUs.
        cores: Number of CPU cores, or None.
        processor: Name of the CPU. Empty if the record has none.

    """

    train_windows: int
    counts_drives: bool
    minutes: float | None
    gpus: tuple[str, ...]
    cores: int | None
    processor: str


@dataclass(frozen=True)
class RunEnvironment:
    """Machine of a run and numbers of the windows that it was judged on.

    Attributes:
        validation_windows: Number of validation windows, or None.
        test_windows: Number of test windows, or None.
        system: Operating system and architecture. Empty if the record has none.
        python: Version of Python. Empty if the record has none.
        torch: Version of PyTorch. Empty if the record has none.

    """

    validation_windows: int | None
    test_windows: int | None
    system: str
    python: str
    torch: str


@dataclass(frozen=True)
class RunRecord:
    """One run of a system.

    Attributes:
        dataset: Name of the dataset.
        system: Name of the configuration.
        seed: Seed of weights, order and augmentation.
        conditions: Conditions of the run.
        cost: Number of windows, duration and machine of the run.
        run: System, versions, and windows of validation and test.
        scores: Result of `MetricSuite`.
        config: Configuration of the run as plain values. Empty if the record has none.

    """

    dataset: str
    system: str
    seed: int
    conditions: RunConditions
    cost: RunCost
    run: RunEnvironment
    scores: Mapping[str, object]
    config: Mapping[str, object]

    @classmethod
    def load(cls, path: Path) -> RunRecord:
        """Read `<dataset>/<system>/seed<N>.json`.

        Raises:
            TrainingError: The file is not a run record, or belongs to another path.

        """
        values = read_json(path, TrainingError, 'Run the system again.')
        _check(path, values)
        try:
            return cls._from_values(values)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            msg = f'{path} lacks a key or has a wrong value ({error!r}). Run the system again.'
            raise TrainingError(msg) from None

    @classmethod
    def _from_values(cls, values: Mapping[str, Any]) -> RunRecord:
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
        machine = values.get('machine') or {}
        environment = _environment(budget, machine)
        config = values.get('config') or {}
        return cls(*identity, conditions, _cost(budget, machine), environment, values['scores'], config)


def _cost(budget: Mapping[str, Any], machine: Mapping[str, Any]) -> RunCost:
    return RunCost(
        budget['train_windows'],
        'train_drives' in budget,
        budget.get('minutes'),
        tuple(machine.get('gpus') or ()),
        machine.get('cores'),
        machine.get('processor') or '',
    )


def _environment(budget: Mapping[str, Any], machine: Mapping[str, Any]) -> RunEnvironment:
    return RunEnvironment(
        budget.get('validation_windows'),
        budget.get('test_windows'),
        *(machine.get(name) or '' for name in ('system', 'python', 'torch')),
    )


def stored_datasets(results: Path) -> tuple[str, ...]:
    """Return the sorted names of the datasets with a record in a folder of results."""
    return tuple(sorted({path.parent.parent.name for path in results.glob('*/*/seed*.json')}))


def load_records(results: Path, dataset: str) -> list[RunRecord]:
    """Return all records of a dataset, sorted by system and seed.

    Raises:
        TrainingError: A file is not a run record.

    """
    paths = (results / dataset).glob('*/seed*.json')
    return sorted((RunRecord.load(path) for path in paths), key=lambda record: (record.system, record.seed))


def group_by_conditions(records: list[RunRecord]) -> dict[RunConditions, list[RunRecord]]:
    """Return records grouped by run conditions: leaking splits last, then larger groups first.

    Runs without a manifold are in every group with otherwise equal conditions.
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
        msg = f'{path} is not a record of format {FORMAT_VERSION}: run the system again.'
        raise TrainingError(msg)
    wrong = [key for key, kind in RECORD_KEYS.items() if not isinstance(values.get(key), kind)]
    if not wrong:
        wrong = [f'budget.{key}' for key in BUDGET_KEYS if values['budget'].get(key) is None]
    if wrong:
        msg = f'{path} lacks {wrong}, or they have another type: run the system again.'
        raise TrainingError(msg)
    place = values['dataset'], values['system'], f'seed{values["seed"]}'
    if place != (path.parent.parent.name, path.parent.name, path.stem):
        msg = f'{path} is the record of {"/".join(place)}: move it there.'
        raise TrainingError(msg)
