# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.calibration.channels.channel_clock_drift import find_drifting_channels


@pytest.mark.parametrize(
    ('drift_ppm', 'expected'),
    [
        ([0.0, 0.1, -0.1, 0.05], ()),
        ([0.0, 0.1, 12.0, 11.9], (2, 3)),
        ([12.0, 0.0, 0.1, -0.1], (0,)),
        ([12.0, 12.1, 12.0, -0.1], (3,)),
        ([0.0], ()),
    ],
)
def test_the_smaller_group_is_returned(drift_ppm: list[float], expected: tuple[int, ...]) -> None:
    assert find_drifting_channels(np.array(drift_ppm), np.full(len(drift_ppm), 0.05)) == expected


def test_uncertain_drift_is_not_reported() -> None:
    assert find_drifting_channels(np.array([0.0, 0.0, 12.0, 12.0]), np.full(4, 3.0)) == ()
