# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fuzz tests: no mutated file crashes a reader, hangs it, fills the memory, runs code or reaches outside its folder.

`FUZZ_INPUTS=5000 ./run test tests/fuzz` reads that many inputs of each format; `FUZZ_FIRST` names the first input, so
that a finding is repeated with `FUZZ_FIRST=NUMBER FUZZ_INPUTS=1`.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).parents[2]
INPUTS = int(os.environ.get('FUZZ_INPUTS', '24'))
FIRST = int(os.environ.get('FUZZ_FIRST', '0'))
MAX_SECONDS = 20.0
MAX_WAIT_S = 120.0
START_S = 90.0


@pytest.mark.parametrize('name', TARGETS)
@pytest.mark.timeout(60 + INPUTS * MAX_SECONDS)
def test_mutated_files_are_read_or_refused(name: str, tmp_path: Path) -> None:
    outside = tmp_path / 'outside.bin'
    outside.write_bytes(b'secret')
    results = list(run_inputs(name, tmp_path / 'inside'))
    findings = [result for result in results if result['status'] in {'crashed', 'hung', 'killed'} or result['problems']]
    shown = '\n\n'.join(describe(result) for result in findings[:5])
    assert not findings, f'{name}: {len(findings)} of {len(results)} inputs: {shown}'
    assert len(results) == INPUTS
    assert sorted(path.name for path in tmp_path.iterdir()) == ['inside', 'outside.bin']
    assert outside.read_bytes() == b'secret'
    print(name, dict(Counter(result['status'] for result in results)))


def run_inputs(name: str, folder: Path) -> Iterator[dict[str, Any]]:
    """Read all inputs in child processes; one that hangs or dies is replaced, and its input is a finding."""
    number, run = FIRST, 0
    while number < FIRST + INPUTS:
        run += 1
        for result in run_worker(name, number, FIRST + INPUTS - number, folder / f'worker-{run}'):
            number = result['number'] + 1
            yield result


def run_worker(name: str, first: int, count: int, folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the results of one child process until it ends, hangs or dies."""
    folder.mkdir(parents=True)
    command = [sys.executable, '-m', 'tests.fuzz.worker', name, str(first), str(count), str(folder)]
    log = folder / 'stderr.txt'
    with log.open('wb') as errors:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True)
    selector = selectors.DefaultSelector()
    assert process.stdout is not None
    selector.register(process.stdout, selectors.EVENT_READ)
    begun: int | None = None
    with process, selector:
        while True:
            waited_s = hung_for_s(selector, process.pid, START_S if begun is None else MAX_SECONDS)
            if waited_s:
                process.kill()
                assert begun is not None, f'the worker did not start: {log.read_text(errors="replace")[-2_000:]}'
                yield {'number': begun, 'status': 'hung', 'message': f'no result in {waited_s} s', 'problems': []}
                return
            line = process.stdout.readline()
            if not line:
                break
            values = json.loads(line)
            if 'begins' in values:
                begun = values['begins']
            else:
                yield values
                if values['number'] == first + count - 1:
                    return
    text = log.read_text(errors='replace')[-2_000:]
    assert begun is not None, f'the worker did not start: {text}'
    yield {'number': begun, 'status': 'killed', 'message': f'status {process.returncode}: {text}', 'problems': []}


def hung_for_s(selector: selectors.BaseSelector, process: int, limit_s: float) -> float:
    """Wait for a line of a process. Return 0, or the seconds after which the process counts as hung.

    On a loaded machine it may wait for the processor. It is hung if it used the processor, or waited much longer.
    """
    waited_s, started_s = 0.0, cpu_s(process)
    while not selector.select(limit_s):
        waited_s += limit_s
        if waited_s >= MAX_WAIT_S or cpu_s(process) - started_s >= limit_s / 2:
            return waited_s
    return 0.0


def cpu_s(process: int) -> float:
    """Return the processor time of a process in seconds."""
    fields = Path(f'/proc/{process}/stat').read_text(encoding='utf-8', errors='replace').rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def describe(result: dict[str, Any]) -> str:
    """Return the number, the status and the end of the message of a finding."""
    return f'#{result["number"]} {result["status"]} {result["problems"]}\n{result["message"][-1_500:]}'
