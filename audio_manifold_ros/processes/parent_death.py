# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""End of a child process with its parent, by the kernel, even if the child is stopped or hangs."""

from __future__ import annotations

import contextlib
import ctypes
import signal
import sys

PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Ask Linux to kill this process when the thread that started it ends.

    A signal that can be handled would stay pending in a stopped process. The parent must start this process from a
    thread that lives as long as the child is wanted. Does nothing on other systems.
    """
    if sys.platform == 'linux':
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
