# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Detection of claps in rendered images."""

from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.calibration.camera.visual_clap_detection import detect_claps
from audio_manifold_ros.testing.clap_pictures import Clapper, clap_pictures

PLACE = (85.0, 62.0)


@pytest.mark.parametrize('hands', [1, 2])
@pytest.mark.parametrize('rate_hz', [30.0, 60.0])
def test_clap_time_is_finer_than_the_frame_period(hands: int, rate_hz: float) -> None:
    generator = np.random.default_rng(hands)
    claps_s = np.array([1.011, 2.73, 4.218])
    times_s = np.arange(round(5.5 * rate_hz)) / rate_hz
    clapper = Clapper(hands=hands, width_px=10, reach_px=30, bend=0.2, brightness=-70)
    places = np.tile(PLACE, (3, 1))
    stops = detect_claps(clap_pictures(clapper, claps_s, places, times_s, 0.01, generator), times_s)
    for clap_s in claps_s:
        stop = min(stops, key=lambda stop: abs(stop.time_s - float(clap_s)))
        assert stop.time_s == pytest.approx(clap_s, abs=0.005)
        assert (stop.column, stop.row) == pytest.approx(PLACE, abs=8)


def test_still_images_have_no_claps() -> None:
    still = np.random.default_rng(0).normal(100, 2, (60, 40, 50)).astype(np.uint8)
    assert detect_claps(still, np.arange(60) / 30) == []
    assert detect_claps(still[:3], np.arange(3) / 30) == []
