# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Import of the published code's HDF5 files (OAP) as drive files.

audio-manifold train import reference audio.h5 --depth disp.h5 --segmentation seg.h5 --out data/oap_reference
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rich.console import Console

from audio_manifold_ros.cli.options import RATE_LIMITS_HZ
from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.argument_types import number, whole_number
from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.modalities.registry import DEPTH, SEGMENTATION
from training.importing.import_cli import add_import_arguments, run_import
from training.importing.import_oap import RIG
from training.importing.parallel_import import import_drives
from training.importing.reference_conversion import REASONS, ReferenceJob, ReferenceOptions, write_reference
from training.importing.reference_files import AUDIO, scene_keys
from training.importing.report import ImportReport

NOTES = (
    'pictures are paired by the rule of the published code: int(time × pictures a second), at most the last picture',
    'depth is relative: 1 / scaled disparity, with an unknown factor to metres',
)


def import_reference(options: argparse.Namespace, console: Console) -> ImportReport:
    """Import the scenes of the command line and write the report.

    Raises:
        TrainingError: There is nothing to import, a process died, or the report cannot be written.
        DatasetError: The rig cannot be read.

    """
    files = {AUDIO: options.audio, DEPTH: options.depth, SEGMENTATION: options.segmentation}
    files = {kind: path for kind, path in files.items() if path is not None}
    if len(files) == 1:
        msg = 'Audio without labels is not a dataset: give --depth, --segmentation, or both.'
        raise TrainingError(msg)
    rig = RigFiles.from_folder(options.rig or resource_path(RIG))
    rows, columns = options.size
    rates = {DEPTH: options.depth_rate, SEGMENTATION: options.segmentation_rate}
    import_options = ReferenceOptions(
        options.rate, rows, columns, options.native, options.source_rate, options.full_scale, rates
    )
    jobs = {
        key: ReferenceJob(options.out / f'{key}.h5', key, rig, import_options, files)
        for key in scene_keys(options.audio)
    }
    outcomes, refused = import_drives(jobs, write_reference, options.workers, console, options.scheduler)
    report = ImportReport(f'Published code, {options.audio.name}', outcomes, refused, REASONS, NOTES)
    report.write(options.out)
    return report


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    defaults = ReferenceOptions()
    parser = command_parser('train import reference')
    parser.add_argument('audio', type=Path, help='HDF5 file with float (8, samples) for each scene')
    parser.add_argument('--depth', type=Path, help='HDF5 file with scaled disparity (pictures, 1, rows, columns)')
    parser.add_argument('--segmentation', type=Path, help='HDF5 file with encoded pictures of class ids')
    add_import_arguments(parser, RIG, native=defaults.native)
    parser.add_argument(
        '--source-rate', type=whole_number(*RATE_LIMITS_HZ), default=defaults.source_rate_hz, help='Hz (%(default)s)'
    )
    parser.add_argument(
        '--full-scale', type=number(1e-6), default=defaults.full_scale, help='sample value of full scale (%(default)s)'
    )
    for kind in (DEPTH, SEGMENTATION):
        parser.add_argument(
            f'--{kind}-rate',
            type=number(1e-3),
            default=defaults.pictures_per_s[kind],
            help='pictures a second (%(default)s)',
        )
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status: 1 if a scene could not be written."""
    return run_import(partial(import_reference, _arguments(arguments)))
