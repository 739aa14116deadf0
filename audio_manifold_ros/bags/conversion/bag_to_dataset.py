# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bags into datasets: one drive file for each, atomic, resumable, with a record of what became of everything.

bag_to_dataset drives/2026_11_20 drives/2026_11_21 --out data/town
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from audio_manifold_ros.bags.conversion.camera_images import LABEL_FILES
from audio_manifold_ros.bags.conversion.conversion import (
    ConversionOptions,
    ConversionResult,
    build_request,
    find_finished,
    write_manifest,
    write_record,
)
from audio_manifold_ros.bags.conversion.drive_conversion import Advance, DriveConversion
from audio_manifold_ros.bags.decoding.audio_format_argument import add_audio_format_argument
from audio_manifold_ros.bags.decoding.bag_rig import read_run_metadata
from audio_manifold_ros.bags.decoding.rig_mismatch import rig_warning
from audio_manifold_ros.bags.decoding.run_metadata import rig_sha256
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.bags.storage.content_hash import bag_sha256, files_sha256
from audio_manifold_ros.cli.options import (
    add_bags_argument,
    add_drive_format_options,
    add_drives_output_option,
    add_workers_option,
)
from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.errors import AudioManifoldError, BagError
from audio_manifold_ros.datasets.drive_checksum import read_checksum_header
from audio_manifold_ros.datasets.label_file import exclude_label_folders, label_folder
from audio_manifold_ros.datasets.rig_files import RigFiles


def convert_bag(
    bag: Path, out: Path, rig: RigFiles | None, options: ConversionOptions, advance: Advance = lambda _: None
) -> ConversionResult:
    """Make a drive of a bag, `OUT/NAME.h5`, with its record beside it, unless the same drive is there, whole.

    Args:
        bag: A rosbag2 folder, or a bare file.
        out: Folder of the drives.
        rig: The rig; None takes what the recorder put into the bag.
        options: How.
        advance: Called with nanoseconds of recording done since the last call; each is done twice, heard and seen.

    Raises:
        BagError: The bag is damaged, or cannot become a drive.
        DatasetError: The drive cannot be written.
        RigError: The rig makes no sense.

    """
    path = out / f'{drive_id_of(bag)}.h5'
    with BagReader(bag) as reader:
        found = _find_rig(reader) if rig is None else rig
        request = build_request(bag_sha256(bag), rig_sha256(found), options, _labels_sha256(bag))
        record = find_finished(path, request)
        if record is not None:
            advance(2 * (reader.end_ns - reader.start_ns))
            return ConversionResult(path, record, reused=True)
        facts = DriveConversion(reader, bag, found, options, advance).write(path, request)
        facts['rig'] |= {'from_bag': rig is None, 'mismatch': '' if rig is None else rig_warning(reader, rig)}
    return ConversionResult(
        path, write_record(path, read_checksum_header(path, verify=False), request, facts), reused=False
    )


def drive_id_of(bag: Path) -> str:
    """Return the name of a bag's drive: that of its folder, or of its file."""
    path = bag.resolve()
    path = path.parent if path.name == 'metadata.yaml' else path
    return path.name if path.is_dir() else path.stem


def _find_rig(reader: BagReader) -> RigFiles:
    metadata = read_run_metadata(reader)
    if metadata is None or metadata.rig is None:
        msg = f'{reader.path}: says nothing of its rig: name the folder of the rig that recorded it (--rig).'
        raise BagError(msg)
    return metadata.rig


def _labels_sha256(bag: Path) -> dict[str, str]:
    files = {file: label_folder(bag) / file for file in LABEL_FILES.values()}
    return {file: files_sha256((path,)) for file, path in files.items() if path.exists()}


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = command_parser('bag convert')
    add_bags_argument(parser)
    add_drives_output_option(parser)
    parser.add_argument('--rig', type=Path, help='folder of the rig (default: what the recorder put into the bag)')
    add_drive_format_options(parser)
    for kind, standard in (('audio', 'audio'), ('depth', 'truth/depth/image'), ('labels', 'truth/segmentation/image')):
        parser.add_argument(f'--{kind}', default='', metavar='TOPIC', help=f'topic of the {kind}, such as {standard}')
    parser.add_argument(
        '--reference', default='', metavar='TOPIC', help='images whose stamps count (default: depth, else labels)'
    )
    parser.add_argument(
        '--tolerance', type=float, default=0.02, help='s that depth and labels may be off the reference (%(default)s)'
    )
    add_audio_format_argument(parser)
    add_workers_option(parser)
    parser.add_argument('--scheduler', help='address of a Dask scheduler (default: processes of this machine)')
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
    """Run from the command line; 1 if a bag could not be converted."""
    from audio_manifold_ros.bags.conversion.conversion_pool import convert_bags

    given = _arguments(arguments)
    console = Console(stderr=True)
    try:
        options = _options(given)
        rig = None if given.rig is None else RigFiles.from_folder(given.rig)
        outcome = convert_bags(
            exclude_label_folders(given.bags), given.out, rig, options, given.workers, given.scheduler, console
        )
        if outcome.converted:
            write_manifest(given.out)
    except AudioManifoldError as error:
        console.print(f'[red]{type(error).__name__}[/red]: {error}')
        return 1
    for bag, problem in outcome.failures:
        console.print(f'[red]✗[/red] {bag}: {problem}', highlight=False)
    for done in outcome.converted:
        if done.record['rig'].get('mismatch'):
            console.print(f'[yellow]![/yellow] {done.path.name}: {done.record["rig"]["mismatch"]}', highlight=False)
    images = sum(done.record['images']['kept'] for done in outcome.converted)
    console.print(f'{len(outcome.converted)} drives with {images} images in {given.out}', highlight=False)
    return 1 if outcome.failures else 0


if __name__ == '__main__':
    sys.exit(main())
