# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Import of the downloaded OAP dataset as drive files.

audio-manifold train import oap downloads/oap --out data/oap
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rich.console import Console

from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.datasets.rig_files import RigFiles
from training.importing.drive_import import ImportOptions
from training.importing.import_cli import add_import_arguments, run_import
from training.importing.oap_conversion import REASONS, OapJob, write_scene
from training.importing.oap_scene import find_scenes
from training.importing.parallel_import import import_drives
from training.importing.report import ImportReport

RIG = 'calibration/oap'
NOTES = (
    'the microphone positions are not published: the rig marks them as "unknown", and networks must learn them',
    'the depth of Monodepth2 is relative: 1 / scaled disparity, with an unknown factor to metres',
)


def import_oap(options: argparse.Namespace, console: Console) -> ImportReport:
    """Write a drive file for each scene in parallel, keep finished ones, and write the report to their folder.

    Raises:
        TrainingError: There are no scenes, a process died, or the report cannot be written.
        DatasetError: The rig cannot be read.

    """
    rows, columns = options.size
    import_options = ImportOptions(options.rate, rows, columns, options.native)
    rig = RigFiles.from_folder(options.rig or resource_path(RIG))
    jobs = {
        drive_id: OapJob(options.out / f'{drive_id}.h5', drive_id, rig, import_options, folders, options.frames)
        for drive_id, folders in find_scenes(options.root).items()
    }
    outcomes, refused = import_drives(jobs, write_scene, options.workers, console, options.scheduler)
    report = ImportReport(f'OAP in {options.root.name}', outcomes, refused, REASONS, NOTES)
    report.write(options.out)
    return report


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = command_parser('train import oap')
    parser.add_argument('root', type=Path, help='folder with scene0001, scene0002 …, or its parent')
    add_import_arguments(parser, RIG, native=True)
    parser.add_argument('--frames', type=Path, help='folder for pictures of scenes without labels, to be labelled')
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status: 1 if a scene could not be written."""
    return run_import(partial(import_oap, _arguments(arguments)))
