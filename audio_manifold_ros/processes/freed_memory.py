# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Freed memory of a process: glibc's malloc keeps it, or returns it to the system."""

from __future__ import annotations

import ctypes

# Constants of glibc's malloc.h, see mallopt(3).
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
NEVER_TRIM, NO_MAPPINGS = -1, 0


def keep_freed_memory() -> bool:
    """Configure glibc to keep freed memory in the process, and return True, or False with another C library.

    Every training step allocates and frees the same large arrays. By default glibc maps each of them from the system
    and returns it, and the system clears every page again: a sixth to a third of a step on a CPU
    (`./run bench training_step`). With this setting a process never shrinks, which suits one that trains.
    """
    mallopt = getattr(ctypes.CDLL(None), 'mallopt', None)
    if mallopt is None:
        return False
    return bool(mallopt(M_MMAP_MAX, NO_MAPPINGS) and mallopt(M_TRIM_THRESHOLD, NEVER_TRIM))


def return_freed_memory() -> None:
    """Return freed memory to the system once. Do nothing with another C library than glibc.

    Loading a graph allocates and frees several times the size of its weights. glibc keeps most of it.
    """
    malloc_trim = getattr(ctypes.CDLL(None), 'malloc_trim', None)
    if malloc_trim is not None:
        malloc_trim(0)
