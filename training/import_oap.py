# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Write the scenes of OAP, as they were downloaded, as drive files.

python -m training.import_oap downloads/oap --out data/oap
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from audio_manifold_ros.datasets.errors import DatasetError
from audio_manifold_ros.datasets.rig_text import RigText
from audio_manifold_ros.resources import resource_path
from training.errors import TrainingError
from training.importing.arguments import add_import_arguments
from training.importing.oap_drive import REASONS, OapJob, OapOptions, write_scene
from training.importing.oap_scene import find_scenes
from training.importing.pool import import_drives
from training.importing.report import ImportReport

RIG = 'calibration/oap'
NOTES = (
    'where the ears sit is not published: the rig says "unknown", and networks must learn it',
    'depth of Monodepth2 is relative: 1 / scaled disparity, its factor to metres unknown',
)


def import_oap(
    root: Path, out: Path, rig: RigText, options: OapOptions, *, frames: Path | None, workers: int, console: Console
) -> ImportReport:
    """Write a drive file for each scene, in parallel, keeping those that are finished, and the report beside them.

    Args:
        root: Folder of the scenes, or the one above it.
        out: Folder of the drives.
        rig: The ears.
        options: How.
        frames: Folder for pictures out of the videos of scenes without truth; None leaves them where they are.
        workers: Processes.
        console: Where the bar is drawn.

    Raises:
        TrainingError: There are no scenes, a process died, or the report cannot be written.

    """
    jobs = {
        drive_id: OapJob(folders, out / f'{drive_id}.h5', rig, options, frames)
        for drive_id, folders in find_scenes(root).items()
    }
    outcomes, refused = import_drives(jobs, write_scene, workers, console)
    report = ImportReport(f'OAP in {root.name}', outcomes, refused, REASONS, NOTES)
    report.write(out)
    return report


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='python -m training.import_oap', description='Turn OAP into drives.')
    parser.add_argument('root', type=Path, help='folder with scene0001, scene0002 …, or the one above it')
    add_import_arguments(parser, RIG, native=True)
    parser.add_argument('--frames', type=Path, help='folder for pictures of scenes without truth, to be labelled')
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 1 if a scene could not be written."""
    given = _arguments(arguments)
    console = Console(stderr=True)
    rows, columns = given.size
    options = OapOptions(given.rate, rows, columns, given.native)
    try:
        rig = RigText.from_folder(given.rig or resource_path(RIG))
        report = import_oap(
            given.root, given.out, rig, options, frames=given.frames, workers=given.workers, console=console
        )
    except (TrainingError, DatasetError) as error:
        console.print(f'[red]{type(error).__name__}[/red]: {error}', highlight=False, soft_wrap=True)
        return 1
    console.print(report.text(), highlight=False, markup=False, soft_wrap=True)
    return 1 if report.refused else 0


if __name__ == '__main__':
    sys.exit(main())
