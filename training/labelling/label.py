# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Labelling of the camera images of bags or picture folders: depth in metres and Cityscapes classes.

audio-manifold train label drives/2026_11_20_bag
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from audio_manifold_ros.cli.console import SafeConsole, print_error, print_problem
from audio_manifold_ros.cli.options import add_scheduler_option, add_size_option, add_workers_option
from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.argument_types import caller_path, whole_number
from audio_manifold_ros.common.errors import AudioManifoldError, TrainingError
from audio_manifold_ros.datasets.label_file import exclude_label_folders
from audio_manifold_ros.processes.dask_cluster import check_scheduler
from training.labelling.bag_frames import BagFrames
from training.labelling.folder_frames import SUFFIXES, PictureFrames
from training.labelling.frame import FrameSource
from training.labelling.parallel_labelling import LabelSettings, LabelTask, label_recordings
from training.labelling.teacher_choice import DEFAULTS, FILES, MODELS, NO_TEACHER, TEACHER_HELP, TOPIC


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


def label(options: argparse.Namespace, console: SafeConsole) -> dict[Path, str]:
    """Label all recordings, with one teacher after the other.

    Returns:
        Problem of each recording that could not be labelled. It does not stop the others.

    Raises:
        ProcessError: The scheduler does not answer or has no TLS.
        TrainingError: A teacher cannot be used.

    """
    if options.scheduler is not None:
        check_scheduler(options.scheduler)
    refused: dict[Path, str] = {}
    sources: dict[Path, FrameSource] = {}
    for recording in exclude_label_folders(options.recordings):
        with _collect_refusals(recording, refused):
            sources[recording] = open_source(recording, options.topic, options.columns and tuple(options.columns))
    settings = LabelSettings(tuple(options.size), options.every, options.batch)
    tasks = []
    for modality in MODELS:
        teacher_spec = _absolute(getattr(options, modality))
        if teacher_spec == NO_TEACHER:
            continue
        of_modality = [
            LabelTask(recording.absolute(), source, modality, teacher_spec, settings)
            for recording, source in sources.items()
        ]
        if of_modality and not teacher_spec.startswith(TOPIC):
            of_modality[0].open_teacher()  # all recordings have this teacher: its error ends the call
        tasks += of_modality
    return {**refused, **label_recordings(tasks, options.workers, options.scheduler, console)}


def _absolute(teacher_spec: str) -> str:
    """Return the specification of a teacher with an absolute path, for processes that work in other folders."""
    if teacher_spec.startswith(FILES):
        return f'{FILES}{caller_path(teacher_spec.removeprefix(FILES))}'
    return str(Path(teacher_spec).absolute()) if Path(teacher_spec).is_dir() else teacher_spec


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
    # One process: the teacher networks use all cores or the GPU.
    add_workers_option(parser, default=1)
    add_scheduler_option(parser)
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
