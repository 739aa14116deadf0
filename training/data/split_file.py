# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Splits that somebody has written down: YAML lists of drives, or of single images."""

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
    """Who learns from what. An entry is a drive id, or `drive_id/stamp_ns` for one image of a drive.

    Attributes:
        name: Names the split in results.
        train: Entries to learn from.
        validation: Entries to choose on.
        test: Entries to report on.
        leaks: The file says itself that the same entries stand in several splits, as published lists do.

    """

    name: str
    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]
    leaks: bool = False

    def __post_init__(self) -> None:
        """Refuse entries that make no sense.

        Raises:
            DatasetError: An entry is malformed, repeats, or stands in two splits though `leaks` is false.

        """
        for split in SPLITS:
            entries = getattr(self, split)
            repeated = [entry for entry, count in Counter(entries).items() if count > 1]
            if repeated:
                msg = f'Split {self.name!r}: {split} names {repeated[:5]} more than once: name each once.'
                raise DatasetError(msg)
            wrong = [entry for entry in entries if not ENTRY.fullmatch(entry)]
            if wrong:
                msg = f'Split {self.name!r}: {split} holds {wrong[0]!r}: give a drive id, or `drive_id/stamp_ns`.'
                raise DatasetError(msg)
        shared = self.shared_entries()
        if shared and not self.leaks:
            msg = (
                f'Split {self.name!r}: {len(shared)} entries such as {shared[:3]} stand in two splits: keep each in '
                'one, or, for a published list that is so, say `leaks: true`.'
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
        """Write the split as YAML; the file appears under its name only when it is complete.

        Raises:
            DatasetError: It cannot be written.

        """
        values: dict[str, object] = {'name': self.name} | ({'leaks': True} if self.leaks else {})
        values |= {split: list(getattr(self, split)) for split in SPLITS}
        with reraise_file_errors(DatasetError, 'write', path, 'Check the space and rights of its folder.'):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text_atomic(path, format_yaml(values))

    def drives(self, split: str) -> tuple[str, ...]:
        """Return the drives that a split takes something of, in order."""
        return tuple(sorted(self._drive_entries[split] | {drive for drive, _ in self._images[split]}))

    def check_drives(self, drive_ids: Iterable[str]) -> None:
        """Refuse a split that speaks of drives that are not there.

        Raises:
            DatasetError: An entry's drive is not among `drive_ids`.

        """
        unknown = sorted({drive for split in SPLITS for drive in self.drives(split)} - set(drive_ids))
        if unknown:
            msg = (
                f'Split {self.name!r} names {len(unknown)} drives that are not there, such as {unknown[:3]}: '
                'import them, or take them out of the split.'
            )
            raise DatasetError(msg)

    def members(self, split: str, windows: Sequence[WindowKey]) -> list[int]:
        """Return the numbers of the windows (drive id, image stamp in ns) that belong to a split.

        Of a leaking file a window may belong to several; this is what trains and reports as the list says.
        """
        whole_drives, images = self._drive_entries[split], self._images[split]
        return [number for number, window in enumerate(windows) if window[0] in whole_drives or window in images]

    def assigned_splits(self, windows: Sequence[WindowKey]) -> list[str | None]:
        """Return the split of each window (drive id, image stamp in ns), None for one that is in none.

        A window that a leaking file puts into several belongs to test before validation before train.
        """
        found: list[str | None] = [None] * len(windows)
        for split in SPLITS:
            for number in self.members(split, windows):
                found[number] = split
        return found

    def shared_entries(self) -> list[str]:
        """Return the entries, in order, that stand in more than one split, by themselves or through their drive."""
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
