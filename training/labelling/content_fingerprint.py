# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fingerprint of files by name, size and content, independent of their folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

EDGE_BYTES = 1 << 16


def fingerprint(files: Iterable[Path], *, full_content: bool) -> str:
    """Return a hash of files by name, size and content.

    Args:
        files: The files in a fixed order.
        full_content: Read whole files. Otherwise both ends of each file are read, which distinguish recordings of tens
            of gigabytes.

    Raises:
        OSError: A file cannot be read.

    """
    digest = hashlib.sha256()
    for path in files:
        size = path.stat().st_size
        digest.update(f'{path.name}\0{size}\0'.encode())
        with path.open('rb') as file:
            while block := file.read(EDGE_BYTES):
                digest.update(block)
                if not full_content:
                    file.seek(max(size - EDGE_BYTES, file.tell()))
                    digest.update(file.read())
                    break
    return digest.hexdigest()
