# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Worker processes of this machine that do jobs. The job of a process that dies is given to another one."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import signal
from collections import Counter, deque
from contextlib import ExitStack
from typing import TYPE_CHECKING, TypeVar

from audio_manifold_ros.common.errors import ProcessError
from audio_manifold_ros.processes.job_progress import JobProgress
from audio_manifold_ros.processes.process_failure import describe_exit, describe_start_error
from audio_manifold_ros.processes.process_pool import end_with_parent_process, limit_threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from audio_manifold_ros.processes.job_progress import Advance, OnProgress

J = TypeVar('J')
R = TypeVar('R')
# A job that ends so many processes is not tried again.
MAX_DEATHS = 3


def run_in_processes(
    work: Callable[[J, Advance], R],
    jobs: Sequence[J],
    workers: int,
    on_progress: OnProgress,
    give_up: Callable[[ProcessError], R],
) -> Iterator[tuple[int, R]]:
    """Do jobs in spawned processes with one thread each, and yield number and result of each job when it is done.

    A process does one job after the other. A job whose process dies is done again by another process. A finished job
    is never done again. The processes end with the iterator, and with this process.

    Args:
        work: A module-level function, so that other processes can import it. Its second argument is a function that
            adds to the progress of the job.
        jobs: First arguments of the function. They are pickled.
        workers: Number of processes.
        on_progress: Called with the number of a job and its whole progress.
        give_up: Returns the result of a job that has ended several processes, or raises the error.

    Raises:
        ProcessError: A process cannot be started.
        Exception: The exception of a job.

    """
    limit_threads()
    waiting, deaths = deque(range(len(jobs))), Counter[int]()
    running: dict[Connection, _Worker] = {}
    try:
        while waiting or running:
            while waiting and len(running) < min(workers, len(jobs)):
                worker = _Worker(work)
                running[worker.connection] = worker
                worker.send(waiting.popleft(), jobs)
            ready = multiprocessing.connection.wait(list(running))
            for worker in [worker for connection, worker in running.items() if connection in ready]:
                number = worker.job
                try:
                    message = worker.connection.recv()
                except (EOFError, OSError):
                    del running[worker.connection]
                    deaths[number] += 1
                    exit_status = worker.end()
                    if deaths[number] < MAX_DEATHS:
                        waiting.appendleft(number)
                    else:
                        yield number, give_up(_repeated_death(number, exit_status))
                    continue
                if isinstance(message, int):
                    on_progress(number, message)
                    continue
                result, error = message
                if error is not None:
                    raise error
                yield number, result
                if waiting:
                    worker.send(waiting.popleft(), jobs)
                else:
                    del running[worker.connection]
                    worker.end()
    finally:
        for worker in running.values():
            worker.end()


class _Worker:
    """A process, its connection, and the number of its current job."""

    def __init__(self, work: Callable[[J, Advance], R]) -> None:
        context = multiprocessing.get_context('spawn')
        with ExitStack() as rollback:
            try:
                self.connection, child_end = context.Pipe()
                rollback.callback(self.connection.close)
                with child_end:
                    self._process: BaseProcess = context.Process(target=_do_jobs, args=(work, child_end), daemon=True)
                    self._process.start()
            except OSError as error:
                msg = (
                    f'Cannot start a worker process: {describe_start_error(error)} Or start fewer processes '
                    '(--workers). Finished work is kept.'
                )
                raise ProcessError(msg) from None
            rollback.pop_all()
        self.job = -1

    def send(self, number: int, jobs: Sequence[object]) -> None:
        """Give the process its next job. If it is dead, the next `recv` shows it."""
        self.job = number
        try:
            self.connection.send(jobs[number])
        except (BrokenPipeError, ConnectionResetError):
            return

    def end(self) -> int | None:
        """Kill the process and return its exit status."""
        self._process.kill()
        self._process.join()
        self.connection.close()
        return self._process.exitcode


def _repeated_death(number: int, exit_status: int | None) -> ProcessError:
    msg = (
        f'Job {number} has ended {MAX_DEATHS} processes, the last one with {describe_exit(exit_status)}. '
        'Finished work is kept.'
    )
    return ProcessError(msg)


def _do_jobs(work: Callable[[J, Advance], R], connection: Connection) -> None:
    """Do the jobs that come over a connection until it is closed.

    The progress of a job is sent as whole numbers, and then its result and exception as a pair.
    """
    end_with_parent_process()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C also reaches the parent, which ends this process
    while True:
        try:
            job = connection.recv()
        except EOFError:
            return
        try:
            connection.send((work(job, JobProgress(connection.send).advance), None))
        # Also of a result that cannot be pickled, of which nothing has been sent.
        except Exception as error:  # noqa: BLE001 - the parent raises it
            connection.send((None, error))
