# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Window cache: features and images of all windows, computed once and stored as memory-mapped arrays.

The cache consists of shards of some drives each. The name of a shard is a hash of the checksums of its drives and of
all settings that it depends on. New drives therefore add shards only, and changed settings never reuse old arrays.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, track

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.evaluation.controls.audio_control import mirrored_microphones
from audio_manifold_ros.features.kinds import require_mel
from audio_manifold_ros.features.mel_batch import mel_features
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.processes.spread_work import spread
from audio_manifold_ros.rig.camera import CameraModel
from audio_manifold_ros.simulation.drive import SIMULATOR_VERSION
from training.data.cache_shard import Shard, shard_name, write_shard
from training.data.dataset_split import DatasetSplit, divide
from training.data.derived_arrays import SOURCE_ARRAYS, derived_array
from training.data.simulate import VERSION_KEY
from training.data.split_file import SPLITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from audio_manifold_ros.camera_prior.camera_view import CameraView
    from audio_manifold_ros.features.kinds import AnyFeatureSpec
    from training.config.data_configuration import DataConfig


# Drives, folder of their shard, settings, and the ids of the training drives.
_Job = tuple['Sequence[Path]', Path, 'DataConfig', frozenset[str]]


class WindowCache:
    """All windows of a dataset.

    Attributes:
        shards: Shards in the order of the drives.
        spec: Definition of the features.
        dataset_split: Split of the dataset.
        dropped: Number of images without a window, by reason.
        skipped: Drives that were left out because of a missing microphone.
        views: Views of the cameras of all drives, with spatial features.

    """

    def __init__(
        self, shards: Sequence[Shard], dataset_split: DatasetSplit, spec: AnyFeatureSpec, drive: Path | None = None
    ) -> None:
        """Combine shards.

        Args:
            shards: Shards in the order of the drives.
            dataset_split: Split of the dataset.
            spec: Definition of the features.
            drive: A drive with the camera of all drives, for images that are derived with it.

        Raises:
            TrainingError: The drives differ in microphone array or depth unit, or a split is empty.

        """
        self.shards = tuple(shard for shard in shards if shard.contents.drive_ids)
        self.spec, self.dataset_split = spec, dataset_split
        self.dropped: Counter[str] = Counter()
        for shard in shards:
            self.dropped.update(shard.contents.dropped)
        self.skipped = tuple(drive for shard in shards for drive in shard.contents.skipped)
        self._arrays: dict[str, list[NDArray[Any]]] = {}
        self._drive = drive
        windows = [
            window
            for shard in self.shards
            for window in zip(shard.contents.drive_ids, shard.contents.stamps_ns, strict=True)
        ]
        self._drives = np.array([drive for drive, _ in windows])
        self._stamps_ns = np.array([stamp_ns for _, stamp_ns in windows], dtype=np.int64)
        sizes = [len(shard.contents.drive_ids) for shard in self.shards]
        self._shard = np.repeat(np.arange(len(sizes)), sizes)
        views: dict[CameraView, int] = {}
        numbers = [
            [views.setdefault(shard.contents.views[place], len(views)) for place in shard.contents.window_views]
            for shard in self.shards
        ]
        self.views, self._view = (
            tuple(views),
            np.array([place for places in numbers for place in places], dtype=np.int64),
        )
        self._row = np.concatenate([np.arange(size) for size in sizes] or [np.arange(0)])
        _check_alike(self.shards)
        self._indices = dataset_split.windows(windows)
        empty = [split for split in SPLITS if not len(self._indices[split])]
        if empty:
            msg = (
                f'{len(windows)} windows leave {empty} empty: add drives (simulate more, or import more), or '
                f'change the split. Dropped images: {dict(self.dropped)}; drives without all microphones: '
                f'{len(self.skipped)}.'
            )
            raise TrainingError(msg)

    @property
    def geometry_sha256(self) -> str:
        """Hash of the microphone array of all drives."""
        return self.shards[0].contents.geometry_sha256

    @property
    def microphones(self) -> int:
        """Number of microphones of all drives. With spatial features, whose drives may have any number, it is 0."""
        if isinstance(self.spec, SpatialFeatureSpec):
            return 0
        name = 'audio' if self.holds_audio else 'features'
        return int(self.shards[0].array(name).shape[1])

    @property
    def depth_unit(self) -> str:
        """Unit of the depth, `m` or `relative`. Empty without depth."""
        return max(shard.contents.depth_unit for shard in self.shards)

    def indices(self, split: str) -> NDArray[np.int64]:
        """Return the numbers of a split's windows, in order."""
        return self._indices[split]

    def drives(self, split: str) -> tuple[str, ...]:
        """Return the ids of a split's drives, in order."""
        return tuple(sorted(set(self.window_drives(self._indices[split]))))

    def window_drives(self, indices: NDArray[np.int64]) -> tuple[str, ...]:
        """Return the drive id of each window."""
        return tuple(self._drives[indices].tolist())

    def instants(self, indices: NDArray[np.int64]) -> list[tuple[str, int]]:
        """Return the drive id and the image time in ns of each window."""
        return [(str(self._drives[index]), int(self._stamps_ns[index])) for index in indices]

    def window_views(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the index of the view of each window in `views`. The cache must have spatial features."""
        return self._view[indices]

    def has(self, name: str) -> bool:
        """Return whether every drive has such images (`depth_m`, `labels`, or derived ones)."""
        stored = SOURCE_ARRAYS.get(name, name)
        return not any(stored in shard.contents.lacking for shard in self.shards)

    def take(self, name: str, indices: NDArray[np.int64]) -> NDArray[Any]:
        """Return rows of an array: (len(indices), …).

        Raises:
            TrainingError: A drive has no such images.

        """
        arrays = self._arrays.setdefault(name, [])
        if not arrays:
            arrays += [self.array(shard, name) for shard in self.shards]
        out = np.empty((len(indices), *arrays[0].shape[1:]), arrays[0].dtype)
        for place, (shard, row) in enumerate(zip(self._shard[indices], self._row[indices], strict=True)):
            out[place] = arrays[shard][row]
        return out

    def array(self, shard: Shard, name: str) -> NDArray[Any]:
        """Map an array of a shard. Derived images are computed at the first use and stored with the shard.

        Raises:
            TrainingError: A drive has no such images.
            DatasetError: The drive with the camera cannot be read.

        """
        if name not in SOURCE_ARRAYS:
            return shard.array(name)
        contents = shard.contents
        cameras = [contents.views[place].camera for place in contents.window_views]
        return derived_array(shard, name, cameras or [self._camera] * len(contents.drive_ids))

    @cached_property
    def _camera(self) -> CameraModel:
        if self._drive is None:
            msg = 'Images are derived with the camera of a drive: open the cache with its drives.'
            raise TrainingError(msg)
        with DriveReader(self._drive) as drive:
            return CameraModel.from_text(drive.rig.camera, f'{self._drive} (camera)')

    def mirrored_microphones(self) -> NDArray[np.int64] | None:
        """Return the order of the microphones with left and right exchanged (see `controls.mirrored_microphones`).

        None for drives that may have different arrays, or without a drive.

        Raises:
            DatasetError: The drive with the array cannot be read.

        """
        if self._drive is None or isinstance(self.spec, SpatialFeatureSpec):
            return None
        with DriveReader(self._drive) as drive:
            return mirrored_microphones(drive.array.positions_m)

    @cached_property
    def is_simulated(self) -> bool:
        """True if the first drive was simulated with the current version of the simulator."""
        if self._drive is None:
            return False
        with DriveReader(self._drive) as drive:
            return drive.provenance.get(VERSION_KEY) == SIMULATOR_VERSION

    @property
    def holds_audio(self) -> bool:
        """True if the cache contains audio. The features are then computed on the training device."""
        return (self.shards[0].folder / 'audio.npy').exists()

    def audio(self, indices: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the audio of windows (window, mic, sample), full scale ±1. The cache must contain audio."""
        scale = self.take('audio_scale', indices)[..., None]
        return self.take('audio', indices) * scale  # type: ignore[no-any-return]

    def features(self, indices: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the features of windows: (window, mic, height, width), or (window, size) of spatial features."""
        if self.holds_audio:
            spec = require_mel(self.spec)
            return np.stack([mel_features(window, spec) for window in self.audio(indices)])
        return self.take('features', indices).astype(np.float32)


def _check_alike(shards: Sequence[Shard]) -> None:
    if len({shard.contents.geometry_sha256 for shard in shards}) > 1:
        msg = 'The drives were recorded with different microphone arrays: train on one array at a time.'
        raise TrainingError(msg)
    units = {shard.contents.depth_unit for shard in shards} - {''}
    if len(units) > 1:
        msg = f'The drives have depth in {sorted(units)}: label all drives with one teacher.'
        raise TrainingError(msg)


def windows_sha256(cache: WindowCache) -> str:
    """Return a hash of the windows of each split. It does not depend on their features.

    A limit selects other drives if there are more of them, so the name of the split and the number of windows do not
    identify the windows.
    """
    digest = hashlib.sha256()
    for split in SPLITS:
        for drive_id, stamp_ns in sorted(cache.instants(cache.indices(split))):
            digest.update(f'{split} {drive_id} {stamp_ns}\n'.encode())
    return digest.hexdigest()


def open_cache(config: DataConfig, *, progress: bool = True) -> WindowCache:
    """Open the cache of a dataset. Missing shards are computed.

    Raises:
        DatasetError: A drive cannot be read, or the split names drives that do not exist.
        TrainingError: A split is empty.

    """
    drives, dataset_split = divide(config)
    paths = list(drives.values())
    groups = [paths[first : first + config.shard_drives] for first in range(0, len(paths), config.shard_drives)]
    training = dataset_split.training_drives
    folders = [Path(config.cache) / shard_name(group, config, training) for group in groups]
    missing = [pair for pair in zip(groups, folders, strict=True) if not pair[1].exists()]
    jobs = [(group, folder, config, training) for group, folder in missing]
    _fill(jobs, config.workers, progress=progress)
    return WindowCache(
        [Shard.open(folder) for folder in folders], dataset_split, config.features, next(iter(paths), None)
    )


def _fill(jobs: Sequence[_Job], workers: int, *, progress: bool) -> None:
    if not jobs:
        return
    shown = {'console': Console(stderr=True), 'disable': not progress}
    if workers < 2 or len(jobs) < 2:
        drives = sum(len(job[0]) for job in jobs)
        with Progress(*Progress.get_default_columns(), MofNCompleteColumn(), **shown) as bar:  # type: ignore[arg-type]
            task = bar.add_task('features of drives', total=drives)
            for job in jobs:
                write_shard(*job, on_drive=partial(bar.advance, task))
        return
    written = spread(_write, jobs, workers)
    for _ in track(written, 'features', total=len(jobs), **shown):  # type: ignore[arg-type]
        pass


def _write(job: _Job) -> None:
    write_shard(*job)
