# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`calibrate geometry`: from a recording of claps to the rig."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.calibration.commands.cli import main
from audio_manifold_ros.calibration.geometry.array_self_calibration import fit_rigid_transform
from audio_manifold_ros.common.array_types import Samples
from audio_manifold_ros.rig.rig import MicrophoneArray
from audio_manifold_ros.testing.clapped_rig import CLAP_INTERVAL_S, ClappedRig, measured_distances, misplaced_rig
from tests.calibration.conftest import Calibrate

CLAPS = 16
Wav = Callable[[Samples], str]


@pytest.fixture(scope='module')
def clapped() -> ClappedRig:
    return misplaced_rig(985_000)


@pytest.fixture(scope='module')
def recorded(clapped: ClappedRig) -> Samples:
    return clapped.device(clapped.claps(CLAPS, clapped.street(CLAPS * CLAP_INTERVAL_S)).pressure)


@pytest.fixture
def nominal(tmp_path: Path, clapped: ClappedRig) -> Path:
    """Write rig files with position errors."""
    folder = tmp_path / 'rig'
    folder.mkdir()
    (folder / 'mic_array.yaml').write_text(clapped.nominal.to_text(), encoding='utf-8')
    return folder


def _distances(rig: ClappedRig) -> list[str]:
    return [
        word
        for pair in measured_distances(rig)
        for word in ('--distance', f'mic_{pair.first}', f'mic_{pair.second}', f'{pair.distance_m:.3f}')
    ]


def test_positions_are_accurate_and_written(
    calibrate: Calibrate, wav: Wav, nominal: Path, clapped: ClappedRig, recorded: Samples
) -> None:
    given = ('--wav', wav(recorded), '--rig', nominal, *_distances(clapped))
    status, report = calibrate('geometry', *given)
    assert (status, report['verdict']) == (0, 'change'), report['summary']
    assert report['figures']['events'] >= CLAPS - 2
    assert main(['apply', str(nominal.parent / 'report_geometry'), '--rig', str(nominal)]) == 0
    written = MicrophoneArray.from_yaml(nominal / 'mic_array.yaml')
    rotation, shift = fit_rigid_transform(written.positions_m, clapped.positions_m, np.ones(8))
    apart = written.positions_m @ rotation.T + shift - clapped.positions_m
    assert np.sqrt((apart**2).sum(axis=1).mean()) < 0.02
    assert all(0 < mic.std['position_m'] < 0.02 for mic in written.microphones)
    again = calibrate('geometry', *given)[1]
    assert again['verdict'] == 'good', again['summary']


def test_distances_are_checked_before_the_measurement(
    wav: Wav, nominal: Path, recorded: Samples, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ['geometry', '--wav', wav(recorded), '--rig', str(nominal), '--distance']
    for words, message in (
        (['mic_0', 'mic_9', '1'], 'name two of the enabled microphones'),
        (['mic_0', 'mic_0', '1'], 'name two of the enabled microphones'),
        (['mic_0', 'mic_1', 'far'], 'in metres'),
        (['mic_0', 'mic_1', '-1'], 'in metres'),
    ):
        assert main([*given, *words]) == 2
        assert message in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(['geometry', '--wav', 'x.wav', '--rig', str(nominal)])


def test_recording_without_claps_is_refused(
    wav: Wav, nominal: Path, clapped: ClappedRig, capsys: pytest.CaptureFixture[str]
) -> None:
    street = wav(clapped.device(clapped.street(6.0)))
    assert main(['geometry', '--wav', street, '--rig', str(nominal), *_distances(clapped)]) == 2
    assert 'clap 8 times or more' in capsys.readouterr().err
