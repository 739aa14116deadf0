# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.simulation.sound.directivity import HIGH_OMNI, directivity


def test_first_order_pattern() -> None:
    angles = np.array([0.0, np.pi / 2, np.pi])
    assert directivity(np.cos(angles), HIGH_OMNI) == pytest.approx([1.0, 0.6, 0.2])
    assert directivity(np.cos(angles), 1.0) == pytest.approx([1.0, 1.0, 1.0])


def test_front_is_fourteen_decibels_over_back() -> None:
    front, back = directivity(np.array([1.0, -1.0]), HIGH_OMNI)
    assert 20 * np.log10(front / back) == pytest.approx(13.98, abs=0.01)
