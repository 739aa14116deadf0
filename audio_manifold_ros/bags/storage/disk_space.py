# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a recording wants of a disk: room to end well when it is full, and that what was written is there."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import final

RESERVE_FILE = '.reserve'
# The chunk in progress, the summary and metadata.yaml of a bag fit in.
RESERVE_BYTES = 16 * 2**20


@final
class DiskReserve:
    """A file of zeros, given back when the disk is full."""

    def __init__(self, folder: Path) -> None:
        """Claim nothing yet."""
        self._path = folder / RESERVE_FILE

    def claim(self) -> None:
        """Take the room.

        Raises:
            OSError: There is not that much.

        """
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            os.posix_fallocate(handle, 0, RESERVE_BYTES)
        finally:
            os.close(handle)

    def release(self) -> None:
        """Give it back; a second call does nothing."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


def sync_all(handles: list[int]) -> OSError | None:
    """Wait until files are on the disk, close them, and return the first refusal."""
    failures = [_sync(handle) for handle in handles]
    return next((failure for failure in failures if failure is not None), None)


def _sync(handle: int) -> OSError | None:
    try:
        os.fsync(handle)
    except OSError as error:
        return error
    finally:
        os.close(handle)
    return None
