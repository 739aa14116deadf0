# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`calibrate check` on real PortAudio and a real PulseAudio array."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.calibration.commands.cli import main
from audio_manifold_ros.common.array_types import Samples
from audio_manifold_ros.testing.simulated_rig import SimulatedRig
from tests.calibration.conftest import Calibrate
from tests.pulse_array import DEVICE, RATE_HZ, PulseArray, running_array


@pytest.fixture(scope='module')
def pulse_array() -> Iterator[PulseArray]:
    with running_array() as array:
        yield array


def test_live_device_is_checked(
    pulse_array: PulseArray, calibrate: Calibrate, simulated: SimulatedRig, street: Samples, rig: Path
) -> None:
    sound = simulated.device(street)
    sound[3] = sound[6]
    pulse_array.play((np.tile(sound, 4) * 32768).astype(np.int16))
    live = ('--device', DEVICE, '--rate', RATE_HZ, '--rig', rig)
    status, report = calibrate('check', *live, '--start', 1, '--seconds', 6)
    assert status == 1
    assert report['figures']['recording']['duration_s'] == pytest.approx(6, abs=0.1)
    faulty = {name for name, channel in report['figures']['channels'].items() if channel['faults']}
    assert faulty == {'mic_3', 'mic_6'}
    assert report['figures']['channels']['mic_3']['identical_to'] == ['mic_6']


def test_message_names_a_missing_device(
    pulse_array: PulseArray, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(['check', '--device', 'no such array', '--out', str(tmp_path)]) == 2
    assert 'no such array' in capsys.readouterr().err
