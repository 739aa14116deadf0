# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Parallel conversion of many drives, one process each. A refused drive does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from audio_manifold_ros.bags.conversion.conversion_record import stale_drive_warning
from audio_manifold_ros.common.errors import AudioManifoldError
from audio_manifold_ros.processes.spread_work import spread
from training.importing.drive_import import ImportJob
from training.importing.report import DriveOutcome

Result = tuple[str, 'DriveOutcome | str']


Job = TypeVar('Job', bound=ImportJob)


def import_drives(
    jobs: Mapping[str, Job],
    write_drive: Callable[[Job], DriveOutcome],
    workers: int,
    console: Console,
    scheduler: str | None = None,
) -> tuple[list[DriveOutcome], dict[str, str]]:
    """Write drives in parallel processes with a progress bar. A single worker writes in this process.

    Args:
        jobs: Drives to write, by drive id.
        write_drive: A module-level function, so that other processes can import it. It keeps finished drives.
        workers: Number of processes.
        console: Console of the progress bar.
        scheduler: Address of a Dask scheduler (see `spread`).

    Returns:
        The drives that were written or kept, and the problem of each other drive by drive id.

    Raises:
        ProcessError: One drive has ended several processes, or the scheduler cannot be used. The next start keeps
            finished drives.

    """
    columns = (TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn())
    outcomes: list[DriveOutcome] = []
    refused: dict[str, str] = {}
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task('drives', total=len(jobs))
        for drive_id, result in _results(jobs, write_drive, workers, scheduler):
            if isinstance(result, str):
                refused[drive_id] = result
            else:
                outcomes.append(result)
            progress.advance(task)
    return sorted(outcomes, key=lambda outcome: outcome.drive_id), refused


def _results(
    jobs: Mapping[str, Job], write_drive: Callable[[Job], DriveOutcome], workers: int, scheduler: str | None
) -> Iterator[Result]:
    drive_ids = list(jobs)
    for number, result in spread(partial(_outcome, write_drive), list(jobs.values()), workers, scheduler):
        yield drive_ids[number], result


def _outcome(write_drive: Callable[[Job], DriveOutcome], job: Job) -> DriveOutcome | str:
    try:
        return write_drive(job)
    except AudioManifoldError as error:
        return f'{type(error).__name__}: {error}{stale_drive_warning(job.path)}'
