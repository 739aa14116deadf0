# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Split files: YAML lists of drives or of single images for training, validation and test."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from audio_manifold_ros.common.errors import DatasetError, reraise_file_errors
from audio_manifold_ros.common.files import write_text_atomic
from audio_manifold_ros.common.schema import from_plain
from audio_manifold_ros.common.yaml_file import format_yaml, read_yaml

SPLITS = ('train', 'validation', 'test')
ENTRY = re.compile(r'([^/\s][^/]*)(?:/(0|[1-9]\d*))?')
WindowKey = tuple[str, int]  # drive id, image stamp in ns


@dataclass(frozen=True)
class SplitFile:
    """A split of drives or images. An entry is a drive id, or `drive_id/stamp_ns` for one image of a drive.

    Attributes:
        name: Name of the split in results.
        train: Entries for training.
        validation: Entries for design decisions.
        test: Entries for results.
        leaks: The file declares that entries are in several parts, as in some published lists.

    """

    name: str
    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]
    leaks: bool = False

    def __post_init__(self) -> None:
        """Validate the entries.

        Raises:
            DatasetError: An entry is malformed, repeated, or in two parts although `leaks` is false.

        """
        for split in SPLITS:
            entries = getattr(self, split)
            repeated = [entry for entry, count in Counter(entries).items() if count > 1]
            if repeated:
                msg = f'Split {self.name!r}: {split} names {repeated[:5]} more than once: name each once.'
                raise DatasetError(msg)
            wrong = [entry for entry in entries if not ENTRY.fullmatch(entry)]
            if wrong:
                msg = f'Split {self.name!r}: {split} contains {wrong[0]!r}: give a drive id, or `drive_id/stamp_ns`.'
                raise DatasetError(msg)
        shared = self.shared_entries()
        if shared and not self.leaks:
            msg = (
                f'Split {self.name!r}: {len(shared)} entries such as {shared[:3]} are in two parts: keep each in one, '
                'or set `leaks: true` for a published list of this kind.'
            )
            raise DatasetError(msg)

    @classmethod
    def from_yaml(cls, path: Path | str) -> SplitFile:
        """Read a split.

        Raises:
            DatasetError: The file cannot be read, has unknown or missing keys, or a wrong entry.

        """
        return from_plain(cls, read_yaml(path, DatasetError, 'Give a split file.'), str(path), DatasetError)

    def write(self, path: Path) -> None:
        """Write the split as YAML. The file appears under its name when it is complete.

        Raises:
            DatasetError: It cannot be written.

        """
        values: dict[str, object] = {'name': self.name, **({'leaks': True} if self.leaks else {})}
        values |= {split: list(getattr(self, split)) for split in SPLITS}
        with reraise_file_errors(DatasetError, 'write', path, 'Check free space and permissions of its folder.'):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text_atomic(path, format_yaml(values))

    def drives(self, split: str) -> tuple[str, ...]:
        """Return the drives with at least one image in a part, in order."""
        return tuple(sorted(self._drive_entries[split] | {drive for drive, _ in self._images[split]}))

    def check_drives(self, drive_ids: Iterable[str]) -> None:
        """Refuse a split that names drives that do not exist.

        Raises:
            DatasetError: An entry's drive is not among `drive_ids`.

        """
        unknown = sorted({drive for split in SPLITS for drive in self.drives(split)} - set(drive_ids))
        if unknown:
            msg = (
                f'Split {self.name!r} names {len(unknown)} drives that do not exist, such as {unknown[:3]}: '
                'import them, or remove them from the split.'
            )
            raise DatasetError(msg)

    def members(self, split: str, windows: Sequence[WindowKey]) -> list[int]:
        """Return the indices of the windows (drive id, image stamp in ns) in a part.

        In a leaking file a window may be in several parts. Training and evaluation follow the lists.
        """
        whole_drives, images = self._drive_entries[split], self._images[split]
        return [number for number, window in enumerate(windows) if window[0] in whole_drives or window in images]

    def assigned_splits(self, windows: Sequence[WindowKey]) -> list[str | None]:
        """Return the part of each window (drive id, image stamp in ns), or None for a window in no part.

        If a leaking file has a window in several parts, test takes precedence over validation, and that over train.
        """
        found: list[str | None] = [None] * len(windows)
        for split in SPLITS:
            for number in self.members(split, windows):
                found[number] = split
        return found

    def shared_entries(self) -> list[str]:
        """Return the entries in more than one part, by themselves or through their drive, in order."""
        shared: set[str] = set()
        for index, split in enumerate(SPLITS):
            for other in (name for number, name in enumerate(SPLITS) if number != index):
                covered = self._drive_entries[other]
                shared |= self._drive_entries[split] & covered
                shared |= {f'{drive}/{stamp_ns}' for drive, stamp_ns in self._images[split] if drive in covered}
                shared |= {f'{drive}/{stamp_ns}' for drive, stamp_ns in self._images[split] & self._images[other]}
        return sorted(shared)

    @cached_property
    def _drive_entries(self) -> dict[str, frozenset[str]]:
        return {split: frozenset(entry for entry in getattr(self, split) if '/' not in entry) for split in SPLITS}

    @cached_property
    def _images(self) -> dict[str, frozenset[WindowKey]]:
        pairs = {split: [entry.split('/') for entry in getattr(self, split) if '/' in entry] for split in SPLITS}
        return {split: frozenset((drive, int(stamp_ns)) for drive, stamp_ns in pairs[split]) for split in SPLITS}
