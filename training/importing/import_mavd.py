# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Import of the downloaded MAVD dataset as drive files: parallel, resumable, with a report of what was skipped and why.

audio-manifold train import mavd data/MAVD --out data/mavd --depth teachers/depth --segmentation teachers/masks
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rich.console import Console

from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.argument_types import whole_number
from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.datasets.label_file import label_folder
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.modalities.registry import DEPTH, SEGMENTATION
from training.importing.import_cli import add_import_arguments, run_import
from training.importing.mavd_clips import PICTURES
from training.importing.mavd_conversion import PICTURE_COLUMNS, REASONS, MavdJob, MavdOptions, write_drive
from training.importing.mavd_names import DRIVE
from training.importing.parallel_import import import_drives
from training.importing.report import ImportReport

RIG = 'calibration/mavd'
NOTES = (
    'fl_rgb_depth is not used: it contains pictures coloured by depth, not depth.',
    'The radius of the microphone octagon and the camera are unknown: see the comments in the files of the rig.',
    'Each drive is a sequence of single seconds: train with windows of at most one second and frame position 0.5.',
)


def find_folders(roots: Sequence[Path]) -> dict[str, Path]:
    """Return the drive folders by drive id: the given folders and those directly below them.

    Raises:
        TrainingError: There is no drive, or two have the same name.

    """
    folders = []
    for root in roots:
        inside = sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
        folders += [path for path in (root.absolute(), *inside) if DRIVE.fullmatch(path.name)]
    if not folders:
        msg = f'{[str(root) for root in roots]} contain no drive_day_… or drive_night_…: give the folder of MAVD.'
        raise TrainingError(msg)
    repeated = [name for name, count in Counter(path.name for path in folders).items() if count > 1]
    if repeated:
        msg = f'Several folders are named {repeated[:5]}: they would become one drive. Give each once.'
        raise TrainingError(msg)
    return {path.name: path for path in folders}


def import_mavd(options: argparse.Namespace, console: Console) -> ImportReport:
    """Import the drives of the command line and write the report.

    Raises:
        TrainingError: There is nothing to import, or a process died.
        DatasetError: The rig cannot be read.

    """
    rig = RigFiles.from_folder(options.rig or resource_path(RIG))
    first, end = options.columns
    if not first < end <= PICTURE_COLUMNS:
        msg = f'--columns {first} {end}: give the first column and one past the last, of {PICTURE_COLUMNS}.'
        raise TrainingError(msg)
    rows, columns = options.size
    import_options = MavdOptions(options.rate, rows, columns, options.native, (first, end), options.files_show_crop)
    folders = find_folders(options.roots)
    jobs = {
        drive_id: MavdJob(
            options.out / f'{drive_id}.h5', drive_id, rig, import_options, folder, _label_folders(folder, options)
        )
        for drive_id, folder in folders.items()
    }
    outcomes, refused = import_drives(jobs, write_drive, options.workers, console, options.scheduler)
    report = ImportReport('MAVD', outcomes, refused, REASONS, NOTES)
    report.write(options.out)
    return report


def _label_folders(folder: Path, options: argparse.Namespace) -> dict[str, Path]:
    """Return the label folder of each modality: the one from the command line, or the default next to the pictures."""
    given = {DEPTH: options.depth, SEGMENTATION: options.segmentation}
    default_folder = label_folder(folder / PICTURES)
    return {modality: default_folder if root is None else root / folder.name for modality, root in given.items()}


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = command_parser('train import mavd')
    parser.add_argument('roots', type=Path, nargs='+', metavar='ROOT', help='the folder of MAVD, or single drives')
    where = 'folder with a folder for each drive (default: fl_rgb.labels in the drive, by training.labelling.label)'
    parser.add_argument('--depth', type=Path, metavar='FOLDER', help=f'depth.h5 or *_disp.npy: {where}')
    parser.add_argument('--segmentation', type=Path, metavar='FOLDER', help=f'segmentation.h5 or *_mask.png: {where}')
    parser.add_argument(
        '--columns',
        type=whole_number(0),
        nargs=2,
        default=MavdOptions.picture_columns,
        metavar=('FIRST', 'END'),
        help='column range of the pictures that the images show (%(default)s)',
    )
    parser.add_argument(
        '--files-show-crop', action='store_true', help='*_disp.npy and *_mask.png show these columns only'
    )
    add_import_arguments(parser, RIG, native=False)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status: 1 if a drive could not be written."""
    return run_import(partial(import_mavd, _arguments(arguments)))
