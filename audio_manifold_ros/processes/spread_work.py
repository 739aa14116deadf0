# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One way to spread work: over this process, processes of this machine, or a Dask cluster."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NoReturn, TypeVar

from audio_manifold_ros.processes.dask_cluster import run_on_cluster
from audio_manifold_ros.processes.job_progress import JobProgress, ignore_progress
from audio_manifold_ros.processes.worker_processes import run_in_processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from audio_manifold_ros.common.errors import ProcessError
    from audio_manifold_ros.processes.job_progress import Advance, OnProgress

J = TypeVar('J')
R = TypeVar('R')


def spread(
    work: Callable[[J], R], jobs: Sequence[J], workers: int, scheduler: str | None = None
) -> Iterator[tuple[int, R]]:
    """Do jobs, and yield number and result of each job when it is done.

    A job whose worker dies is done by another worker. Work should keep what it has finished, so that a second start
    continues.

    Args:
        work: A module-level function, so that other processes can import it.
        jobs: Arguments of the function.
        workers: Processes of this machine, without a scheduler. With one of them, or one job, this process works.
        scheduler: Address of a Dask scheduler with TLS. Its workers have software and files under the same paths.

    Raises:
        ProcessError: One job has ended several workers, a worker cannot be started, or the scheduler cannot be used.
        Exception: The exception of a job.

    """
    return spread_with_progress(partial(_without_progress, work), jobs, workers, scheduler)


def _raise(error: ProcessError) -> NoReturn:
    raise error


def spread_with_progress(
    work: Callable[[J, Advance], R],
    jobs: Sequence[J],
    workers: int,
    scheduler: str | None = None,
    on_progress: OnProgress = ignore_progress,
    give_up: Callable[[ProcessError], R] = _raise,
) -> Iterator[tuple[int, R]]:
    """Do jobs as `spread` does, and report the progress of each job at intervals.

    Args:
        work: A module-level function of a job and of the function that adds to its progress.
        jobs: First arguments of the function.
        workers: Processes of this machine, without a scheduler. With one of them, or one job, this process works.
        scheduler: Address of a Dask scheduler with TLS. Its workers have software and files under the same paths.
        on_progress: Called with the number of a job and its whole progress. It may be called from another thread.
        give_up: Returns the result of a job that has ended several workers. The default raises the error.

    Raises:
        ProcessError: One job has ended several workers, a worker cannot be started, or the scheduler cannot be used.
        Exception: The exception of a job.

    """
    if scheduler is not None:
        yield from run_on_cluster(work, jobs, scheduler, on_progress, give_up)
    elif min(workers, len(jobs)) > 1:
        yield from run_in_processes(work, jobs, workers, on_progress, give_up)
    else:
        for number, job in enumerate(jobs):
            yield number, work(job, JobProgress(partial(on_progress, number)).advance)


def _without_progress(work: Callable[[J], R], job: J, advance: Advance) -> R:
    del advance
    return work(job)
