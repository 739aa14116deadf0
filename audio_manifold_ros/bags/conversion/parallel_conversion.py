# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Parallel conversion of bags, in processes of this machine or on a Dask cluster with the same files.

The processes of this machine are connected by pipes, which no other user can open.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import signal
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from audio_manifold_ros.bags.conversion.bag_conversion import convert_bag, drive_id_of
from audio_manifold_ros.bags.conversion.conversion_record import stale_drive_warning
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.cli.console import SafeConsole
from audio_manifold_ros.common.errors import AudioManifoldError, BagError
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.processes.dask_cluster import check_scheduler, cluster_client
from audio_manifold_ros.processes.parent_death import end_with_parent
from audio_manifold_ros.processes.process_pool import limit_threads

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

    from audio_manifold_ros.bags.conversion.conversion_record import ConversionOptions, ConversionResult
    from audio_manifold_ros.datasets.rig_files import RigFiles

TOPIC = 'audio_manifold_ros conversion'
REPORT_INTERVAL_S = 0.5
Advance = Callable[[int, int], None]
Job = tuple[Path, Path, 'RigFiles | None', 'ConversionOptions']
Result = tuple[int, 'ConversionResult | str']


@dataclass(frozen=True)
class ConversionOutcome:
    """Results of the conversion of several bags.

    Attributes:
        converted: Results of the converted bags.
        failures: Bags that failed, each with its error and a warning if a drive of an earlier conversion exists.

    """

    converted: tuple[ConversionResult, ...]
    failures: tuple[tuple[Path, str], ...]


def convert_bags(
    bags: Sequence[Path],
    out: Path,
    rig: RigFiles | None,
    options: ConversionOptions,
    workers: int,
    scheduler: str | None,
    console: SafeConsole,
) -> ConversionOutcome:
    """Convert bags, each in a process of its own, with a progress bar. A failure does not stop the others.

    Args:
        bags: The bags.
        out: Folder of the drives.
        rig: The rig of all bags. None takes the rig in each bag.
        options: Conversion options.
        workers: Number of processes on this machine, if there is no scheduler. One converts in this process.
        scheduler: Address of a Dask scheduler with TLS, or None. Its workers have bags and folder under the same paths.
        console: Terminal for the progress bars.

    Raises:
        BagError: Two bags have the same name, or the folder cannot be created.
        ProcessError: The scheduler does not answer or has no TLS.

    """
    if scheduler is not None:
        check_scheduler(scheduler)
    repeated = [name for name, count in Counter(map(drive_id_of, bags)).items() if count > 1]
    if repeated:
        msg = f'Several bags have the name {repeated[:5]} and would become one drive: rename them.'
        raise BagError(msg)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f'Cannot create the folder {str(out)!r} ({error.strerror or error}): give another one (--out).'
        raise BagError(msg) from None
    columns = (TextColumn('{task.description}'), BarColumn(), TextColumn('{task.fields[speed]:>7}'))
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console) as progress:
        bars = _ProgressBars(progress, bags)
        jobs: list[Job] = [(bag.absolute(), out.absolute(), rig, options) for bag in bags]
        if scheduler is None and min(workers, len(bags)) == 1:
            results: Iterator[Result] = iter(_convert(number, job, bars.advance) for number, job in enumerate(jobs))
        elif scheduler is None:
            results = _in_processes(jobs, min(workers, len(bags)), bars.advance)
        else:
            results = _on_cluster(jobs, scheduler, bars.advance)
        converted, failures = [], []
        for number, done in results:
            bars.finish(number)
            if isinstance(done, str):
                older = stale_drive_warning(out / f'{drive_id_of(bags[number])}.h5')
                failures.append((bags[number], f'{done}{older}'))
            else:
                converted.append(done)
    return ConversionOutcome(tuple(converted), tuple(failures))


class _ProgressBars:
    """A progress bar for each bag. Its total is twice the duration of the bag, for audio and images."""

    def __init__(self, progress: Progress, bags: Sequence[Path]) -> None:
        self._progress = progress
        self._tasks: list[TaskID] = [
            progress.add_task(bag.name, total=max(2 * _length_ns(bag), 1), speed='') for bag in bags
        ]

    def advance(self, number: int, done_ns: int) -> None:
        task = self._tasks[number]
        self._progress.advance(task, done_ns)
        task_state = self._progress.tasks[number]
        elapsed_s = task_state.elapsed or 0.0
        if elapsed_s:
            self._progress.update(task, speed=f'{task_state.completed / 2 / NS_PER_S / elapsed_s:.0f}×')

    def finish(self, number: int) -> None:
        task_state = self._progress.tasks[number]
        self._progress.update(self._tasks[number], completed=task_state.total)


def _length_ns(bag: Path) -> int:
    """Return the duration of a bag, or 0 if it cannot be opened. Its conversion reports the error."""
    try:
        with BagReader(bag) as reader:
            return reader.end_ns - reader.start_ns
    except BagError:
        return 0


def _convert(number: int, job: Job, advance: Advance) -> Result:
    try:
        return number, convert_bag(*job, lambda done_ns: advance(number, done_ns))
    except AudioManifoldError as error:
        return number, f'{type(error).__name__}: {error}'


def _in_processes(jobs: Sequence[Job], workers: int, advance: Advance) -> Iterator[Result]:
    """Convert each bag in a new process, `workers` at a time. A process that dies fails its own bag only."""
    limit_threads()
    context = multiprocessing.get_context('spawn')
    waiting = deque(enumerate(jobs))
    running: dict[multiprocessing.connection.Connection, tuple[int, BaseProcess]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                number, job = waiting.popleft()
                receiver, sender = context.Pipe(duplex=False)
                process = context.Process(target=_convert_and_send, args=(number, job, sender))
                process.start()
                sender.close()
                running[receiver] = number, process
            ready = multiprocessing.connection.wait(list(running))
            for receiver in [receiver for receiver in running if receiver in ready]:
                number, worker = running[receiver]
                try:
                    message = receiver.recv()
                except EOFError:
                    worker.join()
                    message = number, f'The process of the conversion ended with status {worker.exitcode}: repeat it.'
                if isinstance(message, int):
                    advance(number, message)
                    continue
                del running[receiver]
                receiver.close()
                worker.join()
                yield message
    finally:
        for _, worker in running.values():
            worker.kill()
            worker.join()


def _convert_and_send(number: int, job: Job, sender: multiprocessing.connection.Connection) -> None:
    """Convert a bag and send its progress as numbers, then its result."""
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C also reaches the parent, which ends this process
    sender.send(_convert(number, job, _Reports(sender.send).advance))
    sender.close()


class _Reports:
    """Progress that is reported at intervals."""

    def __init__(self, report: Callable[[int], object]) -> None:
        self._report = report
        self._unreported_ns, self._reported_s = 0, time.monotonic()

    def advance(self, _: int, done_ns: int) -> None:
        self._unreported_ns += done_ns
        if time.monotonic() - self._reported_s > REPORT_INTERVAL_S:
            self._report(self._unreported_ns)
            self._unreported_ns, self._reported_s = 0, time.monotonic()


def _on_cluster(jobs: Sequence[Job], scheduler: str, advance: Advance) -> Iterator[Result]:
    from distributed import as_completed

    with cluster_client(scheduler) as client:
        client.subscribe_topic(TOPIC, lambda event: advance(*event[1]))
        numbers = {
            client.submit(_convert_reporting, number, job, pure=False): number for number, job in enumerate(jobs)
        }
        for future in as_completed(numbers):  # type: ignore[no-untyped-call]
            error = future.exception()
            if error is None:
                yield future.result()
            else:
                # Other errors: the worker died, or a worker of the cluster does not have this software.
                yield numbers[future], f'{type(error).__name__}: {error}'


def _convert_reporting(number: int, job: Job) -> Result:
    from distributed import get_worker

    worker = get_worker()
    return _convert(number, job, _Reports(lambda done_ns: worker.log_event(TOPIC, (number, done_ns))).advance)
