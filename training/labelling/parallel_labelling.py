# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Labelling of many recordings, in this process, in processes of this machine, or on a Dask cluster."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from audio_manifold_ros.common.errors import AudioManifoldError
from audio_manifold_ros.datasets.label_file import label_folder
from audio_manifold_ros.processes.spread_work import spread_with_progress
from training.labelling.frame import FrameSource
from training.labelling.label_job import LabelJob, run_label_job
from training.labelling.teacher_choice import TOPIC, open_teacher

if TYPE_CHECKING:
    from rich.console import Console

    from audio_manifold_ros.processes.job_progress import Advance
    from training.labelling.teacher import Teacher

# Path of a label file, or the problem of the recording.
Outcome = Path | str


@dataclass(frozen=True)
class LabelSettings:
    """Settings of all labels of one call.

    Attributes:
        size: Rows and columns of the labels.
        every: Label every n-th image, from the first.
        batch: Batch size of the teachers.
        call_id: Identity of the call. A worker of a cluster opens a teacher once in each call.

    """

    size: tuple[int, int]
    every: int
    batch: int
    call_id: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(frozen=True)
class LabelTask:
    """Labels of one modality of one recording, in a form that other processes can receive.

    Attributes:
        recording: The recording, an absolute path.
        source: Its camera images.
        modality: The modality.
        teacher_spec: Specification of the teacher on the command line.
        settings: Settings of the labels.

    """

    recording: Path
    source: FrameSource
    modality: str
    teacher_spec: str
    settings: LabelSettings

    @property
    def count(self) -> int:
        """Maximum number of images to label."""
        return -(-self.source.count // self.settings.every)

    def open_teacher(self) -> Teacher:
        """Return the teacher. The last one is kept, so that a model is loaded once and only one is in memory.

        Raises:
            BagError: The bag is damaged.
            TrainingError: The teacher does not exist.

        """
        recording = self.recording if self.teacher_spec.startswith(TOPIC) else None
        return _open_teacher(self.settings.call_id, self.modality, self.teacher_spec, recording)


def label_recordings(
    tasks: Sequence[LabelTask], workers: int, scheduler: str | None, console: Console
) -> dict[Path, str]:
    """Label recordings with progress bars, and return the problem of each recording that could not be labelled.

    A task whose process dies is continued by another process, from its finished parts.

    Args:
        tasks: The labels, ordered by teacher.
        workers: Number of processes on this machine, if there is no scheduler. One labels in this process.
        scheduler: Address of a Dask scheduler with TLS, or None. Its workers have recordings and teachers under the
            same paths.
        console: Terminal for the progress bars.

    Raises:
        ProcessError: The scheduler does not answer or has no TLS.

    """
    columns = (TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn())
    outcomes: dict[int, Outcome] = {}
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console) as progress:
        bars = [progress.add_task(f'{task.recording.name}: {task.modality}', total=task.count) for task in tasks]

        def show(number: int, done: int) -> None:
            progress.update(bars[number], completed=done)

        for number, outcome in spread_with_progress(_label, tasks, workers, scheduler, show, _problem):
            outcomes[number] = outcome
            if isinstance(outcome, Path):
                show(number, tasks[number].count)
                console.print(f'labels: {outcome}', highlight=False, soft_wrap=True)
    return {tasks[number].recording: found for number, found in sorted(outcomes.items()) if isinstance(found, str)}


def _label(task: LabelTask, advance: Advance) -> Outcome:
    """Return the path of the labels, or the problem of the recording."""
    settings = task.settings
    try:
        job = LabelJob(task.source, task.open_teacher(), settings.size, settings.every, settings.batch)
        return run_label_job(job, label_folder(task.recording), advance)
    except (AudioManifoldError, OSError) as error:
        return _problem(error)


def _problem(error: Exception) -> str:
    return f'{type(error).__name__}: {error}'


@lru_cache(maxsize=1)
def _open_teacher(call_id: str, modality: str, teacher_spec: str, recording: Path | None) -> Teacher:
    del call_id  # only part of the key of the cache
    return open_teacher(modality, teacher_spec, recording or Path())
