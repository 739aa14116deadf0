# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Worker processes for arithmetic: as many as asked for, of one thread each."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor

THREAD_LIMITS = ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS')


def fresh_pool(workers: int) -> ProcessPoolExecutor:
    """Return a pool of new processes.

    They read the limit before numpy does, whatever the caller's own limit is, and inherit no locks. Workers of
    several threads each would wait for one another more than they compute.
    """
    os.environ.update(dict.fromkeys(THREAD_LIMITS, '1'))
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context('spawn'))
