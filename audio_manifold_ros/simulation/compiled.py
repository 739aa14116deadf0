# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Compilation of loops by numba, with a cache on disk where the system has a place for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar('F', bound=Callable[..., Any])


def compiled(signature: str) -> Callable[[F], F]:
    """Return a decorator that compiles a function for one signature and releases the GIL in it.

    A division by zero gives infinity, as in numpy. A check for it would keep the compiler from vectorising loops.

    The machine code is stored next to the module or in the cache folder of the user (`NUMBA_CACHE_DIR`). Compilation of
    the simulator takes about 25 s of processor time. On a system that is read-only it is compiled at each start.

    Numba compiles a stored function again after a change of its own module only. Delete `__pycache__` after a change of
    a constant or a compiled function that other modules use.
    """

    def decorate(function: F) -> F:
        result: Any
        try:
            result = numba.njit(signature, cache=True, nogil=True, error_model='numpy')(function)
        except (RuntimeError, OSError):  # numba: "cannot cache function: no locator available"
            result = numba.njit(signature, nogil=True, error_model='numpy')(function)
        return cast('F', result)

    return decorate
