# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures: a simulated rig with known errors, its recordings, and the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import soundfile

from audio_manifold_ros.calibration.commands.cli import main
from audio_manifold_ros.common.array_types import Samples
from audio_manifold_ros.testing.simulated_rig import RATE_HZ, SimulatedRig, octagon

SECONDS, PLACES, PLACE_S = 20.0, 8, 2.5

Calibrate = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture(scope='session')
def simulated() -> SimulatedRig:
    return SimulatedRig(981_010, octagon())


@pytest.fixture(scope='session')
def street(simulated: SimulatedRig) -> Samples:
    return simulated.street(SECONDS)


@pytest.fixture
def rig(tmp_path: Path) -> Path:
    """Write the rig files before calibration."""
    folder = tmp_path / 'rig'
    folder.mkdir()
    (folder / 'mic_array.yaml').write_text('# Ours.\n' + octagon().to_text(), encoding='utf-8')
    return folder


@pytest.fixture
def wav(tmp_path: Path) -> Callable[[Samples], str]:
    """Write a recording and return its path."""
    numbers = count()

    def write(samples: Samples) -> str:
        path = tmp_path / f'recording_{next(numbers)}.wav'
        soundfile.write(path, samples.T, RATE_HZ, subtype='PCM_16')
        return str(path)

    return write


@pytest.fixture
def calibrate(tmp_path: Path) -> Calibrate:
    """Run a command, and return its exit status and its report."""

    def run(command: str, *arguments: object) -> tuple[int, dict[str, Any]]:
        out = tmp_path / f'report_{command}'
        status = main([command, *map(str, arguments), '--out', str(out)])
        report: dict[str, Any] = json.loads((out / 'report.json').read_text(encoding='utf-8'))
        assert (out / 'report.txt').read_text(encoding='utf-8').strip()
        assert all((out / name).read_bytes().startswith(b'\x89PNG') for name in report['pictures'])
        assert report['pictures']
        return status, report

    return run
