# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Command line that converts bags into drive files, each with a record of the conversion.

bag_to_dataset drives/2026_11_20 drives/2026_11_21 --out data/town
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from audio_manifold_ros.bags.conversion.conversion_record import (
    ConversionOptions,
    write_manifest,
)
from audio_manifold_ros.bags.decoding.audio_format_argument import add_audio_format_argument
from audio_manifold_ros.cli.console import SafeConsole, print_error, print_problem
from audio_manifold_ros.cli.options import (
    add_bags_argument,
    add_drive_format_options,
    add_drives_output_option,
    add_scheduler_option,
    add_workers_option,
)
from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.errors import AudioManifoldError
from audio_manifold_ros.datasets.label_file import exclude_label_folders
from audio_manifold_ros.datasets.rig_files import RigFiles


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = command_parser('bag convert')
    add_bags_argument(parser)
    add_drives_output_option(parser)
    parser.add_argument('--rig', type=Path, help='folder of the rig (default: the rig stored in the bag)')
    add_drive_format_options(parser)
    for kind, standard in (('audio', 'audio'), ('depth', 'truth/depth/image'), ('labels', 'truth/segmentation/image')):
        parser.add_argument(f'--{kind}', default='', metavar='TOPIC', help=f'topic of the {kind}, such as {standard}')
    parser.add_argument(
        '--reference', default='', metavar='TOPIC', help='images whose stamps are used (default: depth, else labels)'
    )
    parser.add_argument(
        '--tolerance',
        type=float,
        default=0.02,
        help='largest distance of depth and labels from the reference in s (%(default)s)',
    )
    add_audio_format_argument(parser)
    add_workers_option(parser)
    add_scheduler_option(parser)
    return parser.parse_args(arguments)


def _options(given: argparse.Namespace) -> ConversionOptions:
    rows, columns = given.size
    return ConversionOptions(
        sample_rate_hz=given.rate,
        rows=rows,
        columns=columns,
        audio=given.audio,
        depth=given.depth,
        labels=given.labels,
        reference=given.reference,
        tolerance_s=given.tolerance,
        stated=given.stated,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line. Return the exit status: 1 if a bag could not be converted, otherwise 0."""
    from audio_manifold_ros.bags.conversion.parallel_conversion import convert_bags

    given = _arguments(arguments)
    console = SafeConsole(stderr=True)
    try:
        options = _options(given)
        rig = None if given.rig is None else RigFiles.from_folder(given.rig)
        outcome = convert_bags(
            exclude_label_folders(given.bags), given.out, rig, options, given.workers, given.scheduler, console
        )
        if outcome.converted:
            write_manifest(given.out)
    except AudioManifoldError as error:
        print_error(console, error)
        return 1
    for bag, problem in outcome.failures:
        print_problem(console, '✗', 'red', f'{bag}: {problem}')
    for done in outcome.converted:
        if done.record['rig'].get('mismatch'):
            print_problem(console, '!', 'yellow', f'{done.path.name}: {done.record["rig"]["mismatch"]}')
    images = sum(done.record['images']['kept'] for done in outcome.converted)
    console.print(f'{len(outcome.converted)} drives with {images} images in {given.out}', highlight=False)
    return 1 if outcome.failures else 0
