# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which windows are learnt from, chosen on and reported on: by a hash of the drives' ids, or by a split file."""

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
    """A split of a data set, cut down to its limits.

    Attributes:
        split: Who belongs where.
        limits: Of each split, how many drives are used at most.

    """

    split: SplitFile
    limits: dict[str, int | None]

    def windows(self, windows: Sequence[tuple[str, int]]) -> dict[str, NDArray[np.int64]]:
        """Return by split the numbers of its windows (drive id, image stamp in ns), in order."""
        found = {}
        for split in SPLITS:
            members = self.split.members(split, windows)
            kept = set(select_drives({windows[number][0] for number in members}, self.limits[split]))
            found[split] = np.array([number for number in members if windows[number][0] in kept], dtype=np.int64)
        return found


def divide(config: DataConfig) -> tuple[dict[str, Path], DatasetSplit]:
    """Return the drives that an experiment needs by id, in order, and how they are divided.

    Raises:
        DatasetError: There are no drives, or the split speaks of drives that are not there.

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
    """Return at most `limit` drives, in order, picked by a hash of their ids: a larger limit keeps the smaller's."""
    picked = sorted(drive_ids, key=lambda drive_id: hashlib.sha256(drive_id.encode()).digest())
    return tuple(sorted(picked[:limit]))
