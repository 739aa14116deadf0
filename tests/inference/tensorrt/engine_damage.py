# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Damages of an engine on a disk, and the reasons with which it is set aside."""

from __future__ import annotations

import os
from pathlib import Path

from audio_manifold_ros.inference.tensorrt.engine_cache import ENGINE_FILE, METADATA_FILE


def truncate(folder: Path) -> None:
    os.truncate(folder / ENGINE_FILE, 1000)


def flip(folder: Path) -> None:
    content = bytearray((folder / ENGINE_FILE).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / ENGINE_FILE).write_bytes(content)


def empty(folder: Path) -> None:
    (folder / ENGINE_FILE).write_bytes(b'')


def remove_metadata(folder: Path) -> None:
    (folder / METADATA_FILE).unlink()


def remove_engine(folder: Path) -> None:
    (folder / ENGINE_FILE).unlink()


def corrupt_metadata(folder: Path) -> None:
    (folder / METADATA_FILE).write_bytes(b'\xff\xfe')


def future_metadata(folder: Path) -> None:
    text = (folder / METADATA_FILE).read_text()
    (folder / METADATA_FILE).write_text(text.replace('"format_version": 2', '"format_version": 3'))


def let_others_write(folder: Path) -> None:
    (folder / ENGINE_FILE).chmod(0o666)


def link_elsewhere(folder: Path) -> None:
    moved = folder.parent / 'moved.ep'
    (folder / ENGINE_FILE).rename(moved)
    (folder / ENGINE_FILE).symlink_to(moved)


FAULTS = [
    (truncate, 'truncated or was changed'),
    (flip, 'truncated or was changed'),
    (empty, 'truncated or was changed'),
    (remove_metadata, 'it has no engine.json: its build did not finish'),
    (remove_engine, 'No such file'),
    (corrupt_metadata, 'engine.json cannot be read'),
    (future_metadata, 'has format_version 3'),
    (let_others_write, 'other users can write it'),
    (link_elsewhere, 'it is a link'),
]
