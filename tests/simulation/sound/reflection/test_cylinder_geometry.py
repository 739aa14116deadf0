# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reflection in a cylinder: shortest path, spreading of a bundle of rays, and limits."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar

from audio_manifold_ros.simulation.sound.reflection.cylinder_geometry import (
    cylinder_spreading,
    facing_towards,
    reflect_in_cylinder,
)

AT = np.array([2.0, -1.0])


def shortest_m(radius: float, source: np.ndarray, receiver: np.ndarray) -> float:
    """Return the length of the shortest path by way of the near side of a circle around `AT`."""
    bearing = source - AT
    bearing = bearing / np.linalg.norm(bearing) + (receiver - AT) / np.linalg.norm(receiver - AT)
    middle = np.arctan2(bearing[1], bearing[0])

    def length(angle: float) -> float:
        point = AT + radius * np.array([np.cos(angle), np.sin(angle)])
        return float(np.linalg.norm(source - point) + np.linalg.norm(receiver - point))

    return float(minimize_scalar(length, bounds=(middle - 0.7, middle + 0.7), options={'xatol': 1e-10}).fun)


@pytest.mark.parametrize('half_rad', [0.0, 0.4, 0.9, 1.3])
@pytest.mark.parametrize(('radius', 'near_m', 'far_m'), [(0.06, 1.0, 40.0), (0.3, 1.5, 60.0), (0.2, 6.0, 6.0)])
def test_the_path_is_the_shortest_one(radius: float, near_m: float, far_m: float, half_rad: float) -> None:
    source = AT + far_m * np.array([np.cos(half_rad), np.sin(half_rad)])
    receiver = AT + near_m * np.array([np.cos(half_rad), -np.sin(half_rad)])
    outward, homeward, cosine, x, y = reflect_in_cylinder((*AT, radius), *source, *receiver)
    # 0.03 mm are 0.1 µs.
    assert outward + homeward == pytest.approx(shortest_m(radius, source, receiver), abs=3e-5)
    assert np.hypot(x - AT[0], y - AT[1]) == pytest.approx(radius)
    assert outward == pytest.approx(np.hypot(source[0] - x, source[1] - y))
    assert homeward == pytest.approx(np.hypot(receiver[0] - x, receiver[1] - y))
    normal = np.array([x - AT[0], y - AT[1]]) / radius
    for place, leg in ((source, outward), (receiver, homeward)):
        assert (place - [x, y]) @ normal / leg == pytest.approx(cosine, abs=0.01)


@pytest.mark.parametrize('distance', [1.0, 3.0, 10.0])
def test_source_and_receiver_at_one_place(distance: float) -> None:
    """The echo is √(a / (a + r)) of that of a wall at the same distance from the surface."""
    radius = 0.15
    place = AT + np.array([0.0, radius + distance])
    outward, homeward, cosine, x, y = reflect_in_cylinder((*AT, radius), *place, *place)
    assert (outward, homeward, cosine) == pytest.approx((distance, distance, 1.0))
    assert (x, y) == pytest.approx((AT[0], AT[1] + radius))
    expected = np.sqrt(radius / (radius + distance))
    assert cylinder_spreading(radius, cosine, outward, homeward) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize('rise', [0.0, 1.5, 6.0])
@pytest.mark.parametrize('incidence_rad', [0.0, 0.5, 1.1])
def test_the_spreading_is_that_of_a_bundle_of_rays(incidence_rad: float, rise: float) -> None:
    """Trace four rays around the reflected one in three dimensions, and compare the area that they span with a mirror.

    The vertical component of a direction stays, so that only the horizontal legs count.
    """
    radius, outward, homeward = 0.25, 7.0, 3.0
    source = np.array([radius + outward * np.cos(incidence_rad), outward * np.sin(incidence_rad), 0.0])
    total = outward + homeward
    bearing = np.pi + incidence_rad
    ray = np.array([np.cos(incidence_rad), -np.sin(incidence_rad), 0.0]) * total + [0.0, 0.0, rise]
    ray /= np.linalg.norm(ray)

    def crossing(azimuth: float, slope: float) -> np.ndarray:
        """Return where a reflected ray crosses the plane through the receiver, perpendicular to the central ray."""
        direction = np.array([np.cos(azimuth), np.sin(azimuth), slope])
        away = source[:2] @ direction[:2]
        reach = -away - np.sqrt(away**2 - source[:2] @ source[:2] + radius**2)
        point = source + reach * direction
        normal = np.array([*point[:2], 0.0]) / radius
        reflected = direction - 2 * (direction @ normal) * normal
        receiver = np.array([radius, 0.0, 0.0]) + ray * np.array([homeward, homeward, 0.0]) / np.hypot(*ray[:2])
        receiver[2] = rise
        return np.asarray(point + reflected * ((receiver - point) @ ray) / (reflected @ ray))

    step, slope = 1e-5, rise / total
    across = (crossing(bearing + step, slope) - crossing(bearing - step, slope)) / (2 * step)
    upward = (crossing(bearing, slope + step) - crossing(bearing, slope - step)) / (2 * step)
    area = np.linalg.norm(np.cross(across, upward))
    # With a mirror the fan is as wide as the distance.
    length = np.hypot(total, rise)
    flat = total * total**2 / length
    expected = np.sqrt(flat / area)
    assert cylinder_spreading(radius, np.cos(incidence_rad), outward, homeward) == pytest.approx(expected, rel=1e-4)


def test_a_large_cylinder_is_a_mirror() -> None:
    assert cylinder_spreading(1e7, 0.8, 5.0, 3.0) == pytest.approx(1.0, rel=1e-5)


def test_the_echo_vanishes_smoothly_towards_opposite_sides() -> None:
    """A cylinder between source and receiver has no point of reflection. Before that the echo decreases to nothing."""
    radius, receiver = 0.2, AT + np.array([5.0, 0.0])

    def found(angle: float) -> tuple[float, float]:
        source = AT + 9.0 * np.array([np.cos(angle), np.sin(angle)])
        outward, homeward, cosine, _, _ = reflect_in_cylinder((*AT, radius), *source, *receiver)
        return cosine, cylinder_spreading(radius, cosine, outward, homeward)

    # Tangents from source and receiver touch the circle at the same point.
    limit = float(brentq(lambda angle: angle - np.arccos(radius / 9.0) - np.arccos(radius / 5.0), 0, np.pi))
    ratios = np.array([found(angle)[1] for angle in np.linspace(0.0, np.pi, 20_000)])
    assert np.abs(np.diff(ratios)).max() < 0.002
    assert found(limit - 0.01)[1] > 0
    assert found(limit + 0.01) == (0.0, 0.0)
    assert found(np.pi) == (0.0, 0.0)


def test_there_is_no_echo_inside_a_cylinder() -> None:
    assert reflect_in_cylinder((*AT, 0.3), 9.0, 9.0, AT[0] + 0.1, AT[1])[2] == 0.0


def test_a_microphone_that_faces_up_or_down_receives_the_echo_from_its_height() -> None:
    """The echo comes from the point of reflection, at the angle of elevation of the whole path."""
    receiver, point, outward, rise = np.array([0.0, 0.0, 1.7]), np.array([2.0, 1.5]), 4.0, -1.6
    homeward = 2.5
    across = outward + homeward
    length = float(np.hypot(across, rise))
    towards = np.array([*point / homeward * across, rise]) / length
    for facing in (np.array([0.0, 0.0, -1.0]), np.array([0.6, 0.0, 0.8])):
        found = facing_towards((*receiver,), facing, *point, homeward, across, rise, 0.6, length)
        assert found == pytest.approx(0.6 + 0.4 * float(towards @ facing))
