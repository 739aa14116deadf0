# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Splits of MAVD: by calendar day, and the paper's published lists."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.datasets.drive_reader import DriveReader
from training.data.split_file import SPLITS, SplitFile
from training.importing.mavd_names import parse_drive, parse_line

DAYS_NAME, PAPER_NAME = 'mavd-day-disjoint', 'mavd-paper-split'
# Days of the test and the validation drives: about 19 % and 12 % of the instants by day.
TEST_DAYS = (dt.date(2020, 5, 21),)
VALIDATION_DAYS = (dt.date(2020, 4, 21), dt.date(2020, 4, 24))
PAPER_FILES: Mapping[str, str] = {'train': 'train_all.txt', 'validation': 'val_all.txt', 'test': 'test_all.txt'}


@dataclass(frozen=True)
class PaperLists:
    """The paper's lists as a split of the existing drives.

    Attributes:
        split: Images by day. The same instant under several codes is one entry, and may be in several splits.
        lines: Number of lines of each list.
        by_night: Number of lines that are left out because the paper uses drives by day only.
        missing_images: Number of instants by day that are in no drive.

    """

    split: SplitFile
    lines: dict[str, int]
    by_night: int
    missing_images: int


def day_split(
    drive_ids: Collection[str],
    test: Collection[dt.date] = TEST_DAYS,
    validation: Collection[dt.date] = VALIDATION_DAYS,
) -> SplitFile:
    """Divide drives by the calendar day of their recording: drives of one day follow one another on the same roads.

    Drives by night are in no split: the teachers cannot label dark pictures.

    Raises:
        TrainingError: A drive is not from MAVD, a day is in two splits, or a split is empty.

    """
    both = sorted(set(test) & set(validation))
    if both:
        msg = f'{both[0]} is given for test and validation: give each day once.'
        raise TrainingError(msg)
    drives = [drive for drive in map(parse_drive, sorted(drive_ids)) if not drive.night]
    lists: dict[str, list[str]] = {split: [] for split in SPLITS}
    for drive in drives:
        place = 'test' if drive.day in test else 'validation' if drive.day in validation else 'train'
        lists[place].append(drive.drive_id)
    empty = [split for split, drives_in in lists.items() if not drives_in]
    if empty:
        days = ', '.join(sorted({str(drive.day) for drive in drives}))
        msg = f'The days leave {empty} empty: there are drives of {days or "no day"}. Choose days among them.'
        raise TrainingError(msg)
    train, validation_drives, test_drives = (tuple(lists[split]) for split in SPLITS)
    return SplitFile(DAYS_NAME, train, validation_drives, test_drives)


def paper_split(folder: Path, drives: Mapping[str, Path]) -> PaperLists:
    """Read the published lists `train_all.txt`, `val_all.txt` and `test_all.txt`, of lines `drive/sec_nsec_code`.

    Args:
        folder: Folder of the lists.
        drives: The drive files by drive id. Images that they lack are left out and counted.

    Raises:
        TrainingError: A list cannot be read, or a line is malformed.
        DatasetError: A drive cannot be read.

    """
    existing_images = {(drive_id, stamp) for drive_id, path in drives.items() for stamp in _stamps_ns(path)}
    lists: dict[str, tuple[str, ...]] = {}
    lines: dict[str, int] = {}
    by_night, missing = 0, set()
    for split, name in PAPER_FILES.items():
        named = _read_list(folder / name)
        lines[split] = len(named)
        listed_images = dict.fromkeys(image for image in named if not parse_drive(image[0]).night)
        by_night += sum(parse_drive(drive_id).night for drive_id, _ in named)
        missing |= set(listed_images) - existing_images
        lists[split] = tuple(
            f'{drive_id}/{stamp_ns}' for drive_id, stamp_ns in listed_images if (drive_id, stamp_ns) in existing_images
        )
    train, validation, test = (lists[split] for split in SPLITS)
    return PaperLists(SplitFile(PAPER_NAME, train, validation, test, leaks=True), lines, by_night, len(missing))


def _stamps_ns(path: Path) -> list[int]:
    with DriveReader(path) as drive:
        stamps: list[int] = drive.image_stamps_ns.tolist()
        return stamps


def _read_list(path: Path) -> list[tuple[str, int]]:
    try:
        lines = path.read_text(encoding='utf-8').split()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"Cannot read {str(path)!r}: {error}. Give the folder mavd/data of the paper's published code."
        raise TrainingError(msg) from None
    try:
        images = [(drive_id, name.stamp_ns) for drive_id, name in map(parse_line, lines)]
    except TrainingError as error:
        msg = f'{path}: {error}'
        raise TrainingError(msg) from None
    if not images:
        msg = f'{str(path)!r} is empty: give the published list.'
        raise TrainingError(msg)
    return images
