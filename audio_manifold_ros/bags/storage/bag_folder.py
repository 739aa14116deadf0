# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Lookup of the files of a bag: a rosbag2 folder with or without `metadata.yaml`, or one storage file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from audio_manifold_ros.bags.storage.bag_metadata import FILE_NAME, read_metadata
from audio_manifold_ros.common.errors import BagError

STORAGE = ('.mcap', '.db3')
COMPRESSED = '.zstd'


@dataclass(frozen=True)
class BagFolder:
    """Files and metadata of a bag.

    Attributes:
        path: The folder or file.
        files: Storage files in order of recording.
        counts: Number of messages of each (topic, type) in `metadata.yaml`, None without that file.
        custom: Custom data of `metadata.yaml`.
        problems: Problems that do not prevent reading.

    """

    path: Path
    files: tuple[Path, ...]
    counts: Mapping[tuple[str, str], int] | None = None
    custom: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def find_bag(path: Path | str) -> BagFolder:
    """Find the files of a bag.

    Raises:
        BagError: The bag does not exist, or files that `metadata.yaml` lists are missing.

    """
    path = Path(path)
    if path.name == FILE_NAME:
        path = path.parent
    if path.is_file():
        if path.suffix == '.bag':
            msg = f'{path}: is a bag of ROS 1: convert it to ROS 2 first, for example with rosbags-convert.'
            raise BagError(msg)
        if not _is_storage(path):
            msg = f'{path}: is not a bag: give a rosbag2 folder, a .mcap or a .db3 file.'
            raise BagError(msg)
        return BagFolder(path, (path,))
    if not path.is_dir():
        msg = f'{path}: does not exist: give a rosbag2 folder, a .mcap or a .db3 file.'
        raise BagError(msg)
    present = storage_files(path)
    if not (path / FILE_NAME).exists():
        return BagFolder(path, present, problems=(f'{FILE_NAME} is missing: the files of the folder were read',))
    return _read_described_folder(path, present)


def storage_files(folder: Path) -> tuple[Path, ...]:
    """Return the storage files in a folder, in order of their numbers.

    Raises:
        BagError: The folder has none.

    """
    present = tuple(sorted((file for file in folder.iterdir() if file.is_file() and _is_storage(file)), key=_order))
    if not present:
        msg = f'{folder}: contains no .mcap or .db3 file: give the folder of a bag.'
        raise BagError(msg)
    return present


def _read_described_folder(path: Path, present: tuple[Path, ...]) -> BagFolder:
    try:
        metadata = read_metadata(path / FILE_NAME)
    except BagError as error:
        return BagFolder(path, present, problems=(str(error),))
    named = [path / name for name in metadata.files]
    # With file compression, some versions of rosbag2 list the name of the file before compression.
    files = tuple(
        file if file.exists() else file.with_name(file.name + COMPRESSED) for file in dict.fromkeys(named) if file.name
    )
    missing = [file.name.removesuffix(COMPRESSED) for file in files if not file.exists()]
    if missing or not files:
        msg = f'{path}: {FILE_NAME} lists {missing}, which do not exist: restore them, or run recover_bag.'
        raise BagError(msg)
    strays = [file.name for file in present if file not in files]
    problems = (f'{strays} are not listed in {FILE_NAME} and were not read',) if strays else ()
    return BagFolder(path, files, metadata.counts, metadata.custom, problems)


def _is_storage(path: Path) -> bool:
    return Path(path.name.removesuffix(COMPRESSED)).suffix in STORAGE


def _order(path: Path) -> tuple[str, int]:
    stem = path.name.partition('.')[0]
    number = re.search(r'_(\d+)$', stem)
    return (stem[: number.start()], int(number.group(1))) if number else (stem, -1)
