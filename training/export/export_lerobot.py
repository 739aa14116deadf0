# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Export of drives as a LeRobotDataset v3, which robot-learning tools read.

A frame is one image instant. Its audio is the part of the recording from half an interval before the image to half an
interval after it, so that the audio of consecutive frames is the recording without gaps and overlaps. An episode is a
run of images at the frame rate with recorded audio.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.progress import track

from audio_manifold_ros.cli.console import print_error
from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.errors import AudioManifoldError, TrainingError, reraise_file_errors
from audio_manifold_ros.common.files import write_json_atomic
from audio_manifold_ros.common.pcm16 import float_to_int16
from audio_manifold_ros.datasets.drive_reader import DriveReader
from training.data.window_dataset import find_drives

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from training.export.lerobot_writer import Feature

AUDIO, DEPTH, LABELS, STAMP = (f'observation.{name}' for name in ('audio', 'depth', 'class_ids', 'stamp_ns'))
TASK = 'Predict depth and classes of the scene from sound.'
# Largest deviation of an image from the frame rate, in intervals.
TOLERANCE = 0.1
SIDE_FILE = 'meta/audio_manifold.json'


def export_drives(drives: Mapping[str, Path], folder: Path) -> int:
    """Write a dataset from drives with the same rate of images and audio, and return the number of episodes.

    Args:
        drives: Drive files by drive id.
        folder: New folder of the dataset.

    Raises:
        TrainingError: The folder exists, pyarrow is missing, the drives do not fit together, or have no frames.
        DatasetError: A drive is damaged.

    """
    if folder.exists():
        msg = f'{folder} exists: give a new folder.'
        raise TrainingError(msg)
    writer_module = _import_writer()
    with DriveReader(next(iter(drives.values()))) as first:
        sample_rate_hz, interval = first.sample_rate_hz, _interval(first)
        features = _features(writer_module.Feature, first, interval)
        robot_type, depth_unit = first.array.array_id, first.attributes.depth_unit
    rigs: dict[str, dict[str, str]] = {}
    fps = round(sample_rate_hz / interval)
    with reraise_file_errors(TrainingError, 'write', folder, 'Check space and permissions.'):
        with writer_module.LeRobotWriter(folder, fps, features, TASK, robot_type) as writer:
            for drive_id, path in track(drives.items(), 'drives', console=Console(stderr=True)):
                with DriveReader(path) as drive:
                    _check_drive(drive, sample_rate_hz, interval, features)
                    array_sha256 = drive.array.geometry_sha256()
                    rigs[array_sha256] = dict(drive.rig.texts())
                    for images in _runs(drive, interval):
                        columns = _columns(drive, images, interval, features)
                        writer.add_episode(columns, drive_id=drive_id, rig_sha256=array_sha256)
            if not writer.episodes:
                msg = f'No image of the {len(drives)} drives has {interval} samples around it: give other drives.'
                raise TrainingError(msg)
        side = {
            'sample_rate_hz': sample_rate_hz,
            'audio': 'int16, full scale 32768, corrected by the rig',
            'depth_unit': depth_unit,
            'rigs': rigs,
        }
        write_json_atomic(folder / SIDE_FILE, side)
        episodes: int = writer.episodes
    return episodes


def _import_writer() -> Any:
    try:
        from training.export import lerobot_writer
    except ImportError as error:
        msg = f'The export needs pyarrow ({error}): install requirements/train.txt.'
        raise TrainingError(msg) from None
    return lerobot_writer


def _interval(drive: DriveReader) -> int:
    """Return the number of samples from image to image: a whole number of frames per second, at least 1."""
    steps = np.diff(drive.image_samples)
    interval = int(np.median(steps)) if len(steps) else drive.sample_rate_hz
    fps = round(drive.sample_rate_hz / max(interval, 1))
    if fps < 1 or abs(drive.sample_rate_hz / fps - interval) > TOLERANCE * interval:
        msg = (
            f'{drive.path} has an image every {interval / drive.sample_rate_hz:.3f} s: a LeRobotDataset needs a whole '
            'number of frames per second. Convert the recordings with another image rate.'
        )
        raise TrainingError(msg)
    return drive.sample_rate_hz // fps


def _features(feature: type[Feature], drive: DriveReader, interval: int) -> dict[str, Feature]:
    found = {
        AUDIO: feature('int16', (len(drive.array.microphones), interval), ('microphone', 'sample')),
        STAMP: feature('int64', (1,), ('stamp_ns',)),
    }
    if drive.has_depth:
        found[DEPTH] = feature('float32', drive.depth_m(0).shape, ('row', 'column'))
    if drive.has_labels:
        found[LABELS] = feature('uint8', drive.labels(0).shape, ('row', 'column'))
    return found


def _check_drive(drive: DriveReader, sample_rate_hz: int, interval: int, features: Mapping[str, Feature]) -> None:
    """Refuse a drive whose frames would differ from those of the first one."""
    found = (drive.sample_rate_hz, _interval(drive), len(drive.array.microphones), drive.has_depth, drive.has_labels)
    expected = (sample_rate_hz, interval, features[AUDIO].shape[0], DEPTH in features, LABELS in features)
    names = ('sample rate in Hz', 'samples between images', 'microphones', 'depth', 'labels')
    for name, value, wanted in zip(names, found, expected, strict=True):
        if value != wanted:
            msg = f'{drive.path} has {name} {value!r}, the first drive {wanted!r}: export such drives separately.'
            raise TrainingError(msg)


def _runs(drive: DriveReader, interval: int) -> Iterator[NDArray[np.int64]]:
    """Yield the indices of consecutive images that are an interval apart and have recorded audio around them."""
    first = drive.image_samples - interval // 2 - drive.correction.before
    end = drive.image_samples - interval // 2 + interval + drive.correction.after
    recorded = (first >= drive.first_sample) & (end <= drive.end_sample)
    for gap_first, gap_end in drive.gaps.tolist():
        recorded &= (gap_first >= end) | (gap_end <= first)
    images = np.flatnonzero(recorded)
    steps = np.diff(drive.image_samples[images])
    breaks = (np.abs(steps - interval) > TOLERANCE * interval) | (np.diff(images) != 1)
    yield from (run for run in np.split(images, np.flatnonzero(breaks) + 1) if len(run))


def _columns(
    drive: DriveReader, images: NDArray[np.int64], interval: int, features: Mapping[str, Feature]
) -> dict[str, NDArray[Any]]:
    starts = drive.image_samples[images] - interval // 2
    columns: dict[str, NDArray[Any]] = {
        AUDIO: np.stack([float_to_int16(drive.samples(int(start), interval)) for start in starts]),
        STAMP: drive.image_stamps_ns[images].astype(np.int64),
    }
    # Readers of the format refuse NaN.
    readers: dict[str, Callable[[int], NDArray[Any]]] = {
        DEPTH: lambda image: np.nan_to_num(drive.depth_m(image), nan=0.0),
        LABELS: drive.labels,
    }
    return columns | {
        name: np.stack([read(int(image)) for image in images]) for name, read in readers.items() if name in features
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit status."""
    parser = command_parser('train export-lerobot')
    parser.add_argument('drives', type=Path, help='folder with drive files (*.h5)')
    parser.add_argument('--out', type=Path, required=True, help='new folder of the dataset')
    options = parser.parse_args(arguments)
    try:
        episodes = export_drives(find_drives(options.drives), options.out)
    except (AudioManifoldError, OSError) as error:
        print_error(Console(stderr=True), error)
        return 1
    print(f'{options.out}: {episodes} episodes', file=sys.stdout)
    return 0
