# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Disk space reserve for closing a recording on a full disk, and synchronisation of written files."""

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
    """A file that reserves disk space. It is deleted when the disk is full."""

    def __init__(self, folder: Path) -> None:
        """Reserve nothing yet."""
        self._path = folder / RESERVE_FILE

    def claim(self) -> None:
        """Reserve 16 MiB.

        Raises:
            OSError: The disk does not have that much space.

        """
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(handle, 0, RESERVE_BYTES)
        finally:
            os.close(handle)

    def release(self) -> None:
        """Delete the reserve. A second call does nothing."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


def sync_all(handles: list[int]) -> OSError | None:
    """Synchronise files to disk and close them. Return the first error, or None."""
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
