# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.rig.rig import MicrophoneArray
from audio_manifold_ros.rig.rig_difference import geometry_difference, rig_difference

ARRAY = MicrophoneArray.from_yaml(resource_path('calibration/roof_octagon/mic_array.yaml'))


def test_equal_arrays_have_no_difference() -> None:
    assert not rig_difference(ARRAY, ARRAY).is_significant
    assert rig_difference(ARRAY, ARRAY).lines() == ()
    found = geometry_difference((ARRAY.positions_m, ARRAY.positions_m), (ARRAY.facings, ARRAY.facings))
    assert not found.is_significant
    assert found.describe() == ''


@settings(deadline=None, max_examples=50)
@given(
    place=st.integers(0, 7),
    shift_m=st.lists(st.floats(-1, 1), min_size=3, max_size=3),
    turn_deg=st.floats(0.2, 179),
)
def test_distance_and_angle_are_those_that_were_made(place: int, shift_m: list[float], turn_deg: float) -> None:
    mic = ARRAY.microphones[place]
    angle = np.arctan2(mic.facing[1], mic.facing[0]) + np.radians(turn_deg)
    moved = replace(
        mic,
        position_m=tuple(np.add(mic.position_m, shift_m).tolist()),
        facing=(float(np.cos(angle)), float(np.sin(angle)), 0.0),
    )
    microphones = (*ARRAY.microphones[:place], moved, *ARRAY.microphones[place + 1 :])
    other = replace(ARRAY, microphones=microphones)
    found = geometry_difference((ARRAY.positions_m, other.positions_m), (ARRAY.facings, other.facings))
    assert found.max_moved_m == pytest.approx(np.linalg.norm(shift_m), abs=1e-9)
    assert found.max_turned_deg == pytest.approx(turn_deg, abs=0.02)
    assert found.is_significant
    one = rig_difference(ARRAY, other).microphones[place]
    assert one.moved_m == pytest.approx(found.max_moved_m)
    assert one.turned_deg == pytest.approx(found.max_turned_deg)


def test_microphones_that_are_missing_or_extra_are_counted_and_named() -> None:
    fewer = replace(ARRAY, microphones=ARRAY.microphones[:6])
    found = geometry_difference((ARRAY.positions_m, fewer.positions_m), (ARRAY.facings, fewer.facings))
    assert found.describe() == '2 microphones are missing'
    back = geometry_difference((fewer.positions_m, ARRAY.positions_m), (fewer.facings, ARRAY.facings))
    assert back.describe() == '2 microphones are too many'
    assert rig_difference(ARRAY, fewer).lines() == ('mic_6: missing', 'mic_7: missing')
    assert rig_difference(fewer, ARRAY).lines() == ('mic_6: new', 'mic_7: new')


def test_every_change_of_a_microphone_is_described() -> None:
    first, second, *others = ARRAY.microphones
    changed = (
        replace(second, gain_db=1.5, delay_samples=48.0),
        replace(first, polarity=-1, enabled=False, device_channel=9, position_m=(0.5, 0.02, 0.0)),
        *others,
    )
    lines = rig_difference(ARRAY, replace(ARRAY, microphones=changed, delay_rate_hz=48_000)).lines()
    assert lines == (
        'mic_0: place 0 → 1, device_channel 0 → 9, polarity 1 → -1, enabled True → False, moved by 2.0 cm',
        'mic_1: place 1 → 0, gain +1.50 dB, delay +1000.00 µs',
    )
