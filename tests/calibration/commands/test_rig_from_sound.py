# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Order, polarity, levels and drift of one simulated rig. `./run bench calibration` measures many rigs."""

from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.calibration.channels.channel_clock_drift import estimate_ambient_drift, is_drifting
from audio_manifold_ros.calibration.channels.channel_gains import estimate_ambient_gains
from audio_manifold_ros.calibration.channels.channel_identification import identify_channels
from audio_manifold_ros.calibration.channels.channel_polarity import estimate_polarity
from audio_manifold_ros.common.array_types import Samples
from audio_manifold_ros.common.errors import CalibrationError
from audio_manifold_ros.testing.simulated_rig import RATE_HZ, SimulatedRig, octagon

PLACES, PLACE_S = 8, 2.5


@pytest.fixture(scope='module')
def rig() -> SimulatedRig:
    return SimulatedRig(981_008, octagon())


@pytest.fixture(scope='module')
def street(rig: SimulatedRig) -> Samples:
    return rig.street(PLACES * PLACE_S)


@pytest.mark.parametrize('taps', [True, False])
def test_channel_order(rig: SimulatedRig, street: Samples, *, taps: bool) -> None:
    order = identify_channels(rig.device(rig.speech_at_microphones(PLACE_S, street, taps=taps), shuffled=True), RATE_HZ)
    assert [answer.channel for answer in order.tap_events] == rig.ground_truth.channels.tolist()
    assert not order.silent
    assert not order.overlapping
    for number, answer in enumerate(order.tap_events):
        assert number * PLACE_S <= answer.start_s < answer.end_s <= (number + 1) * PLACE_S


def test_silent_channel_is_named(rig: SimulatedRig, street: Samples) -> None:
    recorded = rig.device(rig.speech_at_microphones(PLACE_S, street, taps=True), shuffled=True)
    recorded[2] = recorded[2, ::-1] * np.float32(0.01)
    assert 2 not in [answer.channel for answer in identify_channels(recorded[:, : 2 * RATE_HZ], RATE_HZ).tap_events]
    assert identify_channels(rig.device(street), RATE_HZ).silent == tuple(range(8))


@pytest.mark.parametrize('loudspeaker', [False, True])
def test_polarity(rig: SimulatedRig, street: Samples, *, loudspeaker: bool) -> None:
    ground_truth = rig.ground_truth.polarities
    source = rig.places(PLACES, PLACE_S, street) if loudspeaker else street
    found = estimate_polarity(rig.device(source), RATE_HZ, rig.array.positions_m)
    assert (found.signs == ground_truth * np.sign(ground_truth.sum() + 0.5)).all()
    assert found.undecided == ()
    assert found.certainty.min() > 0.8
    assert found.strength.min() > 0.3


def test_noise_has_no_polarity() -> None:
    noise = np.random.default_rng(0).standard_normal((4, 10 * RATE_HZ)).astype(np.float32) * np.float32(0.01)
    assert estimate_polarity(noise, RATE_HZ, octagon().positions_m[:4]).undecided == (0, 1, 2, 3)
    with pytest.raises(CalibrationError, match='there is 1'):
        estimate_polarity(noise[:1], RATE_HZ, octagon().positions_m[:1])


def test_ambient_gains_need_a_long_recording(rig: SimulatedRig, street: Samples) -> None:
    with pytest.raises(CalibrationError, match='20 s of street noise are too short'):
        estimate_ambient_gains(rig.device(street), RATE_HZ)
    found = estimate_ambient_gains(np.tile(rig.device(street), 3), RATE_HZ)
    assert np.abs(found.gains_db - rig.ground_truth.gains_db).max() < max(1.0, 5 * found.std_db.max())


def test_two_clocks_are_detected_in_street_noise(rig: SimulatedRig, street: Samples) -> None:
    positions_m, seconds = rig.array.positions_m, PLACES * PLACE_S
    assert not is_drifting(estimate_ambient_drift(rig.device(street), RATE_HZ, positions_m), seconds)
    two = rig.device(street, drift_ppm=[0, 90] * 4)
    drift_ppm = estimate_ambient_drift(two, RATE_HZ, positions_m)
    assert is_drifting(drift_ppm, seconds)
    assert (np.sign(drift_ppm) == [-1, 1] * 4).all()
