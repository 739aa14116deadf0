# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Atomic writes and hashes of files."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

READ_BYTES = 1 << 20


@contextmanager
def atomic_write(path: Path, *, sync: bool = False) -> Iterator[Path]:
    """Yield a temporary path in the folder of `path`, which is renamed to `path` after the block.

    A reader sees the old file or the complete new one, never a part. The temporary file is removed after an error.

    Args:
        path: The file to write. Its folder must exist.
        sync: Wait until the file and its name are on the disk.

    Raises:
        OSError: The file cannot be written.

    """
    partial = path.with_name(f'.{path.name}.{os.getpid()}.partial')
    try:
        yield partial
        if sync:
            sync_to_disk(partial)
        partial.replace(path)
        if sync:
            sync_to_disk(path.parent)
    finally:
        partial.unlink(missing_ok=True)


def write_text_atomic(path: Path, text: str, *, sync: bool = False) -> None:
    """Write a text file as UTF-8. It appears under its name when it is complete.

    Raises:
        OSError: The file cannot be written.

    """
    with atomic_write(path, sync=sync) as partial:
        partial.write_text(text, encoding='utf-8')


def write_bytes_atomic(path: Path, data: bytes, *, sync: bool = False) -> None:
    """Write a binary file. It appears under its name when it is complete.

    Raises:
        OSError: The file cannot be written.

    """
    with atomic_write(path, sync=sync) as partial:
        partial.write_bytes(data)


def write_json_atomic(path: Path, values: Mapping[str, object], *, sort_keys: bool = True) -> None:
    """Write a JSON file as UTF-8, with an indent of one space and a final newline. NaN and infinity become null.

    Raises:
        OSError: The file cannot be written.

    """
    text = json.dumps(finite_or_null(values), indent=1, sort_keys=sort_keys, ensure_ascii=False, allow_nan=False)
    write_text_atomic(path, f'{text}\n')


def finite_or_null(values: object) -> object:
    """Return plain values with None in place of NaN and infinity, which JSON cannot represent."""
    if isinstance(values, float):
        return values if math.isfinite(values) else None
    if isinstance(values, Mapping):
        return {key: finite_or_null(value) for key, value in values.items()}
    if isinstance(values, (list, tuple)):
        return [finite_or_null(value) for value in values]
    return values


def sync_to_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk.

    Raises:
        OSError: The disk refuses.

    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of the content of a file, in hexadecimal.

    Raises:
        OSError: The file cannot be read.

    """
    with path.open('rb') as file:
        return sha256_of_rest(file)


def sha256_of_rest(file: BinaryIO) -> str:
    """Return the SHA-256 of an open file from its position to its end, in hexadecimal.

    Raises:
        OSError: The file cannot be read.

    """
    digest = hashlib.sha256()
    while block := file.read(READ_BYTES):
        digest.update(block)
    return digest.hexdigest()
