# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Commands from end to end: recording → report → rig."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.calibration.commands.cli import COMMANDS, main, make_parser
from audio_manifold_ros.common.array_types import Samples
from audio_manifold_ros.rig.rig import MicrophoneArray
from audio_manifold_ros.testing.rig_faults import inject_noise, inject_unplugged, quantize_to_pcm16
from audio_manifold_ros.testing.simulated_rig import RATE_HZ, SimulatedRig
from tests.bags.sound_bag import SoundBag
from tests.calibration.conftest import PLACE_S, PLACES, Calibrate

Wav = Callable[[Samples], str]
SHORT = 8 * RATE_HZ


def test_check_names_faulty_channels(
    calibrate: Calibrate, wav: Wav, rig: Path, simulated: SimulatedRig, street: Samples
) -> None:
    sound = simulated.device(street[:, :SHORT])
    status, report = calibrate('check', '--wav', wav(sound), '--rig', rig)
    assert (status, report['verdict'], report['changes']) == (0, 'good', [])
    inject_noise(sound, 2, simulated.generator)
    inject_unplugged(sound, 5, simulated.generator)
    status, report = calibrate('check', '--wav', wav(quantize_to_pcm16(sound)))
    assert (status, report['verdict']) == (1, 'faulty')
    assert report['summary'] == 'channel 2 is hissing; channel 5 is dead.'
    assert report['figures']['channels']['channel 5']['faults'] == ['dead']
    assert report['figures']['recording']['channels'] == 8


def test_rig_is_correct_after_measurement_and_apply(
    calibrate: Calibrate, wav: Wav, rig: Path, simulated: SimulatedRig, street: Samples
) -> None:
    ground_truth, before = simulated.ground_truth, (rig / 'mic_array.yaml').read_bytes()
    places = simulated.places(PLACES, PLACE_S, street)
    taps = wav(simulated.device(simulated.speech_at_microphones(PLACE_S, street, taps=True), shuffled=True))
    status, report = calibrate('order', '--wav', taps, '--rig', rig)
    assert (status, report['verdict']) == (0, 'change')
    assert list(report['figures']['device_channels'].values()) == ground_truth.channels.tolist()
    assert (rig / 'mic_array.yaml').read_bytes() == before
    assert main(['apply', str(rig.parent / 'report_order'), '--rig', str(rig)]) == 0
    kept = [path for path in rig.iterdir() if 'before' in path.name]
    assert [path.read_bytes() for path in kept] == [before]
    assert calibrate('order', '--wav', taps, '--rig', rig)[1]['verdict'] == 'good'

    loudspeaker = wav(simulated.device(places, shuffled=True))
    for command in ('polarity', 'delay', 'gains'):
        status, report = calibrate(command, '--wav', loudspeaker, '--rig', rig)
        assert (status, report['verdict']) == (0, 'change'), report['summary']
    for command in ('polarity', 'delay', 'gains'):
        assert main(['apply', str(rig.parent / f'report_{command}'), '--rig', str(rig)]) == 0
    array = MicrophoneArray.from_yaml(rig / 'mic_array.yaml')
    mics = array.microphones
    gains_db = np.array([mic.gain_db for mic in mics])
    polarity = np.array([mic.polarity for mic in mics])
    assert np.abs(gains_db + ground_truth.gains_db).max() < 0.3
    assert (polarity == ground_truth.polarities * np.sign(ground_truth.polarities.sum() + 0.5)).all()
    assert (
        np.abs([mic.delay_samples - late for mic, late in zip(mics, ground_truth.delays_samples, strict=True)]).max()
        < 0.05
    )
    assert all(set(mic.std) == {'gain_db', 'delay_samples'} for mic in mics)
    assert (rig / 'mic_array.yaml').read_text(encoding='utf-8').startswith('# Ours.\n')
    assert calibrate('gains', '--wav', loudspeaker, '--rig', rig)[1]['verdict'] == 'good'
    assert calibrate('delay', '--wav', loudspeaker, '--rig', rig)[1]['verdict'] == 'good'


def test_delay_refuses_two_devices(
    calibrate: Calibrate, wav: Wav, rig: Path, simulated: SimulatedRig, street: Samples
) -> None:
    drift_ppm = [0.0, 25.0] * 4
    sound = simulated.device(simulated.wired(8.0, street), drift_ppm=drift_ppm)
    status, report = calibrate('delay', '--signal', 'wired', '--wav', wav(sound), '--rig', rig)
    assert (status, report['verdict'], report['changes']) == (1, 'refused', [])
    assert report['summary'].startswith('mic_1, mic_3, mic_5, mic_7: another clock')
    assert report['figures']['drift_ppm']['mic_1'] - report['figures']['drift_ppm']['mic_0'] == pytest.approx(25, abs=1)


def test_wired_signal_gives_the_delays(
    calibrate: Calibrate, wav: Wav, rig: Path, simulated: SimulatedRig, street: Samples
) -> None:
    sound = simulated.device(simulated.wired(5.0, street))
    status, report = calibrate('delay', '--signal', 'wired', '--wav', wav(sound), '--rig', rig)
    assert (status, report['verdict']) == (0, 'change')
    found = np.array(list(report['figures']['delay_samples'].values()))
    assert np.abs(found - simulated.ground_truth.delays_samples).max() < 0.05


def test_bag_is_checked_with_the_given_rig(calibrate: Calibrate, tmp_path: Path, rig: Path) -> None:
    bag = SoundBag(seconds=6.0, lost=frozenset({100})).write(tmp_path / 'bag')
    status, report = calibrate('check', '--bag', bag, '--rig', rig)
    assert status == 0
    assert report['figures']['recording']['lost_samples'] == 256
    assert '256 samples were lost' in report['remarks'][0]
    assert 'mic_3' in report['figures']['channels']


def test_messages_name_the_missing_input(
    wav: Wav, tmp_path: Path, rig: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    noise = (rng.standard_normal((8, 6 * 22_500)) * 0.05).astype(np.float32)
    for arguments, message in (
        (['gains', '--wav', wav(noise)], 'needs a rig: give its folder'),
        (['order', '--wav', wav(noise[:4]), '--rig', str(rig)], 'has 4 channels, but array'),
        (['check', '--wav', wav(noise[:, :22_500])], '1.0 s are too short'),
        (['check', '--wav', str(tmp_path / 'none.wav')], 'does not exist'),
        (['check', '--bag', str(tmp_path / 'none')], 'none'),
        (['check', '--wav', wav(noise), '--start', '9'], 'no sound from 9 s on'),
        (['delay', '--wav', wav(noise), '--rig', str(rig)], 'No clear sound is stationary'),
    ):
        assert main([*arguments, *(['--out', str(tmp_path / 'out')])]) == 2
        assert message in capsys.readouterr().err


def test_dead_microphone_stops_a_comparison(
    calibrate: Calibrate,
    wav: Wav,
    rig: Path,
    simulated: SimulatedRig,
    street: Samples,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sound = simulated.device(street[:, :SHORT])
    sound[4] = 0
    assert main(['polarity', '--wav', wav(sound), '--rig', str(rig), '--out', str(rig / 'out')]) == 2
    assert 'mic_4 is dead: run `calibrate check`' in capsys.readouterr().err
    text = (rig / 'mic_array.yaml').read_text(encoding='utf-8').split('enabled: true')
    (rig / 'mic_array.yaml').write_text(
        'enabled: true'.join(text[:5]) + 'enabled: false' + 'enabled: true'.join(text[5:])
    )
    _, report = calibrate('polarity', '--wav', wav(sound), '--rig', rig)
    assert 'mic_4' not in report['figures']['polarity']
    assert len(report['figures']['polarity']) == 7


@pytest.mark.parametrize('name', list(COMMANDS))
def test_every_command_has_a_help_text(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        make_parser().parse_args([name, '--help'])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert len(text) > 200
    assert f'{name} {COMMANDS[name].example}' in text
    assert make_parser().parse_args([name, *shlex.split(COMMANDS[name].example)]).command == name


def test_reports_contain_finite_numbers(
    calibrate: Calibrate, wav: Wav, simulated: SimulatedRig, street: Samples
) -> None:
    sound = simulated.device(street[:, :SHORT])
    sound[1:] = 0
    _, report = calibrate('check', '--wav', wav(sound))
    levels = [channel['level_dbfs'] for channel in report['figures']['channels'].values()]
    assert all(math.isfinite(level) for level in levels)
