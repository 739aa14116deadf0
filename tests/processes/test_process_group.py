# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from audio_manifold_ros.common.errors import ProcessError
from audio_manifold_ros.processes.process_group import ProcessGroup


@pytest.fixture
def group(tmp_path: Path) -> ProcessGroup:
    """Return a group whose processes find the modules `sleeping` and `failing`."""
    (tmp_path / 'sleeping.py').write_text('import time\ntime.sleep(60)\n', encoding='utf-8')
    (tmp_path / 'failing.py').write_text("raise SystemExit('no microphone')\n", encoding='utf-8')
    return ProcessGroup(tmp_path, {'PYTHONPATH': str(tmp_path)})


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def wait_for_end(process: psutil.Process) -> None:
    wait_until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)


def test_processes_are_terminated_at_the_end(group: ProcessGroup) -> None:
    with group:
        process = psutil.Process(group.start_node('sleeper', 'sleeping', {}))
        group.check()
        assert group.names == ('sleeper',)
        wait_until(lambda: group.resident_mb('sleeper') > 1)  # Python has replaced the program that starts it
    assert not process.is_running()
    assert group.resident_mb('sleeper') == 0


def test_a_failed_process_is_reported_with_its_output(group: ProcessGroup) -> None:
    with group:
        wait_for_end(psutil.Process(group.start_node('microphone', 'failing', {})))
        with pytest.raises(ProcessError, match=r'microphone has ended with status 1:\nno microphone'):
            group.check()
