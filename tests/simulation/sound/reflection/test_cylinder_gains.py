# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Selection of the echoes of trunks for other sources: level, smooth fades, and buildings in between."""

from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.simulation.scene import Facade
from audio_manifold_ros.simulation.sound.occlusion import buildings
from audio_manifold_ros.simulation.sound.reflection.cylinder_gains import CYLINDER_FADE_M, cylinder_gains

SOUND_MPS = 343.0
LOSSES = np.array([[0.4, 0.9, 0.8]])


def gains(
    trunk: tuple[float, float, float],
    source_m: np.ndarray,
    centre_m: np.ndarray,
    ratio: float = 1.0,
    facades: tuple[Facade, ...] = (),
) -> np.ndarray:
    """Return the gains (3, time) of a source at rest at each time, which is this fraction of the total power."""
    times, boxes = len(source_m), buildings(facades)
    found = np.empty((1, 3, times))
    strength = ratio * np.sum((source_m - centre_m) ** 2, axis=1)
    is_audible = cylinder_gains(
        np.array([trunk]), LOSSES, source_m, np.zeros((times, 3)), centre_m, strength, np.ones(times),
        np.ascontiguousarray(boxes.poses[:, 0]), boxes.sizes_m, SOUND_MPS, found,
    )  # fmt: skip
    assert is_audible[0] == found.any()
    return found[0]


def places(x: np.ndarray | float, y: np.ndarray | float, z: float, times: int) -> np.ndarray:
    return np.ascontiguousarray(np.stack([np.broadcast_to(value, times) for value in (x, y, z)], axis=1), dtype=float)


def test_the_gain_is_the_spreading_of_a_cylinder_in_each_band() -> None:
    """Source and array are 6 m from the surface, at right angles as seen from the trunk."""
    side = 6.0 / np.sqrt(2)
    trunk = (side + 0.2 / np.sqrt(2), 0.0, 0.2)
    found = gains(trunk, places(0.0, -trunk[0], 0.5, 1), places(0.0, trunk[0], 1.7, 1))
    leg = np.hypot(trunk[0] - 0.2, trunk[0])
    # The normal at the point of reflection points towards the origin.
    cosine = (trunk[0] - 0.2) / leg
    expected = np.sqrt(0.2 * cosine * 2 * leg / (0.2 * cosine * 2 * leg + 2 * leg**2))
    assert found[:, 0] == pytest.approx(expected * LOSSES[0], rel=1e-9)


def test_trunks_fade_out_smoothly_with_distance() -> None:
    x = np.linspace(-30.0, -4.0, 4000)
    # So loud that no echo is masked.
    found = gains((0.0, 0.0, 0.2), places(x - 8.0, 3.0, 0.5, len(x)), places(x, 0.0, 1.7, len(x)), 100.0)[1]
    assert not found[-x > CYLINDER_FADE_M[1]].any()
    assert found[-x < CYLINDER_FADE_M[0]].min() > 0.01
    assert np.abs(np.diff(found)).max() < 0.002 * found.max()


def test_weak_echoes_fade_out_smoothly_with_the_level_of_the_source() -> None:
    found = np.array(
        [
            gains((0.0, 8.0, 0.2), places(12.0, 0.0, 0.5, 1), places(0.0, 0.0, 1.7, 1), ratio)[1, 0]
            for ratio in np.logspace(-3, 0, 600)
        ]
    )
    assert found[0] == 0
    assert found[-1] > 0.05
    assert np.all(np.diff(found) >= 0)
    assert np.diff(found).max() < 0.03 * found.max()


def test_a_building_between_trunk_and_source_attenuates_the_echo() -> None:
    corner = Facade((2.0, 9.0), (12.0, 9.0), 12.0, 4.0, 0.1, 0.1)
    args = ((6.0, 13.0, 0.2), places(6.0, 2.0, 0.5, 1), places(0.0, 11.0, 1.7, 1))
    free, screened = gains(*args), gains(*args, facades=(corner,))
    assert free[1, 0] > 0
    assert screened[1, 0] < 0.3 * free[1, 0]
    assert screened[2, 0] / free[2, 0] <= screened[1, 0] / free[1, 0]
