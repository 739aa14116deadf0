# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Worker processes for arithmetic: as many as asked for, of one thread each."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import threading
from concurrent.futures import ProcessPoolExecutor

THREAD_LIMITS = ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS')


def fresh_pool(workers: int) -> ProcessPoolExecutor:
    """Return a pool of new processes, which end with this one, however it ends.

    They read the limit before numpy does, whatever the caller's own limit is, and inherit no locks. Workers of
    several threads each would wait for one another more than they compute.
    """
    os.environ.update(dict.fromkeys(THREAD_LIMITS, '1'))
    context = multiprocessing.get_context('spawn')
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_end_with_parent)


def _end_with_parent() -> None:
    """Watch the parent: the workers of a parent that was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_wait_and_exit, args=(parent.sentinel,), name='parent', daemon=True).start()


def _wait_and_exit(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)
