# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Process pool for computations: spawned workers with one thread each, which end with their parent."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import threading
from concurrent.futures import ProcessPoolExecutor

THREAD_LIMITS = ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS')


def fresh_pool(workers: int) -> ProcessPoolExecutor:
    """Return a pool of spawned processes. They exit when this process ends, even if it is killed.

    The thread limit is in their environment before they import numpy, whatever the limit of this process is. With
    several threads each, workers would mostly wait for one another. Spawned processes inherit no locks.
    """
    limit_threads()
    context = multiprocessing.get_context('spawn')
    return ProcessPoolExecutor(workers, mp_context=context, initializer=end_with_parent_process)


def limit_threads() -> None:
    """Limit numerical libraries to one thread in the processes that this one starts from now on."""
    os.environ.update(dict.fromkeys(THREAD_LIMITS, '1'))


def end_with_parent_process() -> None:
    """Exit with the parent: otherwise the workers of a killed parent would wait for work forever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_wait_and_exit, args=(parent.sentinel,), name='parent', daemon=True).start()


def _wait_and_exit(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)
