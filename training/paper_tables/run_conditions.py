# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Run conditions and cost of the runs of a table, as one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.paper_tables.records import RunConditions, RunRecord


def describe_run_conditions(conditions: RunConditions | None, records: Sequence[RunRecord]) -> str:
    """Return the conditions and the cost of the runs of a table as a sentence."""
    if conditions is None:
        return 'No run is stored.'
    windows = _span([record.cost.train_windows for record in records])
    counted = (
        f'{conditions.drives:,} drives ({windows} windows)' if records[0].cost.counts_drives else f'{windows} windows'
    )
    parts = [
        f'Every system was trained on {counted} in {_steps(conditions.steps, conditions.batch_size)}',
        f'{_steps(*conditions.manifold)} for each manifold' if conditions.manifold else '',
        f'precision {conditions.precision}',
        f'seeds {", ".join(map(str, sorted({record.seed for record in records})))}',
        _tested(records),
        _minutes(records),
        _machines(records),
        _split(conditions),
    ]
    return '; '.join(part for part in parts if part) + '.'


def _steps(steps: int, batch_size: int) -> str:
    return f'{steps:,} steps' + (f' of {batch_size} windows' if batch_size else '')


def _split(conditions: RunConditions) -> str:
    name = f'split {conditions.split}' if conditions.split else 'split without a name'
    if conditions.windows_sha256:
        name += f' (windows {conditions.windows_sha256[:8]})'
    leak_note = {True: 'which leaks from training into test', False: '', None: 'not checked for leakage'}[
        conditions.leaks
    ]
    return f'{name}, {leak_note}' if leak_note else name


def _tested(records: Sequence[RunRecord]) -> str:
    found = [record.scores.get('windows') for record in records]
    counts = [count for count in found if isinstance(count, int) and count]
    return f'tested on {_span(counts)} windows' if counts else ''


def _minutes(records: Sequence[RunRecord]) -> str:
    minutes = [round(record.cost.minutes) for record in records if record.cost.minutes is not None]
    return f'{_span(minutes)} minutes a run' if minutes else ''


def _machines(records: Sequence[RunRecord]) -> str:
    names: set[str] = set()
    for cost in (record.cost for record in records):
        processor = f' ({cost.processor})' if cost.processor else ''
        names.update(cost.gpus or ([f'{cost.cores} CPU cores{processor}'] if cost.cores else []))
    return f'on {", ".join(sorted(names))}' if names else ''


def _span(values: Sequence[int]) -> str:
    low, high = min(values), max(values)
    return f'{low:,}' if low == high else f'{low:,} to {high:,}'
