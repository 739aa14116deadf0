# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the runs of a table were given and what they cost, in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.paper_tables.records import RunConditions, RunRecord


def terms_line(conditions: RunConditions | None, records: Sequence[RunRecord]) -> str:
    """Say what the runs of a table were given, and what they cost."""
    if conditions is None:
        return 'No run is stored.'
    windows = _span([record.budget['train_windows'] for record in records])
    counted = (
        f'{conditions.drives:,} drives ({windows} windows)'
        if 'train_drives' in records[0].budget
        else f'{windows} windows'
    )
    parts = [
        f'Every system learnt from {counted} in {_steps(conditions.steps, conditions.batch_size)}',
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
    counts = [record.scores['windows'] for record in records if record.scores.get('windows')]
    return f'tested on {_span(counts)} windows' if counts else ''


def _minutes(records: Sequence[RunRecord]) -> str:
    minutes = [record.budget['minutes'] for record in records if record.budget.get('minutes') is not None]
    return f'{_span([round(value) for value in minutes])} minutes a run' if minutes else ''


def _machines(records: Sequence[RunRecord]) -> str:
    names: set[str] = set()
    for record in records:
        gpus, cores, processor = (record.machine.get(key) for key in ('gpus', 'cores', 'processor'))
        on_cores = [f'{cores} CPU cores' + (f' ({processor})' if processor else '')] if cores else []
        names.update(gpus or on_cores)
    return f'on {", ".join(sorted(names))}' if names else ''


def _span(values: Sequence[int]) -> str:
    low, high = min(values), max(values)
    return f'{low:,}' if low == high else f'{low:,} to {high:,}'
