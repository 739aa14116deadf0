# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Memory that one training step frees stays with the process for the next step."""

from __future__ import annotations

import ctypes

# Of glibc's malloc.h; mallopt(3) says what they do.
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
NEVER_TRIM, NO_MAPPINGS = -1, 0


def keep_freed_memory() -> bool:
    """Have glibc keep what is freed; returns whether the C library knows how.

    Every step allocates and frees the same large maps. By default glibc maps each of them from the system and gives it
    back, and the system clears every page anew: a sixth to a third of a step on a CPU (`./run bench training_step`).
    A process then never shrinks, which is right for one that trains. Other C libraries are left as they are.
    """
    mallopt = getattr(ctypes.CDLL(None), 'mallopt', None)
    if mallopt is None:
        return False
    return bool(mallopt(M_MMAP_MAX, NO_MAPPINGS) and mallopt(M_TRIM_THRESHOLD, NEVER_TRIM))
