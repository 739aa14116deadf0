# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from audio_manifold_ros.processes.process_pool import fresh_pool

ROOT = Path(__file__).parents[2]
PARENT = """
import os
from audio_manifold_ros.processes.process_pool import fresh_pool

if __name__ == '__main__':
    with fresh_pool(2) as pool:
        print(*{pool.submit(os.getpid).result() for _ in range(8)}, flush=True)
        pool.submit(__import__('time').sleep, 600).result()
"""


def test_workers_have_one_thread_each() -> None:
    with fresh_pool(1) as pool:
        assert pool.submit(_threads).result() == '1'


def test_workers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / 'parent.py'
    script.write_text(PARENT, encoding='utf-8')
    environment = {**os.environ, 'PYTHONPATH': str(ROOT)}
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        workers = [int(word) for word in parent.stdout.readline().split()]
        parent.kill()
    assert workers
    end_s = time.monotonic() + 30
    while any(_runs(worker) for worker in workers):
        assert time.monotonic() < end_s, 'workers are still running after their parent'
        time.sleep(0.05)


def _threads() -> str:
    return os.environ['OMP_NUM_THREADS']


def _runs(process_id: int) -> bool:
    try:
        return Path(f'/proc/{process_id}/stat').read_text(encoding='utf-8').split(')')[1].split()[0] != 'Z'
    except FileNotFoundError:
        return False
