# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""MAVD as it is downloaded into drive files: in parallel, resumable, with a report of everything skipped and why.

python -m training.importing.import_mavd data/MAVD --out data/mavd --depth teachers/depth --segmentation teachers/masks
"""

from __future__ import annotations

import argparse
import sys
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
from training.importing.import_arguments import add_import_arguments
from training.importing.import_command import run_import
from training.importing.imported_labels import DEPTH, SEGMENTATION
from training.importing.mavd_conversion import PICTURE_COLUMNS, REASONS, MavdJob, MavdOptions, write_drive
from training.importing.mavd_clips import PICTURES
from training.importing.mavd_names import DRIVE
from training.importing.pool import import_drives
from training.importing.report import ImportReport

RIG = 'calibration/mavd'
NOTES = (
    'fl_rgb_depth is not used: it holds pictures coloured by depth, not depth.',
    'The radius of the microphone octagon and the camera are unknown: see the comments in the files of the rig.',
    'Each drive is a row of single seconds: train with windows of at most one second, and the image in their middle.',
)


def find_folders(roots: Sequence[Path]) -> dict[str, Path]:
    """Return the folders of drives by drive id: those given, and those in the folders given.

    Raises:
        TrainingError: There is none, or two are called the same.

    """
    folders = []
    for root in roots:
        inside = sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
        folders += [path for path in (root.absolute(), *inside) if DRIVE.fullmatch(path.name)]
    if not folders:
        msg = f'{[str(root) for root in roots]} hold no drive_day_… or drive_night_…: give the folder of MAVD.'
        raise TrainingError(msg)
    repeated = [name for name, count in Counter(path.name for path in folders).items() if count > 1]
    if repeated:
        msg = f'Several folders are called {repeated[:5]}: they would become one drive. Give each once.'
        raise TrainingError(msg)
    return {path.name: path for path in folders}


def import_mavd(options: argparse.Namespace, console: Console) -> ImportReport:
    """Import what the command line names, and write the report.

    Raises:
        TrainingError: There is nothing to import, or a process died.
        DatasetError: The rig cannot be read.

    """
    rig = RigFiles.from_folder(options.rig or resource_path(RIG))
    first, end = options.columns
    if not first < end <= PICTURE_COLUMNS:
        msg = f'--columns {first} {end}: give the first and one past the last of {PICTURE_COLUMNS} columns.'
        raise TrainingError(msg)
    rows, columns = options.size
    import_options = MavdOptions(options.rate, rows, columns, (first, end), options.files_show_crop, options.native)
    folders = find_folders(options.roots)
    jobs = {
        drive_id: MavdJob(folder, options.out, _label_folders(folder, options), rig, import_options)
        for drive_id, folder in folders.items()
    }
    outcomes, refused = import_drives(jobs, write_drive, options.workers, console)
    report = ImportReport('MAVD', outcomes, refused, REASONS, NOTES)
    report.write(options.out)
    return report


def _label_folders(folder: Path, options: argparse.Namespace) -> dict[str, Path]:
    """Return where each modality's truth of a drive lies: in the folder given for it, else beside the pictures."""
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
        help='of the pictures, those that the images show (%(default)s)',
    )
    parser.add_argument(
        '--files-show-crop', action='store_true', help='*_disp.npy and *_mask.png show these columns, not all'
    )
    add_import_arguments(parser, RIG, native=False)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 1 if a drive could not be written."""
    return run_import(partial(import_mavd, _arguments(arguments)))


if __name__ == '__main__':
    sys.exit(main())
