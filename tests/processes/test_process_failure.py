# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Messages about processes that cannot be started or that end early: the cause, and its remedy."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from audio_manifold_ros.audio.capture.capture_client import CaptureClient
from audio_manifold_ros.common.errors import AudioError
from audio_manifold_ros.processes.process_failure import describe_exit, describe_start_error

FILES = Path('/proc/self/fd')
# With this limit of open files the interpreter works, but no pipe to a worker can be opened.
SPREAD_WITHOUT_FILES = """
import os, resource
from audio_manifold_ros.common.errors import ProcessError
from audio_manifold_ros.processes.spread_work import spread
resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir('/proc/self/fd')), 4096))
try:
    list(spread(abs, [1, 2, 3], 2))
except ProcessError as error:
    print(error)
"""


def test_a_worker_that_cannot_be_started_states_the_cause() -> None:
    done = subprocess.run([sys.executable, '-c', SPREAD_WITHOUT_FILES], check=True, capture_output=True, text=True)
    assert 'Cannot start a worker process: [Errno 24] Too many open files. Raise the limit of open files' in done.stdout
    assert 'memory' not in done.stdout


def test_a_capture_process_that_cannot_be_started_states_the_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, 'executable', '/nonexistent/python')
    before = len(list(FILES.iterdir()))
    with pytest.raises(
        AudioError, match=r"No such file or directory: '/nonexistent/python'\. Install it again"
    ) as caught:
        CaptureClient('default', 48_000, 8, 256)
    assert 'memory' not in str(caught.value)
    assert len(list(FILES.iterdir())) == before


@pytest.mark.parametrize(
    ('number', 'remedy'),
    [
        (errno.ENOMEM, 'Free memory'),
        (errno.EAGAIN, 'raise the limit of processes'),
        (errno.ENOSPC, 'Free space on that file system'),
        (errno.EIO, ''),
    ],
)
def test_each_cause_has_its_own_remedy(number: int, remedy: str) -> None:
    text = describe_start_error(OSError(number, os.strerror(number)))
    assert os.strerror(number) in text
    assert remedy in text
    assert ('memory' in remedy) == ('Free memory' in text)


def test_only_a_killed_process_is_said_to_lack_memory() -> None:
    assert 'SIGKILL, which Linux sends when memory runs out' in describe_exit(-signal.SIGKILL)
    for status in (-signal.SIGSEGV, -signal.SIGTERM, 1, None):
        assert 'memory' not in describe_exit(status)
    assert describe_exit(-signal.SIGTERM) == 'status -15 (SIGTERM)'


def test_a_signal_without_a_name_is_described() -> None:
    assert describe_exit(-40) == 'status -40 (a real-time signal)'
