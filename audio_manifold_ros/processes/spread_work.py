# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One way to spread work: over this process, processes of this machine, or a Dask cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from audio_manifold_ros.processes.dask_cluster import run_on_cluster
from audio_manifold_ros.processes.worker_processes import run_in_processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

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
        ProcessError: One job has ended several workers, or the scheduler cannot be used.
        Exception: The exception of a job.

    """
    if scheduler is not None:
        yield from run_on_cluster(work, jobs, scheduler)
    elif min(workers, len(jobs)) > 1:
        yield from run_in_processes(work, jobs, workers)
    else:
        yield from ((number, work(job)) for number, job in enumerate(jobs))
