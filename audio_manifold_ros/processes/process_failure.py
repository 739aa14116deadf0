# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Causes of processes that cannot be started or that end early, with remedies."""

from __future__ import annotations

import errno
import signal
from collections.abc import Mapping

REMEDIES: Mapping[int, str] = {
    errno.ENOMEM: 'Free memory.',
    errno.EAGAIN: 'End other processes, or raise the limit of processes (ulimit -u, pids.max of a container).',
    errno.EMFILE: 'Raise the limit of open files of a process (ulimit -n).',
    errno.ENFILE: 'Raise the limit of open files of the system (fs.file-max).',
    errno.ENOSPC: 'Free space on that file system. Shared memory is in /dev/shm.',
    errno.EACCES: 'Give this user the right to read and run it.',
    errno.ENOENT: 'Install it again: a part of Python or of this package was removed.',
}
SIGNAL_NAMES: Mapping[int, str] = {entry.value: entry.name for entry in signal.Signals}
SIGNAL_CAUSES: Mapping[int, str] = {
    signal.SIGKILL: 'which Linux sends when memory runs out: free memory, or start fewer processes',
    signal.SIGSEGV: 'a crash in native code: report it with the job',
    signal.SIGABRT: 'a crash in native code: report it with the job',
    signal.SIGBUS: 'a damaged file, a full disk or full shared memory: check them',
}


def describe_start_error(error: OSError) -> str:
    """Return the cause of a process that cannot be started, and the remedy of this cause if there is one."""
    remedy = REMEDIES.get(error.errno or 0, '')
    return f'{error}. {remedy}'.rstrip()


def describe_exit(exit_status: int | None) -> str:
    """Return an exit status as `multiprocessing` gives it, with its usual cause.

    Args:
        exit_status: Negative signal number, or status. None if it is unknown.

    """
    if exit_status is not None and exit_status < 0:
        name = SIGNAL_NAMES.get(-exit_status, 'a real-time signal')
        cause = SIGNAL_CAUSES.get(-exit_status, '')
        return f'status {exit_status} ({name}{f", {cause}" if cause else ""})'
    return f'status {exit_status} (its own output has the reason)'
