# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.simulation.sound.directivity import HIGH_OMNI, directivity, high_gain


def test_first_order_pattern() -> None:
    angles = np.array([0.0, np.pi / 2, np.pi])
    assert directivity(np.cos(angles), HIGH_OMNI) == pytest.approx([1.0, 0.6, 0.2])
    assert directivity(np.cos(angles), 1.0) == pytest.approx([1.0, 1.0, 1.0])


def test_gain_rotates_with_the_microphone() -> None:
    facings = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    ahead, across, up = np.array([[10.0], [10.0]]), np.zeros((2, 1)), np.zeros((2, 1))
    assert high_gain(ahead, across, up, facings)[:, 0] == pytest.approx([1.0, 0.6])
    assert high_gain(ahead, ahead, up, facings)[:, 0] == pytest.approx([0.6 + 0.4 / np.sqrt(2)] * 2)


def test_front_is_fourteen_decibels_over_back() -> None:
    facings = np.array([[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]])
    front, back = high_gain(np.full((2, 1), 5.0), np.zeros((2, 1)), np.zeros((2, 1)), facings)[:, 0]
    assert 20 * np.log10(front / back) == pytest.approx(13.98, abs=0.01)
