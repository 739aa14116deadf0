# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Features and images of all windows, computed once and kept as arrays that are mapped into memory.

The cache is cut into shards of some drives each. A shard is named by the checksums of its drives and by all that
its content depends on, so new drives cost only themselves and a changed definition never meets old numbers.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.progress import track

from audio_manifold_ros.datasets.corpus import Corpus, find_drives
from audio_manifold_ros.datasets.drive_seal import read_seal
from audio_manifold_ros.datasets.splits import split_drives
from audio_manifold_ros.features.batch import mel_features
from training.errors import TrainingError
from training.process_pool import fresh_pool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from audio_manifold_ros.features.spec import FeatureSpec
    from training.configuration import DataConfig

CACHE_VERSION = 1
CONTENTS_FILE = 'contents.json'
ARRAYS = ('features', 'depth_m', 'labels')
SPLITS = ('train', 'validation', 'test')


@dataclass(frozen=True)
class Shard:
    """The windows of some drives.

    Attributes:
        folder: Where its arrays lie.
        drive_ids: The drive of each window.
        geometry_sha256: The array that they were recorded with.

    """

    folder: Path
    drive_ids: tuple[str, ...]
    geometry_sha256: str

    def array(self, name: str) -> NDArray[Any]:
        """Map an array (window, …): features f16, depth_m f16 (metres, NaN invalid), labels u8 or a derived one."""
        return np.load(self.folder / f'{name}.npy', mmap_mode='r')  # type: ignore[no-any-return]


class WindowCache:
    """All windows of a data set.

    Attributes:
        shards: In the order of the drives.

    """

    def __init__(self, shards: Sequence[Shard], splits: dict[str, tuple[str, ...]]) -> None:
        """Join shards.

        Raises:
            TrainingError: The drives were recorded with different arrays.

        """
        self.shards = tuple(shards)
        self._splits = splits
        self._arrays: dict[str, list[NDArray[Any]]] = {}
        self._drives = np.array([drive for shard in self.shards for drive in shard.drive_ids])
        sizes = [len(shard.drive_ids) for shard in self.shards]
        self._shard = np.repeat(np.arange(len(sizes)), sizes)
        self._row = np.concatenate([np.arange(size) for size in sizes])
        if len({shard.geometry_sha256 for shard in self.shards}) > 1:
            msg = 'The drives were recorded with different microphone arrays: train on one array at a time.'
            raise TrainingError(msg)

    @property
    def geometry_sha256(self) -> str:
        """Hash of the array that all drives were recorded with."""
        return self.shards[0].geometry_sha256

    def indices(self, split: str) -> NDArray[np.int64]:
        """Return the numbers of a split's windows, in order."""
        return np.flatnonzero(np.isin(self._drives, self._splits[split]))

    def drives(self, split: str) -> tuple[str, ...]:
        """Return the ids of a split's drives."""
        return self._splits[split]

    def window_drives(self, indices: NDArray[np.int64]) -> tuple[str, ...]:
        """Return the drive id of each window."""
        return tuple(self._drives[indices].tolist())

    def take(self, name: str, indices: NDArray[np.int64]) -> NDArray[Any]:
        """Return rows of an array: (len(indices), …)."""
        arrays = self._arrays.setdefault(name, [])
        if not arrays:
            arrays += [shard.array(name) for shard in self.shards]
        out = np.empty((len(indices), *arrays[0].shape[1:]), arrays[0].dtype)
        for place, (shard, row) in enumerate(zip(self._shard[indices], self._row[indices], strict=True)):
            out[place] = arrays[shard][row]
        return out


def open_cache(config: DataConfig, *, progress: bool = True) -> WindowCache:
    """Open the cache of a data set, computing what is not there yet.

    Raises:
        DatasetError: A drive cannot be read.
        TrainingError: A split is empty.

    """
    drives = find_drives(config.drives)
    paths = list(drives.values())
    groups = [paths[first : first + config.shard_drives] for first in range(0, len(paths), config.shard_drives)]
    folders = [Path(config.cache) / _shard_name(group, config) for group in groups]
    jobs = [(group, folder, config) for group, folder in zip(groups, folders, strict=True) if not folder.exists()]
    _fill(jobs, config.workers, progress=progress)
    divided = asdict(split_drives(drives, validation=config.validation, test=config.test, seed=config.split_seed))
    empty = [split for split in SPLITS if not divided[split]]
    if empty:
        msg = f'{len(drives)} drives in {config.drives!r} leave {empty} empty: simulate more, or change the shares.'
        raise TrainingError(msg)
    return WindowCache([_open_shard(folder) for folder in folders], divided)


def _shard_name(paths: Sequence[Path], config: DataConfig) -> str:
    content = {
        'version': CACHE_VERSION,
        'features': config.features.to_dict(),
        'frame_position': config.frame_position,
        'drives': [(path.stem, read_seal(path, verify=False).sha256) for path in paths],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:24]


def _open_shard(folder: Path) -> Shard:
    contents = json.loads((folder / CONTENTS_FILE).read_text(encoding='utf-8'))
    return Shard(folder, tuple(contents['drive_ids']), contents['geometry_sha256'])


def _fill(jobs: Sequence[tuple[Sequence[Path], Path, DataConfig]], workers: int, *, progress: bool) -> None:
    if not jobs:
        return
    if workers < 2 or len(jobs) < 2:
        for job in track(jobs, 'features', disable=not progress):
            _write_shard(job)
        return
    with fresh_pool(workers) as pool:
        for _ in track(pool.map(_write_shard, jobs), 'features', total=len(jobs), disable=not progress):
            pass


def _write_shard(job: tuple[Sequence[Path], Path, DataConfig]) -> None:
    paths, folder, config = job
    partial = folder.with_name(f'.{folder.name}.{os.getpid()}')
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    corpus = Corpus(paths, config.features, frame_position=config.frame_position)
    columns: dict[str, list[NDArray[Any]]] = {name: [] for name in ARRAYS}
    drive_ids = []
    for item in corpus:
        if item.depth_m is None or item.labels is None:
            msg = f'Drive {item.drive_id!r} lacks depth or labels: training needs both.'
            raise TrainingError(msg)
        columns['features'].append(_features(item.audio, config.features))
        columns['depth_m'].append(item.depth_m.astype(np.float16))
        columns['labels'].append(item.labels)
        drive_ids.append(item.drive_id)
    if not drive_ids:
        msg = f'No window in {paths[0].name} to {paths[-1].name}: every image lies too near the ends or at a gap.'
        raise TrainingError(msg)
    for name, column in columns.items():
        np.save(partial / f'{name}.npy', np.stack(column))
    contents = {'drive_ids': drive_ids, 'geometry_sha256': corpus.geometry_sha256}
    (partial / CONTENTS_FILE).write_text(json.dumps(contents), encoding='utf-8')
    _publish(partial, folder)


def _features(audio: NDArray[np.float32], spec: FeatureSpec) -> NDArray[np.float16]:
    return mel_features(audio, spec).astype(np.float16)


def _publish(partial: Path, folder: Path) -> None:
    try:
        partial.rename(folder)
    except OSError:
        # Another run has been faster with the same content.
        shutil.rmtree(partial)
