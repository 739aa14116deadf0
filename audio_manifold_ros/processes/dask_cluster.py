# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Jobs on a Dask cluster with the same files and software.

A Dask scheduler runs the code of everybody who can connect to it. Only schedulers with TLS are used, where both sides
show a certificate.
"""

from __future__ import annotations

import uuid
from concurrent.futures import CancelledError
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from audio_manifold_ros.common.errors import ProcessError
from audio_manifold_ros.processes.job_progress import JobProgress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from audio_manifold_ros.processes.job_progress import Advance, OnProgress

J = TypeVar('J')
R = TypeVar('R')
CONNECT_TIMEOUT_S = 20
# Jobs that the scheduler has at a time. It needs about a millisecond and a kilobyte for each.
MAX_SUBMITTED = 10_000
TLS_SCHEME = 'tls://'
TLS_SETTINGS = ('distributed.comm.tls.ca-file', 'distributed.comm.tls.client.cert', 'distributed.comm.tls.client.key')
TLS_REMEDY = (
    'start scheduler and workers with --tls-ca-file, --tls-cert and --tls-key, give an address with tls://, and name '
    'the files of this machine in DASK_DISTRIBUTED__COMM__TLS__CA_FILE, DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT '
    'and DASK_DISTRIBUTED__COMM__TLS__CLIENT__KEY; or omit --scheduler.'
)


def check_scheduler(scheduler: str) -> None:
    """Refuse a scheduler that everybody on the network can use.

    Raises:
        ProcessError: The address is not one of TLS, or a certificate of this machine is missing.

    """
    import dask

    if not scheduler.startswith(TLS_SCHEME):
        msg = f'The Dask scheduler {scheduler!r} has no TLS, so everybody who reaches it could run code: {TLS_REMEDY}'
        raise ProcessError(msg)
    for setting in TLS_SETTINGS:
        file = dask.config.get(setting, None)
        if not file or not Path(file).is_file():
            msg = f'The Dask setting {setting} is {file!r} and not a file, as {scheduler!r} needs: {TLS_REMEDY}'
            raise ProcessError(msg)


@contextmanager
def cluster_client(scheduler: str) -> Iterator[Any]:
    """Yield a client of a scheduler.

    Raises:
        ProcessError: The scheduler has no TLS, or does not answer.

    """
    from distributed import Client
    from distributed.security import Security

    check_scheduler(scheduler)
    security = Security(require_encryption=True)  # type: ignore[no-untyped-call]
    try:
        client = Client(scheduler, timeout=CONNECT_TIMEOUT_S, security=security)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TimeoutError) as error:
        msg = f'The Dask scheduler {scheduler!r} does not answer ({error}): start it, or omit --scheduler.'
        raise ProcessError(msg) from None
    with client:
        yield client


def run_on_cluster(
    work: Callable[[J, Advance], R],
    jobs: Sequence[J],
    scheduler: str,
    on_progress: OnProgress,
    give_up: Callable[[ProcessError], R],
) -> Iterator[tuple[int, R]]:
    """Do jobs on a cluster, and yield number and result of each job when it is done.

    The scheduler gives the jobs of a worker that dies to another one.

    Args:
        work: A function that the workers can import. Its second argument is a function that adds to the progress.
        jobs: First arguments of the function.
        scheduler: Address of the scheduler.
        on_progress: Called from another thread with the number of a job and its whole progress.
        give_up: Returns the result of a job that has ended several workers, or raises the error.

    Raises:
        ProcessError: The scheduler has no TLS, does not answer or has ended, or a worker does not have the software.
        Exception: The exception of a job.

    """
    from distributed import KilledWorker, as_completed

    topic = f'audio_manifold_ros {uuid.uuid4()}'
    with cluster_client(scheduler) as client:
        client.subscribe_topic(topic, lambda event: on_progress(*event[1]))
        numbers: dict[Any, int] = {}

        def submit(number: int) -> Any:
            future = client.submit(_do_job, work, topic, number, jobs[number], pure=False)
            numbers[future] = number
            return future

        rest = iter(range(len(jobs)))
        completed = as_completed([submit(number) for number in islice(rest, MAX_SUBMITTED)])  # type: ignore[no-untyped-call]
        for future in completed:
            number = numbers.pop(future)
            try:
                result = future.result()
            except KilledWorker as error:
                msg = f'Job {number} has ended several workers of {scheduler!r}: give them more memory ({error}).'
                result = give_up(ProcessError(msg))
            except ImportError as error:
                msg = f'A worker of {scheduler!r} does not have the software ({error}): install this version on it.'
                raise ProcessError(msg) from None
            except CancelledError:
                msg = (
                    f'The connection to the Dask scheduler {scheduler!r} is lost: start the scheduler, then this '
                    'command again. Finished work is kept.'
                )
                raise ProcessError(msg) from None
            for following in islice(rest, 1):
                completed.add(submit(following))  # type: ignore[no-untyped-call]
            yield number, result


def _do_job(work: Callable[[J, Advance], R], topic: str, number: int, job: J) -> R:
    """Do a job on a worker of a cluster, and report its progress as events of a topic."""
    from distributed import get_worker

    report = partial(_log_progress, get_worker(), topic, number)
    return work(job, JobProgress(report).advance)


def _log_progress(worker: Any, topic: str, number: int, done: int) -> None:
    worker.log_event(topic, (number, done))
