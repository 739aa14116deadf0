# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.simulation.sound import propagation

SPEED_OF_SOUND_MPS = propagation.speed_of_sound_mps(20.0)


def test_speed_of_sound() -> None:
    assert pytest.approx(343.2, abs=0.1) == SPEED_OF_SOUND_MPS
    assert propagation.speed_of_sound_mps(0.0) == pytest.approx(331.3)


def test_fade_out_is_smooth_and_complete() -> None:
    fade = propagation.fade_out(np.linspace(0, 50, 501), 20, 30)
    assert fade[0] == 1
    assert fade[-1] == 0
    assert np.abs(np.diff(fade)).max() < 0.02
