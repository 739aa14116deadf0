# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Course of a campaign: one phase after the other, a record after each, and weights at the end."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any

from audio_manifold_ros import __version__
from audio_manifold_ros.common.files import write_json_atomic, write_text_atomic
from audio_manifold_ros.common.machine import describe_training_machine
from audio_manifold_ros.processes.process_pool import THREAD_LIMITS
from benchmarks.gpu_campaign.collect import MAX_BYTES, collect_weights, folder_bytes
from benchmarks.gpu_campaign.phase import FINISHED, TaskRecord, run_phase, shorten_logs
from benchmarks.gpu_campaign.plan import COLLECTION_SHARE, ROOT, make_plan
from benchmarks.gpu_campaign.settings import CampaignSettings, cores
from benchmarks.harness.figure import Results
from benchmarks.harness.machine import describe_machine
from benchmarks.harness.report import render_sections

RECORD_FILE, PAGE_FILE = 'campaign.json', 'campaign.md'
FORMAT = 'audio_manifold_ros GPU campaign'


def run_campaign(settings: CampaignSettings, phases: Sequence[str]) -> dict[str, Any]:
    """Run the phases of a campaign and return its record.

    A phase that fails or overruns does not end the campaign. The record is written after each phase.

    Args:
        settings: The campaign.
        phases: Names of the phases to run.

    """
    started_s, started_at = time.monotonic(), datetime.now(timezone.utc).isoformat(timespec='seconds')
    for folder in (settings.logs, settings.records, settings.benches, settings.work):
        folder.mkdir(parents=True, exist_ok=True)
    end_s = started_s + settings.seconds * (1 - COLLECTION_SHARE)
    records: list[TaskRecord] = []
    record: dict[str, Any] = {
        'format': FORMAT,
        'version': 1,
        'software': f'audio_manifold_ros {__version__}',
        'started_at': started_at,
        'dry_run': settings.dry_run,
        'limit_s': settings.seconds,
        'machine': {**describe_machine(), **describe_training_machine(), 'cores': cores()},
        'systems': list(settings.systems),
    }
    for phase in make_plan(settings):
        if phase.name not in phases:
            continue
        left_s = max(end_s - time.monotonic(), 0.0)
        limit_s = left_s if phase.share is None else min(phase.share * settings.seconds, left_s)
        print(f'▸ {phase.name}: at most {limit_s:.0f} s', file=sys.stderr)
        of_phase = run_phase(phase, limit_s, settings.logs, _environment())
        records += of_phase
        for one in of_phase:
            print(f'  {one.task}: {one.status} after {one.seconds:.0f} s {one.reason}'.rstrip(), file=sys.stderr)
        record['tasks'] = [asdict(one) for one in records]
        _write(settings, record)
    shorten_logs(settings.logs)
    record['drives'] = {
        folder.name: sum(1 for _ in folder.rglob('street_*.h5'))
        for folder in (settings.octagon_drives, settings.random_drives)
    }
    record['weights'] = collect_weights(settings)
    record['seconds'] = round(time.monotonic() - started_s, 1)
    record['bytes'], record['max_bytes'] = folder_bytes(settings.out), MAX_BYTES
    _write(settings, record)
    return record


def _environment() -> dict[str, str]:
    """Return the environment of the processes: this checkout, and few threads, because there are many processes."""
    paths = [str(ROOT), *filter(None, [os.environ.get('PYTHONPATH')])]
    return {**os.environ, **dict.fromkeys(THREAD_LIMITS, '1'), 'PYTHONPATH': os.pathsep.join(paths)}


def is_complete(record: Mapping[str, Any]) -> bool:
    """Return whether all processes of a campaign have finished and its folder is small enough."""
    return all(task['status'] == FINISHED for task in record['tasks']) and record['bytes'] <= record['max_bytes']


def _write(settings: CampaignSettings, record: Mapping[str, Any]) -> None:
    write_json_atomic(settings.out / RECORD_FILE, record, sort_keys=False)
    write_text_atomic(settings.out / PAGE_FILE, render(settings, record))


def render(settings: CampaignSettings, record: Mapping[str, Any]) -> str:
    """Return the page of a campaign: its processes, its weights, and the figures of its benches."""
    benches: Results = {
        path.stem: json.loads(path.read_text(encoding='utf-8')) for path in sorted(settings.benches.glob('*.json'))
    }
    machine = record['machine']
    gpus = ', '.join(machine['gpus']) or 'No GPU'
    lines = [
        '# Campaign on a GPU machine',
        '',
        f'{record["started_at"]}, {record["software"]}.',
        f'{gpus}, {machine["cores"]} cores of {machine["processor"]}, torch {machine["torch"]}.',
        'Dry run on the processor: the figures only show that everything runs.' if settings.dry_run else '',
        '',
        '| phase | process | status | seconds | limit |',
        '|---|---|---|---:|---:|',
        *(_row(task) for task in record['tasks']),
        '',
        '| weights | kind | bytes | path |',
        '|---|---|---:|---|',
        *(
            f'| {found["system"]} | {found["kind"]} | {found["bytes"]} | {found["path"] or "left out: no room"} |'
            for found in record.get('weights', ())
        ),
        '',
        render_sections(benches),
    ]
    return '\n'.join(lines)


def _row(task: Mapping[str, Any]) -> str:
    status = f'{task["status"]} {task["reason"]}'.rstrip()
    return f'| {task["phase"]} | {task["task"]} | {status} | {task["seconds"]} | {task["limit_s"]} |'
