# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Shard of the window cache: the windows of some drives as memory-mapped arrays."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from audio_manifold_ros.camera_prior.camera_view import CameraView
from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.json_text import read_json
from audio_manifold_ros.common.schema import from_plain
from audio_manifold_ros.datasets.drive_checksum import read_checksum_header
from audio_manifold_ros.features.batch_features import window_features
from audio_manifold_ros.modalities.registry import STORED_MODALITIES
from training.data.left_out_microphones import sample_active
from training.data.vehicle_arrays import AZIMUTHS, VEHICLES, to_row
from training.data.window_dataset import WindowDataset

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence

    from numpy.typing import NDArray

    from audio_manifold_ros.common.array_types import Mask
    from training.config.data_configuration import DataConfig
    from training.data.window_dataset import WindowItem

CACHE_VERSION = 4
CONTENTS_FILE = 'contents.json'
INT16_PEAK = 32_767


@dataclass(frozen=True)
class ShardContents:
    """Description of the arrays of a shard.

    Attributes:
        drive_ids: Drive id of each window.
        stamps_ns: Image time of each window in ns.
        geometry_sha256: Hash of the microphone array of the drives.
        depth_unit: `m` or `relative`. Empty without depth.
        lacking: First drive without such images, by missing array.
        dropped: Number of images without a window, by reason.
        skipped: Drives that were left out because of a missing microphone.
        views: Views of the cameras of the drives, with spatial features.
        window_views: Index of the view of each window, with spatial features.

    """

    drive_ids: tuple[str, ...]
    stamps_ns: tuple[int, ...]
    geometry_sha256: str
    depth_unit: str
    lacking: dict[str, str] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()
    views: tuple[CameraView, ...] = ()
    window_views: tuple[int, ...] = ()


@dataclass(frozen=True)
class Shard:
    """The windows of some drives.

    Attributes:
        folder: Folder of the arrays.
        contents: Their description.

    """

    folder: Path
    contents: ShardContents

    @classmethod
    def open(cls, folder: Path) -> Shard:
        """Open the shard in a folder.

        Raises:
            TrainingError: The contents file cannot be read, or has wrong keys or values.

        """
        path = folder / CONTENTS_FILE
        values = read_json(path, TrainingError, 'Delete the cache. The next run writes it again.')
        return cls(folder, from_plain(ShardContents, values, str(path), TrainingError))

    def array(self, name: str) -> NDArray[Any]:
        """Map an array (window, …): features or depth_m as float16 (NaN invalid), labels as uint8, or a derived array.

        With spatial features there are `azimuths`, those of the steered map (azimuth,) in radians. Vehicles are as in
        `vehicle_arrays`.

        Raises:
            TrainingError: A drive has no such images.

        """
        if name in self.contents.lacking:
            msg = (
                f'Drive {self.contents.lacking[name]!r} has no {name}: leave such drives out, or fit another modality.'
            )
            raise TrainingError(msg)
        return np.load(self.folder / f'{name}.npy', mmap_mode='r')  # type: ignore[no-any-return]


def shard_name(paths: Sequence[Path], config: DataConfig, training: Container[str] = ()) -> str:
    """Return the name of a shard: a hash of the checksums of its drives and of all settings that it depends on.

    Args:
        paths: The drives.
        config: Settings of the windows.
        training: Ids of the training drives, whose features may leave out microphones.

    """
    content: dict[str, object] = {
        'version': CACHE_VERSION,
        'features': config.features.to_dict(),
        'features_on': config.features_on,
        'frame_position': config.frame_position,
        'missing_microphones': config.missing_microphones,
        'drives': [(path.stem, read_checksum_header(path, verify=False).sha256) for path in paths],
    }
    if config.left_out.share:
        content['left_out'] = asdict(config.left_out)
        content['training'] = [path.stem for path in paths if path.stem in training]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:24]


def write_shard(
    paths: Sequence[Path],
    folder: Path,
    config: DataConfig,
    training: Container[str] = (),
    *,
    on_drive: Callable[[], None] = lambda: None,
) -> None:
    """Write the shard of some drives. The folder appears when it is complete.

    Args:
        paths: The drives.
        folder: Folder of the shard.
        config: Settings of the windows.
        training: Ids of the training drives, whose features may leave out microphones.
        on_drive: Function that is called once for each drive that has been read.

    Raises:
        DatasetError: A drive cannot be read.

    """
    partial = folder.with_name(f'.{folder.name}.{os.getpid()}')
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    dataset = WindowDataset(paths, config.features, frame_position=config.frame_position)
    columns: dict[str, list[Any]] = {}
    lacking: dict[str, str] = {}
    windows: list[tuple[str, int]] = []
    skipped: Counter[str] = Counter()
    views: dict[CameraView, int] = {}
    window_views: list[int] = []
    for item in _report_drives(dataset, on_drive):
        if item.missing_microphones and config.missing_microphones == 'skip':
            skipped[item.drive_id] += 1
            continue
        rows = _audio_columns(item, config, is_training=item.drive_id in training)
        for modality_name, modality in STORED_MODALITIES.items():
            image = item.image(modality_name)
            if image is None:
                lacking.setdefault(modality.image, item.drive_id)
            else:
                rows[modality.image] = image.astype(modality.stored_dtypes[0])
        if item.vehicles is None:
            lacking.setdefault(VEHICLES, item.drive_id)
        else:
            rows[VEHICLES] = to_row(item.vehicles)
        for name, row in rows.items():
            columns.setdefault(name, []).append(row)
        windows.append((item.drive_id, item.stamp_ns))
        if item.view is not None:
            window_views.append(views.setdefault(item.view, len(views)))
    for name in columns.keys() - lacking:
        np.save(partial / f'{name}.npy', np.stack(columns[name]))
    contents = ShardContents(
        tuple(drive_id for drive_id, _ in windows),
        tuple(stamp_ns for _, stamp_ns in windows),
        dataset.geometry_sha256 or '',
        dataset.depth_unit or '',
        lacking,
        dict(dataset.dropped),
        tuple(skipped),
        tuple(views),
        tuple(window_views),
    )
    (partial / CONTENTS_FILE).write_text(json.dumps(asdict(contents)), encoding='utf-8')
    _publish(partial, folder)


def _report_drives(dataset: WindowDataset, on_drive: Callable[[], None]) -> Iterator[WindowItem]:
    """Yield all windows, and call a function after each drive, also after drives without windows."""
    reported, current = 0, None
    for item in dataset:
        if current not in (None, item.drive_id):
            reported += 1
            on_drive()
        current = item.drive_id
        yield item
    for _ in range(len(dataset.paths) - reported):
        on_drive()


def _audio_columns(item: WindowItem, config: DataConfig, *, is_training: bool) -> dict[str, NDArray[Any]]:
    """Return the stored audio arrays of a window: features, or int16 audio with a scale per microphone."""
    if config.features_on == 'cache':
        active: Mask = np.ones(len(item.audio), dtype=bool)
        active[list(item.missing_microphones)] = False
        if is_training and item.geometry is not None:
            active = sample_active(item.geometry.with_active(active), config.left_out, item.drive_id, item.image_index)
        features = window_features(item.audio, config.features, item.geometry, active)
        columns: dict[str, NDArray[Any]] = {'features': features.astype(np.float16)}
        if item.geometry is not None:
            columns[AZIMUTHS] = item.geometry.azimuths_rad.astype(np.float32)
        return columns
    scale = np.abs(item.audio).max(axis=1).clip(min=1e-12) / INT16_PEAK
    audio = np.rint(item.audio / scale[:, None]).astype(np.int16)
    return {'audio': audio, 'audio_scale': scale.astype(np.float32)}


def _publish(partial: Path, folder: Path) -> None:
    try:
        partial.rename(folder)
    except OSError:
        # Another process has written the same shard.
        shutil.rmtree(partial)
