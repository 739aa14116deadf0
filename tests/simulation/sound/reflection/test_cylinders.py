# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Trunks and poles of a street in the rendered sound: off by default, on only near them, and symmetric."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from audio_manifold_ros.evaluation.controls.audio_control import mirrored_microphones
from audio_manifold_ros.simulation.drive import Drive
from audio_manifold_ros.simulation.mirrored_street import mirrored_street
from audio_manifold_ros.simulation.scene import Pole, PoleKind, Street, Tree
from audio_manifold_ros.simulation.sound import microphones
from audio_manifold_ros.simulation.sound.acoustics import StreetAcoustics
from audio_manifold_ros.simulation.sound.propagation import GROUND_REFLECTION, speed_of_sound_mps
from audio_manifold_ros.simulation.sound.reflection.cylinders import BARK_ABSORPTION, Cylinders
from tests.simulation.in_blocks import in_blocks
from tests.simulation.street_examples import ARRAY, BUSY, CALM, EMPTY, SILENT, car

TREE = Tree(3.0, 4.0, 0.2, 3.0, 2.0, 4.0, False)
LAMP = Pole(PoleKind.LAMP, (-2.0, -5.0), 0.0, 6.0, 0.08)
# A car in front of the array that hardly moves: the only sound.
STILL = replace(EMPTY, vehicles=(car(12.0, 1.75, -1e-4),))


def echo(street: Street, first: int = 0, samples: int = 9000) -> np.ndarray:
    """Return the sound that the setting adds."""
    return StreetAcoustics(street, ARRAY, trunk_echoes=True).render(first, samples) - StreetAcoustics(
        street, ARRAY
    ).render(first, samples)


def test_trunks_and_poles_are_cylinders() -> None:
    street = replace(EMPTY, trees=(TREE,), poles=(LAMP,))
    found = Cylinders.of_street(street, 343.0)
    assert found.shapes_m.tolist() == [[3.0, 4.0, 0.2], [-2.0, -5.0, 0.08]]
    assert found.gains.max() <= 1.0
    assert found.gains[0, 2] == pytest.approx(np.sqrt(1 - BARK_ABSORPTION), rel=0.01)
    assert found.gains[1, 0] < 0.6 < found.gains[1, 1], 'long waves pass a pole'
    assert len(Cylinders.of_street(EMPTY, 343.0)) == 0
    assert len(found.near(np.array([[2.0, 4.0]]), 2.0)) == 1


def test_the_default_has_no_echoes_of_trunks() -> None:
    """The sound does not depend on trunks and poles, except for the leaves of a tree in the wind."""
    bare, full = STILL, replace(STILL, trees=(TREE,), poles=(LAMP,))
    assert np.array_equal(StreetAcoustics(bare, ARRAY).render(0, 9000), StreetAcoustics(full, ARRAY).render(0, 9000))
    default, with_echoes = Drive(3, duration_s=1.0), Drive(3, duration_s=1.0, trunk_echoes=True)
    without = Drive(3, duration_s=1.0, trunk_echoes=False)
    assert np.array_equal(default.audio(0, 9000), without.audio(0, 9000))
    assert not np.array_equal(default.audio(0, 9000), with_echoes.audio(0, 9000))


@pytest.mark.parametrize('objects', [{'trees': (TREE,)}, {'poles': (LAMP,)}])
def test_near_trunks_and_poles_change_the_sound(objects: dict[str, tuple[Tree | Pole, ...]]) -> None:
    assert np.abs(echo(replace(STILL, **objects))).max() > 1e-5


def test_far_trunks_and_poles_do_not_change_a_sample() -> None:
    far = replace(
        BUSY,
        trees=(Tree(200.0, 30.0, 0.3, 3.0, 2.0, 4.0, False),),
        poles=(Pole(PoleKind.SIGN, (-150.0, 20.0), 0.0, 3.0, 0.1),),
    )
    assert not echo(far).any()


def test_the_echo_has_the_lag_and_the_level_of_theory() -> None:
    """Transfer functions of the direct sound and of the echo of a car, each with its reflection in the ground."""
    street, mic = replace(STILL, trees=(TREE,)), 2
    acoustics = StreetAcoustics(street, ARRAY)
    sound_mps = speed_of_sound_mps(CALM.temperature_c)
    receivers = acoustics._receivers.at(np.zeros(1))
    microphone, facing = receivers.positions_m[1 + mic, 0], receivers.facings[mic, 0]
    source = np.array([12.0, 1.75, acoustics._traffic._heights_m[0]])
    angles = np.linspace(-np.pi, np.pi, 100_001)
    normals = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    points = np.array([TREE.x_m, TREE.y_m]) + TREE.trunk_radius_m * normals
    legs = np.stack([np.linalg.norm(points - place[:2], axis=1) for place in (source, microphone)])
    best = int(np.argmin(legs.sum(axis=0)))
    outward, homeward = legs[:, best]
    cosine = float((microphone[:2] - points[best]) @ normals[best]) / homeward
    flat = TREE.trunk_radius_m * cosine * (outward + homeward)
    ratio = np.sqrt(flat / (flat + 2 * outward * homeward))

    def transfer(across: float, bearing: np.ndarray) -> np.ndarray:
        """Return the transfer function of a path of this horizontal length and of its reflection in the ground."""
        total = np.zeros(len(frequency), dtype=complex)
        for sign, strength in ((1.0, 1.0), (-1.0, GROUND_REFLECTION)):
            rise = sign * source[2] - microphone[2]
            length = np.hypot(across, rise)
            along = float(np.array([*bearing / np.linalg.norm(bearing) * across, rise]) @ facing) / length
            total += strength * (0.6 + 0.4 * along) / length * np.exp(-2j * np.pi * frequency * length / sound_mps)
        return total

    window, frequency = np.hanning(22_500), np.fft.rfftfreq(22_500, 1 / 22_500)
    inside = (frequency > 700) & (frequency < 2500)
    direct, added = acoustics.render(0, 22_500)[mic], echo(street, samples=22_500)[mic]
    towards = source[:2] - microphone[:2]
    expected = np.fft.rfft(direct * window) * ratio * transfer(outward + homeward, points[best] - microphone[:2])
    found = np.fft.rfft(added * window) * transfer(float(np.linalg.norm(towards)), towards)
    expected, found = expected[inside], found[inside]
    scale = np.vdot(expected, found) / np.vdot(expected, expected)
    assert abs(scale) == pytest.approx(Cylinders.of_street(street, sound_mps).gains[0, 1], rel=0.03)
    assert np.angle(scale) == pytest.approx(0.0, abs=0.05)
    # Half a sample later, the correlation would be 0.99.
    correlation = abs(np.vdot(expected, found)) / np.linalg.norm(expected) / np.linalg.norm(found)
    assert correlation > 0.995


def test_the_sound_does_not_depend_on_block_sizes() -> None:
    street = replace(BUSY, poles=(LAMP,))
    acoustics = StreetAcoustics(street, ARRAY, trunk_echoes=True)
    assert np.abs(in_blocks(acoustics.render, 0, 9000) - acoustics.render(0, 9000)).max() < 1e-7


def test_a_mirrored_street_gives_mirrored_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(microphones, 'POSITION_TOLERANCE_M', 0.0)
    monkeypatch.setattr(microphones, 'GAIN_TOLERANCE_DB', 0.0)
    street = replace(BUSY, ego=SILENT, weather=CALM, poles=(LAMP,))
    original, mirrored = echo(street), echo(mirrored_street(street))
    order = mirrored_microphones(ARRAY.positions_m)
    assert order is not None
    assert np.abs(original).max() > 1e-4
    assert np.abs(mirrored[order] - original).max() < 1e-6
