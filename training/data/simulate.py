# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Simulation of training drives: one file per street, in parallel processes, resumable.

audio-manifold train simulate --drives 5000 --first-seed 0 --seconds 2 --out data/street
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from audio_manifold_ros import __version__
from audio_manifold_ros.cli.console import print_error
from audio_manifold_ros.cli.options import (
    add_drives_output_option,
    add_rig_option,
    add_scheduler_option,
    add_trunk_echoes_option,
    add_workers_option,
)
from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.argument_types import number, whole_number
from audio_manifold_ros.common.errors import AudioManifoldError
from audio_manifold_ros.common.files import write_json_atomic
from audio_manifold_ros.common.pcm16 import float_to_int16
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.datasets.drive_checksum import ChecksumHeader, read_checksum_header
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.datasets.drive_writer import DriveWriter
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.datasets.splits import check_training_seed
from audio_manifold_ros.processes.spread_work import spread
from audio_manifold_ros.rig.camera import CameraModel
from audio_manifold_ros.rig.extrinsics import Extrinsics
from audio_manifold_ros.rig.rig import MicrophoneArray
from audio_manifold_ros.simulation.drive import SIMULATOR_VERSION, Drive, street_start_ns
from audio_manifold_ros.simulation.random_rig import STREETS_PER_RIG, random_rig
from audio_manifold_ros.simulation.rig_parts import RIG, RigParts, load_rig
from training.data.simulation_settings import (
    NOISE_KEY,
    RANDOM_RIGS,
    TRUNK_ECHOES_KEY,
    RigChoice,
    SimulationSettings,
    check_corpus_sound,
    sound_provenance,
)

FOLDER_DRIVES = 1000
MANIFEST_FORMAT = 'audio_manifold_ros simulated corpus'
VERSION_KEY = 'simulator_version'
# Version of drives without this key.
FIRST_VERSION = 1


@dataclass(frozen=True)
class SimulatedFile:
    """Entry of the manifest: path of the drive relative to the dataset, seed, number of windows, size and checksum."""

    path: str
    seed: int
    windows: int
    bytes: int
    sha256: str


def drive_path(folder: Path, seed: int) -> Path:
    """Return the path of the drive of a street: a thousand drives in each subfolder."""
    return folder / f'{seed // FOLDER_DRIVES:04d}' / f'street_{seed:07d}.h5'


def write_drive(
    folder: Path,
    seed: int,
    seconds: int,
    frame_position: float = 0.5,
    rig: RigChoice = None,
    noise_seed: int = 0,
    *,
    trunk_echoes: bool = False,
) -> SimulatedFile:
    """Simulate one street and write its drive, unless a complete drive of an equal simulation exists.

    A simulation is equal if simulator version, rig, noise seed and echoes are equal. Comments in the rig files do not
    count. There is an image every second at the frame position: at 0.5, 1.5, … s for 0.5, the centre of each one-second
    window, or at 1, 2, … s for 1, its newest sample.

    Args:
        folder: Folder of the dataset.
        seed: Seed of the street.
        seconds: Duration of the drive.
        frame_position: Position of each image in its second.
        rig: Folder of the rig, `RANDOM_RIGS`, or parts of a rig. None is the roof octagon.
        noise_seed: Seed of the noise of all sources. 0 is the noise of all drives of a training.
        trunk_echoes: Trunks and poles reflect sound.

    Raises:
        DatasetError: The file cannot be written.
        SimulationError: The street cannot be simulated, or not with this rig.
        RigError: The rig cannot be read.

    """
    path = drive_path(folder, seed)
    times_s = tuple(second + frame_position for second in range(seconds))
    parts = _parts(rig, seed)
    files = rig_files(rig) if isinstance(rig, RigParts) else _files(rig, seed // STREETS_PER_RIG)
    sound = sound_provenance(noise_seed, trunk_echoes=trunk_echoes)
    existing = _existing(path, times_s, files, sound)
    checksum_header = existing or _simulate(path, seed, times_s, parts, files, sound)
    return SimulatedFile(
        path.relative_to(folder).as_posix(), seed, seconds, checksum_header.total_bytes, checksum_header.sha256
    )


def write_dataset(
    folder: Path,
    seeds: range,
    settings: SimulationSettings,
    workers: int,
    console: Console,
    scheduler: str | None = None,
) -> list[SimulatedFile]:
    """Write the drives of many streets in parallel (see `spread`) with a progress bar, and `manifest.json` at the end.

    Raises:
        DatasetError: A seed is reserved for demonstrations, the folder contains drives with another choice of echoes,
            or a drive cannot be written.
        ProcessError: A street has ended several processes, or the scheduler cannot be used. Finished drives are kept.
        RigError: The rig cannot be read.

    """
    _files(settings.rig, seeds.start // STREETS_PER_RIG)
    check_training_seed(seeds.start)
    check_training_seed(seeds.stop - 1)
    check_corpus_sound(folder, trunk_echoes=settings.trunk_echoes)
    folder.mkdir(parents=True, exist_ok=True)
    columns = (
        TextColumn('streets'),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn('{task.fields[rate]} /s'),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    written = []
    with Progress(*columns, console=console) as progress:
        task = progress.add_task('streets', total=len(seeds), rate='–')
        for drive in _spread_streets(folder, seeds, settings, workers, scheduler):
            written.append(drive)
            elapsed_s = progress.tasks[task].elapsed or 0.0
            rate = f'{len(written) / elapsed_s:.1f}' if elapsed_s else '–'
            progress.update(task, advance=1, rate=rate)
    written.sort(key=lambda drive: drive.seed)
    _write_manifest(folder, written, settings)
    return written


def _spread_streets(
    folder: Path, seeds: range, settings: SimulationSettings, workers: int, scheduler: str | None
) -> Iterator[SimulatedFile]:
    # A process keeps the noise fields of an array, so the streets of one random rig are one job. With one street in a
    # job, the scheduler of a cluster would be busy with 30 processes.
    size = STREETS_PER_RIG if settings.rig == RANDOM_RIGS or scheduler else 1
    edges = range(seeds.start - seeds.start % size, seeds.stop, size)
    parts = [range(max(edge, seeds.start), min(edge + size, seeds.stop)) for edge in edges]
    for _, written in spread(partial(_write_drives, folder.absolute(), settings), parts, workers, scheduler):
        yield from written


def _write_drives(folder: Path, settings: SimulationSettings, seeds: range) -> list[SimulatedFile]:
    return [
        write_drive(
            folder,
            seed,
            settings.seconds,
            settings.frame_position,
            settings.rig,
            trunk_echoes=settings.trunk_echoes,
        )
        for seed in seeds
    ]


def _existing(
    path: Path, times_s: Sequence[float], rig: RigFiles, sound: Mapping[str, object]
) -> ChecksumHeader | None:
    try:
        with DriveReader(path, verify=True) as drive:
            expected_samples = [round(time_s * drive.sample_rate_hz) for time_s in times_s]
            same = (
                drive.image_samples.tolist() == expected_samples
                and drive.provenance.get(VERSION_KEY, FIRST_VERSION) == SIMULATOR_VERSION
                and all(drive.provenance.get(key) == sound.get(key) for key in (NOISE_KEY, TRUNK_ECHOES_KEY))
                and _simulated_parts(drive.rig) == _simulated_parts(rig)
            )
            return drive.checksum_header if same else None
    except AudioManifoldError:
        return None


@lru_cache(maxsize=8)
def _simulated_parts(rig: RigFiles) -> tuple[MicrophoneArray, CameraModel, Extrinsics]:
    """Return the parts of a rig that the simulator uses."""
    return (
        rig.array(),
        CameraModel.from_text(rig.camera, 'camera.yaml'),
        Extrinsics.from_text(rig.extrinsics, 'extrinsics.yaml'),
    )


def _simulate(
    path: Path, seed: int, times_s: Sequence[float], parts: RigParts, files: RigFiles, sound: Mapping[str, Any]
) -> ChecksumHeader:
    seconds = len(times_s)
    drive = Drive(seed, parts, float(seconds), **sound)
    rate_hz = drive.sample_rate_hz
    provenance = {
        'origin': 'simulation',
        'seed': seed,
        'software': f'audio_manifold_ros {__version__}',
        VERSION_KEY: SIMULATOR_VERSION,
        **sound,
    }
    writer = DriveWriter(
        path,
        drive_id=path.stem,
        rig=files,
        sample_rate_hz=rate_hz,
        channels=len(drive.array.microphones),
        provenance=provenance,
    )
    with writer:
        # The channels of the simulated device are in the order of the microphone array.
        samples = float_to_int16(drive.audio(0, seconds * rate_hz))
        writer.add_audio(samples, 0)
        for time_s in times_s:
            depth_m, labels = drive.image(time_s)
            stamp_ns = street_start_ns(seed) + round(time_s * NS_PER_S)
            writer.add_image(round(time_s * rate_hz), depth_m.astype(np.float16), labels, stamp_ns=stamp_ns)
            writer.add_vehicles(drive.vehicles(time_s))
    return read_checksum_header(path, verify=False)


def _parts(rig: RigChoice, seed: int) -> RigParts:
    if isinstance(rig, RigParts):
        return rig
    return random_rig(seed) if rig == RANDOM_RIGS else load_rig(None if rig is None else Path(rig))


@lru_cache(maxsize=8)
def _files(rig: Path | str | None, group: int) -> RigFiles:
    """Return the files of the rig of a group of `STREETS_PER_RIG` streets. A folder's files keep their comments."""
    if rig == RANDOM_RIGS:
        return rig_files(random_rig(group * STREETS_PER_RIG))
    return RigFiles.from_folder(rig or resource_path(RIG))


def rig_files(parts: RigParts) -> RigFiles:
    """Return the files that state a rig."""
    return RigFiles(parts.array.to_text(), parts.camera.to_text(), parts.extrinsics.to_text())


def _write_manifest(folder: Path, written: list[SimulatedFile], settings: SimulationSettings) -> None:
    # Random rigs have no common geometry.
    rig = settings.rig
    geometry = {} if rig == RANDOM_RIGS else {'geometry_sha256': _parts(rig, 0).array.geometry_sha256()}
    manifest = {
        'format': MANIFEST_FORMAT,
        'version': 1,
        'software': f'audio_manifold_ros {__version__}',
        VERSION_KEY: SIMULATOR_VERSION,
        **sound_provenance(0, trunk_echoes=settings.trunk_echoes),
        'seconds_per_drive': settings.seconds,
        'windows': sum(drive.windows for drive in written),
        **geometry,
        'drives': [asdict(drive) for drive in written],
    }
    write_json_atomic(folder / 'manifest.json', manifest, sort_keys=False)


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = command_parser('train simulate')
    parser.add_argument('--drives', type=whole_number(1), required=True, help='how many streets')
    parser.add_argument('--first-seed', type=int, default=0, help='seed of the first street')
    parser.add_argument('--seconds', type=whole_number(1), default=2, help='length of each drive')
    parser.add_argument(
        '--frame-position',
        type=number(0, 1),
        default=0.5,
        help='of each image in its second: 0.5 centre, 1 newest sample',
    )
    add_drives_output_option(parser)
    rigs = parser.add_mutually_exclusive_group()
    add_rig_option(rigs)
    rigs.add_argument(
        '--rigs',
        choices=[RANDOM_RIGS],
        help=f'another random array of 4 to 16 microphones and another camera every {STREETS_PER_RIG} streets',
    )
    add_trunk_echoes_option(parser)
    add_workers_option(parser)
    add_scheduler_option(parser)
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; returns the exit status."""
    options = _arguments(arguments)
    console = Console(stderr=True)
    seeds = range(options.first_seed, options.first_seed + options.drives)
    try:
        settings = SimulationSettings(
            options.seconds, options.frame_position, options.rigs or options.rig, options.trunk_echoes
        )
        written = write_dataset(options.out, seeds, settings, options.workers, console, options.scheduler)
    except AudioManifoldError as error:
        print_error(console, error)
        return 1
    console.print(f'{len(written)} drives, {sum(drive.bytes for drive in written) / 1e6:.0f} MB in {options.out}')
    return 0
