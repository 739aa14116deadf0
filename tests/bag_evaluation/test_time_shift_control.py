# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.bag_evaluation.time_shift_control import TimeShiftedControl, choose_shift_s
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.modalities.modality_images import ModalityImages


def prediction_at(stamp_ns: int) -> ModalityImages:
    return ModalityImages(np.array([[stamp_ns]], dtype=np.float64), None)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, 900_000_000), min_size=1, max_size=60), st.floats(0.5, 5.0))
def test_every_window_is_yielded_once_with_a_distant_partner(steps_ns: list[int], shift_s: float) -> None:
    stamps = np.cumsum(steps_ns).tolist()
    elsewhere: TimeShiftedControl[int] = TimeShiftedControl(shift_s)
    found = [pair for stamp_ns in stamps for pair in elsewhere.add(stamp_ns, prediction_at(stamp_ns), stamp_ns)]
    drain = list(elsewhere.drain())
    assert sorted(stamp_ns for stamp_ns, _ in [*found, *drain]) == stamps
    for stamp_ns, other in found:
        assert other is not None
        assert abs(other.depth_m[0, 0] - stamp_ns) >= round(shift_s * NS_PER_S)
    assert all(other is None for _, other in drain)
    if stamps[-1] - stamps[0] >= 2 * shift_s * NS_PER_S:
        assert not drain


def test_a_clock_that_was_set_back_restarts_the_pairing() -> None:
    elsewhere: TimeShiftedControl[int] = TimeShiftedControl(1.0)
    stamps = [10 * NS_PER_S, 11 * NS_PER_S, 3 * NS_PER_S, 4 * NS_PER_S]
    found = [pair for stamp_ns in stamps for pair in elsewhere.add(stamp_ns, prediction_at(stamp_ns), stamp_ns)]
    partners = {stamp_ns: other.depth_m[0, 0] for stamp_ns, other in found if other is not None}
    assert partners[4 * NS_PER_S] == 3 * NS_PER_S
    assert partners[11 * NS_PER_S] == 10 * NS_PER_S


def test_a_short_drive_is_shifted_by_half() -> None:
    assert choose_shift_s(3.0) == 1.5
    assert choose_shift_s(600.0) == 20.0
