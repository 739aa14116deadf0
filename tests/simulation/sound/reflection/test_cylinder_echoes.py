# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Echoes of the own noise in trunks: a closed form for each part and microphone, reach, and symmetry."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from audio_manifold_ros.simulation.scene import Facade, Tree
from audio_manifold_ros.simulation.sound.acoustics import StreetAcoustics
from audio_manifold_ros.simulation.sound.ego_noise import PARTS_M
from audio_manifold_ros.simulation.sound.reflection.cylinder_echoes import VEHICLE_M, echo_parts, echo_reach_m
from audio_manifold_ros.simulation.sound.reflection.cylinders import BARK_ABSORPTION
from audio_manifold_ros.simulation.sound.reflection.mirror import ECHO_FADE_M, GROUND_ECHO_GAIN, UNDERBODY_DB
from audio_manifold_ros.simulation.sound.spectra import AIR_DB_PER_M
from tests.simulation.sound.reflection.test_cylinder_route import CylinderRoute, path_m
from tests.simulation.street_examples import ARRAY, DRIVING, EMPTY

ROLLING = replace(DRIVING, electric=True)
RADIUS_M = 0.25
# Next to the car at time zero: 3 m from the middle of the car to the bark, on the left.
TRUNK = Tree(0.5, 1.25 + RADIUS_M, RADIUS_M, 3.0, 2.0, 4.0, False)
SOUND_MPS = 343.0


def fade(length_m: float) -> float:
    share = np.clip((length_m - ECHO_FADE_M[0]) / (ECHO_FADE_M[1] - ECHO_FADE_M[0]), 0, 1)
    return float(0.5 + 0.5 * np.cos(np.pi * share))


@pytest.mark.parametrize('mic', [0, 2, 5])
def test_each_tyre_has_its_own_echo_at_each_microphone(mic: int) -> None:
    """Delay by search in the moving scene, and level by Keller's formula with horizontal legs."""
    acoustics = StreetAcoustics(replace(EMPTY, ego=ROLLING, trees=(TRUNK,)), ARRAY, trunk_echoes=True)
    own = acoustics._ego
    (paths,) = own._echoes(np.array([0.0, 0.05]))
    receivers = own._receivers.at(np.zeros(1))
    microphone, facing = receivers.positions_m[1 + mic, 0], receivers.facings[mic, 0]
    trunk = CylinderRoute(TRUNK.x_m, TRUNK.y_m, RADIUS_M)
    axis = np.array([TRUNK.x_m, TRUNK.y_m])
    size = 2 * np.pi * 1200.0 / own._sound_mps * RADIUS_M
    for part, place in enumerate(PARTS_M[:4]):
        delay = 0.0
        for _ in range(12):
            source = place - np.array([10.0 * delay, 1.75, 0.0])
            delay = path_m(trunk, source, microphone) / own._sound_mps
        assert paths.delays_s[part, mic, 0] == pytest.approx(delay, abs=1e-7)
        angles = np.linspace(-np.pi, np.pi, 400_001)
        points = axis + RADIUS_M * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        legs = np.stack([np.linalg.norm(points - end[:2], axis=1) for end in (source, microphone)])
        best = int(np.argmin(legs.sum(axis=0)))
        outward, homeward = legs[:, best]
        normal = (points[best] - axis) / RADIUS_M
        cosine = float((microphone[:2] - points[best]) @ normal) / homeward
        flat = RADIUS_M * cosine * (outward + homeward)
        ratio = np.sqrt(flat / (flat + 2 * outward * homeward))
        length = delay * own._sound_mps
        rise = source[2] - microphone[2]
        towards = np.array([*(points[best] - microphone[:2]) / homeward * (outward + homeward), rise]) / length
        shield = 10 ** (UNDERBODY_DB[1] / 20) if place[1] < 0 else 1.0
        expected = GROUND_ECHO_GAIN * ratio / length * fade(length / ratio) * (0.6 + 0.4 * float(towards @ facing))
        expected *= shield * 10 ** (-AIR_DB_PER_M[0] * length / 20) * np.sqrt(1 - BARK_ABSORPTION)
        assert size > 5, 'the factor of the band is near 1'
        assert paths.high[part, mic, 0] == pytest.approx(expected, rel=0.06)
        assert paths.high[part, mic, 0] / own._cylinders.gains[0, 1] == pytest.approx(
            expected / np.sqrt(1 - BARK_ABSORPTION), rel=1e-3
        )


def test_the_echo_of_a_trunk_is_weaker_than_that_of_a_wall_at_its_place() -> None:
    """In the rendered sound, 1 to 4 kHz: √(a / (a + r)) of the pressure on the whole, −11 dB at 3 m."""
    street, begin = replace(EMPTY, ego=ROLLING), 1350
    facade = Facade.along_x(1, 1.25, (-20.0, 30.0), 12.0, 10.0, 0.0, 0.0)

    def echo(changed: StreetAcoustics) -> float:
        plain = StreetAcoustics(street, ARRAY).render(begin - 450, 900)[2]
        spectrum = np.fft.rfft((changed.render(begin - 450, 900)[2] - plain) * np.hanning(900))
        frequency = np.fft.rfftfreq(900, 1 / 22_500)
        return float(np.sum(np.abs(spectrum[(frequency > 1000) & (frequency < 4000)]) ** 2))

    wall = echo(StreetAcoustics(replace(street, facades=(facade,)), ARRAY))
    trunk = echo(StreetAcoustics(replace(street, trees=(TRUNK,)), ARRAY, trunk_echoes=True))
    expected_db = 10 * np.log10(RADIUS_M / (RADIUS_M + 3.0) * (1 - BARK_ABSORPTION))
    assert 10 * np.log10(trunk / wall) == pytest.approx(expected_db, abs=2.0)


def echoes(distance_m: np.ndarray | float, radius_m: float = RADIUS_M, flip: float = 1.0) -> np.ndarray:
    """Return the paths (3, part, mic, time) of a trunk on the left. `flip` -1 exchanges left and right."""
    away = np.atleast_1d(distance_m)
    base = np.stack([np.full(len(away), 1.0), flip * -away, 0 * away], axis=1)
    places = np.concatenate([np.zeros((1, 3)), ARRAY.positions_m]) * [1.0, flip, 1.0] + [0.0, 0.0, 1.7]
    around = [np.ascontiguousarray(points[:, None] + base) for points in (places, PARTS_M * [1.0, flip, 1.0])]
    facings = np.ascontiguousarray(np.repeat((ARRAY.facings * [1.0, flip, 1.0])[:, None], len(away), axis=1))
    velocity = np.tile([9.0, flip * 0.5, 0.0], (len(away), 1))
    paths = np.empty((1, 3, len(PARTS_M), len(facings), len(away)))
    is_open = echo_parts(
        np.array([[0.0, 0.0, radius_m]]), np.ones((1, 3)), base, around[0], facings, around[1], velocity, SOUND_MPS,
        paths,
    )  # fmt: skip
    assert is_open[0] == (paths[0, 1:] != 0).any()
    return paths[0]


@pytest.mark.parametrize('radius_m', [0.05, 0.12, 0.3])
def test_the_reach_ends_where_the_echo_does_and_the_fade_is_smooth(radius_m: float) -> None:
    away = np.linspace(1.5, 14.0, 3000)
    levels = echoes(away, radius_m)[1].max(axis=(0, 1))
    assert not levels[np.hypot(away, 1.0) > echo_reach_m(radius_m)].any()
    assert levels[0] > 0
    assert np.abs(np.diff(levels)).max() < 0.01 * levels.max()
    # At the end a wall would be 35 m away. There the level is that of the wall.
    last = float(away[np.flatnonzero(levels)[-1]])
    end_m = echo_reach_m(radius_m) - VEHICLE_M - radius_m
    assert end_m * np.sqrt((radius_m + end_m) / radius_m) == pytest.approx(ECHO_FADE_M[1] / 2, rel=1e-6)
    assert last - radius_m == pytest.approx(end_m, abs=1.5)


def test_a_mirrored_street_has_mirrored_echoes() -> None:
    assert echoes(3.0, flip=-1.0) == pytest.approx(echoes(3.0), rel=1e-12)


def test_passing_a_trunk_has_no_steps() -> None:
    """The underbody shields other tyres as the direction of the trunk turns. Points on the grid are 28 ms apart."""
    acoustics = StreetAcoustics(replace(EMPTY, ego=ROLLING, trees=(TRUNK,)), ARRAY, trunk_echoes=True)
    (paths,) = acoustics._ego._echoes(np.arange(0.0, 0.5, 1e-4))
    assert np.abs(np.diff(paths.high, axis=2)).max() < 0.01 * paths.high.max()
