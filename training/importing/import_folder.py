# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Import of folders of WAV and PNG files as drive files.

audio-manifold train import folder recordings --rig my_rig --out data/mine
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rich.console import Console

from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.argument_types import number
from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.datasets.rig_files import RigFiles
from training.importing.drive_import import ImportOptions
from training.importing.folder.image_times import FRAMES, UNITS, TimeRule
from training.importing.folder.png_images import DISPARITY, MM, DepthRule
from training.importing.folder.recording_conversion import REASONS, FolderJob, write_recording
from training.importing.folder.recording_files import RIG_FOLDER, find_recordings
from training.importing.import_cli import add_import_arguments, run_import
from training.importing.parallel_import import import_drives
from training.importing.report import ImportReport

DEFAULT_STEPS = {MM: 1.0, DISPARITY: 256.0}
MAX_START_S = 9e9


def import_folder(options: argparse.Namespace, console: Console) -> ImportReport:
    """Write a drive file for each recording in parallel, keep finished ones, and write the report to their folder.

    Raises:
        TrainingError: There are no recordings, a process died, or the report cannot be written.
        DatasetError: The rig cannot be read.

    """
    rows, columns = options.size
    import_options = ImportOptions(options.rate, rows, columns, options.native)
    steps = options.depth_steps or DEFAULT_STEPS[options.depth]
    depth = DepthRule(options.depth, steps, options.depth_offset, options.focal_baseline)
    times = TimeRule(options.time_unit, options.frame_rate)
    jobs = {
        drive_id: FolderJob(
            path=options.out / f'{drive_id}.h5',
            drive_id=drive_id,
            rig=_rig(options.rig, options.root, folder),
            options=import_options,
            folder=folder,
            times=times,
            depth=depth,
            audio_start_ns=round(options.audio_start * NS_PER_S),
            full_scale=options.full_scale,
            allow_missing=options.allow_missing,
        )
        for drive_id, folder in find_recordings(options.root).items()
    }
    outcomes, refused = import_drives(jobs, write_recording, options.workers, console, options.scheduler)
    report = ImportReport(f'folder {options.root.resolve().name}', outcomes, refused, REASONS)
    report.write(options.out)
    return report


def _rig(given: Path | None, root: Path, folder: Path) -> RigFiles:
    """Return the given rig, or the one in the folder of the recording, or the one next to the recordings."""
    places = [given] if given else [place for place in (folder / RIG_FOLDER, root / RIG_FOLDER) if place.is_dir()]
    if not places:
        msg = f'{str(folder)!r} has no rig: give its folder (--rig), or put it into {str(folder / RIG_FOLDER)!r}.'
        raise TrainingError(msg)
    return RigFiles.from_folder(places[0])


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = command_parser('train import folder')
    parser.add_argument('root', type=Path, help='folder of a recording, or the parent folder of recordings')
    add_import_arguments(parser, f'{RIG_FOLDER}/ in the recording or next to it', native=False)
    parser.add_argument(
        '--depth', choices=tuple(DEFAULT_STEPS), default=MM, help='values of depth images (default: %(default)s)'
    )
    parser.add_argument(
        '--depth-steps',
        type=number(1e-6, 1e6),
        help='values per millimetre or per pixel of disparity (default: 1 for mm, 256 for disparity)',
    )
    parser.add_argument(
        '--depth-offset', type=number(0, 65_535), default=0.0, help='value of 0 mm or of disparity 0 (default: 0)'
    )
    parser.add_argument(
        '--focal-baseline',
        type=number(0, 1e6),
        default=0.0,
        metavar='PIXELS_METRES',
        help='focal length in pixels times baseline in metres: disparity becomes metres (default: relative depth)',
    )
    parser.add_argument(
        '--time-unit', choices=(*UNITS, FRAMES), default='s', help='unit of the number in file names (default: s)'
    )
    parser.add_argument('--frame-rate', type=number(1e-3, 1e4), help='images per second, for --time-unit frames')
    parser.add_argument(
        '--audio-start',
        type=number(0, MAX_START_S),
        default=0.0,
        metavar='SECONDS',
        help='time of the first audio sample on the clock of the images (default: 0)',
    )
    parser.add_argument(
        '--full-scale', type=number(1e-6, 1e10), default=1.0, help='sample value of full scale (default: 1)'
    )
    parser.add_argument(
        '--allow-missing', action='store_true', help='store zeros for microphones of the rig that have no file'
    )
    options = parser.parse_args(arguments)
    if (options.time_unit == FRAMES) != (options.frame_rate is not None):
        parser.error(f'--frame-rate and --time-unit {FRAMES} belong together: give both or neither')
    options.frame_rate = options.frame_rate or 0.0
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status: 1 if a recording could not be written."""
    return run_import(partial(import_folder, _arguments(arguments)))
