# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Split of a dataset into training, validation and test windows, by a hash of the drive ids or by a split file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.datasets.splits import split_drives
from training.config.data_configuration import HASH_SPLIT
from training.data.split_file import SPLITS, SplitFile
from training.data.window_dataset import find_drives

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from training.config.data_configuration import DataConfig

HASH_NAME = 'drive-disjoint'


@dataclass(frozen=True)
class DatasetSplit:
    """A split of a dataset with limits on the number of drives.

    Attributes:
        split: Entries of each part.
        limits: Maximum number of drives of each part.

    """

    split: SplitFile
    limits: dict[str, int | None]

    @property
    def training_drives(self) -> frozenset[str]:
        """The drives all of whose windows are for training."""
        train, *others = (set(self.split.drives(split)) for split in SPLITS)
        return frozenset(train.difference(*others))

    def windows(self, windows: Sequence[tuple[str, int]]) -> dict[str, NDArray[np.int64]]:
        """Return the indices of the windows (drive id, image stamp in ns) of each part, in order."""
        found = {}
        for split in SPLITS:
            members = self.split.members(split, windows)
            kept = set(select_drives({windows[number][0] for number in members}, self.limits[split]))
            found[split] = np.array([number for number in members if windows[number][0] in kept], dtype=np.int64)
        return found


def divide(config: DataConfig) -> tuple[dict[str, Path], DatasetSplit]:
    """Return the drives of an experiment by id, in order, and their split.

    Raises:
        DatasetError: There are no drives, or the split names drives that do not exist.

    """
    drives = find_drives(config.drives)
    limits = {split: config.limit(split) for split in SPLITS}
    if config.split != HASH_SPLIT:
        split = SplitFile.from_yaml(config.split)
        split.check_drives(drives)
        needed = {drive for name in SPLITS for drive in split.drives(name)}
        return {drive: drives[drive] for drive in sorted(needed)}, DatasetSplit(split, limits)
    hashed = split_drives(drives, validation=config.validation, test=config.test, seed=config.split_seed)
    train, validation, test = (select_drives(getattr(hashed, name), limits[name]) for name in SPLITS)
    split = SplitFile(HASH_NAME, train, validation, test)
    used = sorted({*train, *validation, *test})
    return {drive: drives[drive] for drive in used}, DatasetSplit(split, limits)


def select_drives(drive_ids: Iterable[str], limit: int | None) -> tuple[str, ...]:
    """Return at most `limit` drives, in order, selected by a hash of their ids, so that a larger limit adds drives."""
    picked = sorted(drive_ids, key=lambda drive_id: hashlib.sha256(drive_id.encode()).digest())
    return tuple(sorted(picked[:limit]))
