# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Features and images of all windows, computed once and kept as arrays that are mapped into memory.

The cache is cut into shards of some drives each. A shard is named by the checksums of its drives and by all that
its content depends on, so new drives cost only themselves and a changed definition never meets old numbers.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.progress import track

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.features.mel_batch import mel_features
from audio_manifold_ros.processes.process_pool import fresh_pool
from training.data.cache_shard import Shard, shard_name, write_shard
from training.data.dataset_split import DatasetSplit, divide
from training.data.split_file import SPLITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from audio_manifold_ros.features.spec import FeatureSpec
    from training.config.data_configuration import DataConfig


class WindowCache:
    """All windows of a data set.

    Attributes:
        shards: In the order of the drives.
        spec: Definition of the features.
        division: Who belongs to which split.
        dropped: Images without a window, by reason.
        skipped: Drives left out for a missing microphone.

    """

    def __init__(self, shards: Sequence[Shard], division: DatasetSplit, spec: FeatureSpec) -> None:
        """Join shards.

        Raises:
            TrainingError: The drives differ in their arrays or in the unit of depth, or a split is empty.

        """
        self.shards = tuple(shard for shard in shards if shard.contents.drive_ids)
        self.spec, self.division = spec, division
        self.dropped: Counter[str] = Counter()
        for shard in shards:
            self.dropped.update(shard.contents.dropped)
        self.skipped = tuple(drive for shard in shards for drive in shard.contents.skipped)
        self._arrays: dict[str, list[NDArray[Any]]] = {}
        windows = [
            window
            for shard in self.shards
            for window in zip(shard.contents.drive_ids, shard.contents.stamps_ns, strict=True)
        ]
        self._drives = np.array([drive for drive, _ in windows])
        self._stamps_ns = np.array([stamp_ns for _, stamp_ns in windows], dtype=np.int64)
        sizes = [len(shard.contents.drive_ids) for shard in self.shards]
        self._shard = np.repeat(np.arange(len(sizes)), sizes)
        self._row = np.concatenate([np.arange(size) for size in sizes] or [np.arange(0)])
        _check_alike(self.shards)
        self._indices = division.windows(windows)
        empty = [split for split in SPLITS if not len(self._indices[split])]
        if empty:
            msg = (
                f'{len(windows)} windows leave {empty} empty: give more drives (simulate more, or import more), or '
                f'change the split. Dropped images: {dict(self.dropped)}; drives that lack a microphone: '
                f'{len(self.skipped)}.'
            )
            raise TrainingError(msg)

    @property
    def geometry_sha256(self) -> str:
        """Hash of the array that all drives were recorded with."""
        return self.shards[0].contents.geometry_sha256

    @property
    def depth_unit(self) -> str:
        """Unit of all depth, `m` or `relative`; empty without depth."""
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
        """Return the drive id of each window and the instant of its image in ns."""
        return [(str(self._drives[index]), int(self._stamps_ns[index])) for index in indices]

    def has(self, name: str) -> bool:
        """Return whether every drive has such images (`depth_m`, `labels`)."""
        return not any(name in shard.contents.lacking for shard in self.shards)

    def take(self, name: str, indices: NDArray[np.int64]) -> NDArray[Any]:
        """Return rows of an array: (len(indices), …).

        Raises:
            TrainingError: A drive has no such images.

        """
        arrays = self._arrays.setdefault(name, [])
        if not arrays:
            arrays += [shard.array(name) for shard in self.shards]
        out = np.empty((len(indices), *arrays[0].shape[1:]), arrays[0].dtype)
        for place, (shard, row) in enumerate(zip(self._shard[indices], self._row[indices], strict=True)):
            out[place] = arrays[shard][row]
        return out

    @property
    def holds_audio(self) -> bool:
        """Whether audio is kept, and features are computed on the device that trains."""
        return (self.shards[0].folder / 'audio.npy').exists()

    def audio(self, indices: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the sound of windows (window, mic, sample), full scale ±1, of a cache that holds audio."""
        scale = self.take('audio_scale', indices)[..., None]
        return self.take('audio', indices) * scale  # type: ignore[no-any-return]

    def features(self, indices: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the features of windows (window, mic, height, width)."""
        if self.holds_audio:
            return np.stack([mel_features(window, self.spec) for window in self.audio(indices)])
        return self.take('features', indices).astype(np.float32)


def _check_alike(shards: Sequence[Shard]) -> None:
    if len({shard.contents.geometry_sha256 for shard in shards}) > 1:
        msg = 'The drives were recorded with different microphone arrays: train on one array at a time.'
        raise TrainingError(msg)
    units = {shard.contents.depth_unit for shard in shards} - {''}
    if len(units) > 1:
        msg = f'The drives have depth in {sorted(units)}: label all drives with one teacher.'
        raise TrainingError(msg)


def open_cache(config: DataConfig, *, progress: bool = True) -> WindowCache:
    """Open the cache of a data set, computing what is not there yet.

    Raises:
        DatasetError: A drive cannot be read, or the split speaks of drives that are not there.
        TrainingError: A split is empty.

    """
    drives, division = divide(config)
    paths = list(drives.values())
    groups = [paths[first : first + config.shard_drives] for first in range(0, len(paths), config.shard_drives)]
    folders = [Path(config.cache) / shard_name(group, config) for group in groups]
    jobs = [(group, folder, config) for group, folder in zip(groups, folders, strict=True) if not folder.exists()]
    _fill(jobs, config.workers, progress=progress)
    return WindowCache([Shard.open(folder) for folder in folders], division, config.features)


def _fill(jobs: Sequence[tuple[Sequence[Path], Path, DataConfig]], workers: int, *, progress: bool) -> None:
    if not jobs:
        return
    shown = {'console': Console(stderr=True), 'disable': not progress}
    if workers < 2 or len(jobs) < 2:
        for job in track(jobs, 'features', **shown):  # type: ignore[arg-type]
            write_shard(*job)
        return
    with fresh_pool(workers) as pool:
        written = pool.map(write_shard, *zip(*jobs, strict=True))
        for _ in track(written, 'features', total=len(jobs), **shown):  # type: ignore[arg-type]
            pass
