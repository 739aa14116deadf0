# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.simulation.sound import propagation

SPEED_OF_SOUND_MPS = propagation.speed_of_sound_mps(20.0)


def test_speed_of_sound() -> None:
    assert pytest.approx(343.2, abs=0.1) == SPEED_OF_SOUND_MPS
    assert propagation.speed_of_sound_mps(0.0) == pytest.approx(331.3)


@settings(deadline=None, max_examples=60)
@given(st.floats(-150, 150), st.floats(0.5, 60), st.floats(-40, 40))
def test_sound_arrives_from_the_position_of_emission(ahead: float, across: float, speed: float) -> None:
    delay = float(propagation.retarded_delay_s(np.array(ahead), across**2, speed, SPEED_OF_SOUND_MPS))
    distance = np.hypot(ahead - speed * delay, across)
    assert delay > 0
    assert distance == pytest.approx(SPEED_OF_SOUND_MPS * delay, rel=1e-9)


@pytest.mark.parametrize('speed', [-20.0, -5.0, 0.0, 14.0])
def test_doppler_ratio(speed: float) -> None:
    times = np.array([0.0, 1e-4])
    delay = propagation.retarded_delay_s(50.0 + speed * times, 1e-12, speed, SPEED_OF_SOUND_MPS)
    ratio = np.diff(times - delay) / np.diff(times)
    # Ahead and receding with `speed`: sound emitted in 1 s takes 1 + v / c seconds to arrive.
    assert ratio[0] == pytest.approx(1 / (1 + speed / SPEED_OF_SOUND_MPS), rel=1e-9)


def test_forward_and_backward_delay_agree() -> None:
    ahead, across, speed, receiver_speed = 20.0, 30.0, 12.0, 9.0
    back = float(propagation.retarded_delay_s(np.array(ahead), across, speed, SPEED_OF_SOUND_MPS))
    # At the time of emission both positions were the present ones minus the motion since then.
    ahead_then = ahead - (speed - receiver_speed) * back
    forth = propagation.retarded_delay_s(np.array(ahead_then), across, receiver_speed, SPEED_OF_SOUND_MPS)
    assert float(forth) == pytest.approx(back, rel=1e-9)


def test_ground_detour_is_two_heights_over_distance() -> None:
    distance = np.array([30.0, 60.0])
    expected = 2 * 0.3 * 1.7 / distance
    assert propagation.ground_detour_m(distance, 0.3, 1.7) == pytest.approx(expected, rel=0.01)


def test_soft_box_opens_and_closes() -> None:
    places = np.array([-2.0, 0.0, 0.4, 5.0, 9.6, 10.0, 12.0])
    gate = propagation.soft_box(places, 0.0, 10.0, 0.4)
    assert gate == pytest.approx([0, 0.5, 1, 1, 1, 0.5, 0])


def test_fade_out_is_smooth_and_complete() -> None:
    fade = propagation.fade_out(np.linspace(0, 50, 501), 20, 30)
    assert fade[0] == 1
    assert fade[-1] == 0
    assert np.abs(np.diff(fade)).max() < 0.02
