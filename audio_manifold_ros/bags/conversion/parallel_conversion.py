# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Parallel conversion of bags, in processes of this machine or on a Dask cluster with the same files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
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
from audio_manifold_ros.processes.dask_cluster import check_scheduler
from audio_manifold_ros.processes.spread_work import spread_with_progress

if TYPE_CHECKING:
    from audio_manifold_ros.bags.conversion.conversion_record import ConversionOptions, ConversionResult
    from audio_manifold_ros.datasets.rig_files import RigFiles
    from audio_manifold_ros.processes.job_progress import Advance

Job = tuple[Path, Path, 'RigFiles | None', 'ConversionOptions']


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
    """Convert bags in parallel (see `spread_with_progress`), with progress bars. A failure does not stop the others.

    A bag whose process dies is converted again by another process. A bag that has ended several processes fails.

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
        results = spread_with_progress(_convert, jobs, workers, scheduler, bars.show, _failure)
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

    def show(self, number: int, done_ns: int) -> None:
        task = self._tasks[number]
        self._progress.update(task, completed=done_ns)
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


def _convert(job: Job, advance: Advance) -> ConversionResult | str:
    """Return the result of a conversion, or its failure."""
    try:
        return convert_bag(*job, advance)
    except AudioManifoldError as error:
        return _failure(error)


def _failure(error: AudioManifoldError) -> str:
    return f'{type(error).__name__}: {error}'
