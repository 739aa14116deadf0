# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Phases of a campaign: processes with a common time limit, stopped when it is over, and recorded in any case."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

LIMIT = '{limit}'
FINISHED, FAILED, STOPPED, SKIPPED = 'finished', 'failed', 'stopped', 'skipped'
POLL_S = 0.1
# Time of a process between the request to end and its end by force.
GRACE_S = 5.0
# Output of processes that is kept: the end of longer logs.
LOG_BYTES = 500_000


@dataclass(frozen=True)
class Task:
    """One process of a phase.

    Attributes:
        name: Name in the record, and of its log file.
        command: The program and its arguments. The argument `LIMIT` stands for its time limit in seconds.

    """

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Phase:
    """Processes that share a time limit.

    Attributes:
        name: Name in the record.
        share: Part of the time of the campaign. None takes the time that is left.
        tasks: The processes.
        parallel: Number of processes at a time.
        fills_time: Whether the processes work until they are stopped, as a simulation without a fixed number of drives.

    """

    name: str
    share: float | None
    tasks: tuple[Task, ...]
    parallel: int = 1
    fills_time: bool = False


@dataclass(frozen=True)
class TaskRecord:
    """Result of a process.

    Attributes:
        phase: Name of its phase.
        task: Its name.
        status: `finished`, `failed`, `stopped` at the time limit, or `skipped` because no time was left.
        seconds: Its duration.
        limit_s: Time limit of its phase.
        reason: Exit status of a failed process. Empty otherwise.

    """

    phase: str
    task: str
    status: str
    seconds: float
    limit_s: float
    reason: str = ''


@dataclass
class _Running:
    """A process that has not ended."""

    task: Task
    process: subprocess.Popen[bytes]
    started_s: float = field(default_factory=time.monotonic)


def run_phase(phase: Phase, limit_s: float, logs: Path, environment: Mapping[str, str]) -> list[TaskRecord]:
    """Run the processes of a phase until they have ended or the time is over, and return a record of each.

    Each process leads a process group of its own, which is ended as a whole.

    Args:
        phase: The phase.
        limit_s: Time limit in seconds.
        logs: Folder of the log files.
        environment: Environment of the processes.

    """
    deadline_s = time.monotonic() + limit_s
    waiting, running = deque(phase.tasks), list[_Running]()
    # Processes that have to wait for the end of others have their part of the time.
    task_limit_s = limit_s / math.ceil(len(phase.tasks) / phase.parallel)
    records: list[TaskRecord] = []

    def record(task: Task, status: str, seconds: float = 0.0, reason: str = '') -> None:
        records.append(TaskRecord(phase.name, task.name, status, round(seconds, 1), round(limit_s, 1), reason))

    try:
        while (waiting or running) and time.monotonic() < deadline_s:
            while waiting and len(running) < phase.parallel:
                running.append(_start(waiting.popleft(), task_limit_s, logs, environment))
            time.sleep(POLL_S)
            for one in [one for one in running if one.process.poll() is not None]:
                running.remove(one)
                status = one.process.returncode
                seconds = time.monotonic() - one.started_s
                record(one.task, FAILED if status else FINISHED, seconds, f'exit status {status}' if status else '')
        for one in running:
            record(one.task, FINISHED if phase.fills_time else STOPPED, time.monotonic() - one.started_s)
        for task in waiting:
            record(task, SKIPPED)
    finally:
        _stop([one.process for one in running])
    return records


def _start(task: Task, limit_s: float, logs: Path, environment: Mapping[str, str]) -> _Running:
    command = [f'{limit_s:.0f}' if argument == LIMIT else argument for argument in task.command]
    with (logs / f'{task.name}.log').open('wb') as log:
        process = subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return _Running(task, process)


def _stop(processes: list[subprocess.Popen[bytes]]) -> None:
    """End process groups: by request, and by force after a time of grace."""
    for process in processes:
        os.killpg(process.pid, signal.SIGTERM)
    grace_over_s = time.monotonic() + GRACE_S
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(grace_over_s - time.monotonic(), 0.0))
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def shorten_logs(logs: Path) -> None:
    """Keep only the end of long log files."""
    for log in logs.glob('*.log'):
        if log.stat().st_size > LOG_BYTES:
            with log.open('rb') as file:
                file.seek(-LOG_BYTES, os.SEEK_END)
                end = file.read()
            log.write_bytes(end)
