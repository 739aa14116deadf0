# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import ctypes
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from audio_manifold_ros.processes import freed_memory

ROOT = Path(__file__).parents[2]
# Two large arrays and a small one between, like in a network. 40 MB exceed what glibc keeps by default.
STEPS = """
import resource, sys, torch
from audio_manifold_ros.processes.freed_memory import keep_freed_memory
if sys.argv[1] == 'kept':
    assert keep_freed_memory()

def step():
    first = torch.ones(10_000_000)
    second = torch.ones(3_000)
    third = torch.ones(10_000_000)
    return float(first[0] + second[0] + third[0])

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

# The first steps place small blocks among large ones.
for _ in range(10):
    step()
before = faults()
for _ in range(40):
    step()
print(faults() - before)
"""
NEEDS_GLIBC = pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='only glibc has this setting')


@NEEDS_GLIBC
def test_later_steps_take_little_memory_from_the_system() -> None:
    plain, kept = _page_faults('plain'), _page_faults('kept')
    mode = Path('/sys/kernel/mm/transparent_hugepage/enabled')
    if not (mode.is_file() and '[always]' in mode.read_text()):  # with huge pages, the counts differ
        assert plain > 40 * 2 * 10_000_000 * 4 / 4096 * 0.9
        assert kept < plain / 5
    assert kept <= plain


def test_another_c_library_is_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, 'CDLL', lambda _name: object())
    assert not freed_memory.keep_freed_memory()


def _page_faults(how: str) -> int:
    command = [sys.executable, '-c', STEPS, how]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


# Blocks below glibc's limit for mappings, and one that stays at the top of the heap.
TRIM = """
import ctypes
from audio_manifold_ros.processes.freed_memory import return_freed_memory

def resident_bytes():
    return int(open('/proc/self/statm').read().split()[1]) * 4096

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
blocks = [libc.malloc(100_000) for _ in range(300)]
for block in blocks:
    ctypes.memset(block, 1, 100_000)
for block in blocks[:-1]:
    libc.free(ctypes.c_void_p(block))
before = resident_bytes()
return_freed_memory()
print(before - resident_bytes())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='malloc_trim is a function of glibc')
def test_freed_memory_below_a_used_block_is_returned() -> None:
    output = subprocess.run([sys.executable, '-c', TRIM], check=True, capture_output=True, text=True, cwd=ROOT).stdout
    assert int(output) > 20_000_000
