# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Labelling of the camera images of bags or picture folders: depth in metres and Cityscapes classes.

audio-manifold train label drives/2026_11_20_bag
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from audio_manifold_ros.cli.console import SafeConsole, print_error, print_problem
from audio_manifold_ros.cli.options import add_size_option
from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.argument_types import whole_number
from audio_manifold_ros.common.errors import AudioManifoldError, TrainingError
from audio_manifold_ros.datasets.label_file import exclude_label_folders, label_folder
from audio_manifold_ros.modalities.registry import DEPTH, SEGMENTATION
from training.labelling.bag_frames import BagFrames
from training.labelling.depth_model import DEFAULT_DEPTH, DepthModel
from training.labelling.folder_frames import SUFFIXES, PictureFrames
from training.labelling.frame import FrameSource
from training.labelling.label_job import LabelJob, run_label_job
from training.labelling.recorded_labels import RecordedLabels
from training.labelling.segmentation_model import DEFAULT_SEGMENTATION, SegmentationModel
from training.labelling.teacher import Teacher
from training.labelling.teacher_files import TeacherFiles

NO_TEACHER, TOPIC, FILES = 'none', 'topic:', 'files:'
MODELS: Mapping[str, Callable[[str], Teacher]] = {DEPTH: DepthModel, SEGMENTATION: SegmentationModel}
DEFAULTS: Mapping[str, str] = {DEPTH: DEFAULT_DEPTH, SEGMENTATION: DEFAULT_SEGMENTATION}
TEACHER_HELP = f'a model (NAME, NAME@REVISION, folder), {TOPIC}NAME recorded, {FILES}FOLDER, or {NO_TEACHER}'


def open_source(recording: Path, topic: str | None, columns: tuple[int, int] | None = None) -> FrameSource:
    """Return the camera images of a bag or a picture folder.

    Args:
        recording: The bag or the folder.
        topic: Camera topic of a bag. None finds it.
        columns: First labelled column of a folder and one past the last. None for whole pictures.

    Raises:
        BagError: The bag is missing or damaged.
        TrainingError: The topic does not exist, or the pictures cannot be used.

    """
    if recording.is_dir() and any(file.suffix.lower() in SUFFIXES for file in recording.iterdir()):
        return PictureFrames(recording, columns)
    if columns is not None:
        msg = f'{str(recording)!r} is not a picture folder: --columns applies to these only. Leave it out.'
        raise TrainingError(msg)
    return BagFrames(recording, topic)


def open_teacher(modality: str, teacher_spec: str, recording: Path) -> Teacher:
    """Return the teacher of a modality from its specification on the command line.

    Raises:
        BagError: The bag is damaged.
        TrainingError: The teacher does not exist.

    """
    if teacher_spec.startswith(TOPIC):
        return RecordedLabels(recording, modality, teacher_spec.removeprefix(TOPIC))
    if teacher_spec.startswith(FILES):
        return TeacherFiles(Path(teacher_spec.removeprefix(FILES)), modality)
    return MODELS[modality](teacher_spec)


def label(options: argparse.Namespace, console: SafeConsole) -> dict[Path, str]:
    """Label all recordings with one teacher after the other, so that only one model is in memory at a time.

    Returns:
        Problem of each recording that could not be labelled. It does not stop the others.

    Raises:
        TrainingError: A teacher cannot be used.

    """
    refused: dict[Path, str] = {}
    sources: dict[Path, FrameSource] = {}
    for recording in exclude_label_folders(options.recordings):
        with _collect_refusals(recording, refused):
            sources[recording] = open_source(recording, options.topic, options.columns and tuple(options.columns))
    columns = (TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console) as progress:
        for modality in MODELS:
            teacher_spec = getattr(options, modality)
            teacher: Teacher | None = None
            for recording, source in sources.items() if teacher_spec != NO_TEACHER else ():
                if teacher is None and not teacher_spec.startswith(TOPIC):
                    teacher = open_teacher(modality, teacher_spec, recording)
                with _collect_refusals(recording, refused):
                    selected_teacher = teacher or open_teacher(modality, teacher_spec, recording)
                    request = LabelJob(source, selected_teacher, tuple(options.size), options.every, options.batch)
                    task = progress.add_task(f'{recording.name}: {modality}', total=request.count)
                    path = run_label_job(request, label_folder(recording), partial(progress.advance, task))
                    console.print(f'labels: {path}', highlight=False, soft_wrap=True)
    return refused


@contextmanager
def _collect_refusals(recording: Path, refused: dict[Path, str]) -> Iterator[None]:
    try:
        yield
    except (AudioManifoldError, OSError) as error:
        refused[recording] = f'{type(error).__name__}: {error}'


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = command_parser('train label')
    parser.add_argument('recordings', type=Path, nargs='+', help='bags, or folders of pictures named by their time')
    parser.add_argument('--topic', help='camera topic (default: that of the recorder, or the only image topic)')
    for modality in MODELS:
        parser.add_argument(
            f'--{modality}', default=DEFAULTS[modality], metavar='TEACHER', help=f'{TEACHER_HELP} (%(default)s)'
        )
    add_size_option(parser)
    parser.add_argument(
        '--columns',
        type=whole_number(0),
        nargs=2,
        metavar=('FIRST', 'END'),
        help='columns of the pictures in a folder to label (MAVD: 200 1720)',
    )
    parser.add_argument('--every', type=whole_number(1), default=1, help='label every n-th image (%(default)s)')
    parser.add_argument('--batch', type=whole_number(1), default=8, help='images per batch (%(default)s)')
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status: 1 if a recording could not be labelled."""
    options = _arguments(arguments)
    console = SafeConsole(stderr=True)
    try:
        refused = label(options, console)
    except (AudioManifoldError, OSError) as error:
        print_error(console, error)
        return 1
    for recording, problem in refused.items():
        print_problem(console, '✗', 'red', f'{recording}: {problem}')
    return 1 if refused else 0
