# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""SHA-256 of a bag. A dataset stores it to identify the bag that it was converted from."""

from __future__ import annotations

import hashlib
from pathlib import Path

from audio_manifold_ros.bags.storage.bag_folder import find_bag
from audio_manifold_ros.common.errors import BagError

READ_BYTES = 1 << 20


def bag_sha256(bag: Path | str) -> str:
    """Return the hash of the content of all storage files. File names and `metadata.yaml` are not included.

    Raises:
        BagError: The bag does not exist, or one of its files cannot be read.

    """
    return files_sha256(find_bag(bag).files)


def files_sha256(files: tuple[Path, ...]) -> str:
    """Return the hash of sizes and contents of several files in order.

    Raises:
        BagError: A file cannot be read.

    """
    digest = hashlib.sha256()
    try:
        for path in files:
            digest.update(path.stat().st_size.to_bytes(8, 'little'))
            with path.open('rb') as file:
                while block := file.read(READ_BYTES):
                    digest.update(block)
    except OSError as error:
        msg = f'Cannot read {str(path)!r}: {error.strerror or error}. Check the disk and the rights.'
        raise BagError(msg) from None
    return digest.hexdigest()
