# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.common.errors import SimulationError
from audio_manifold_ros.rig.rotation import rotation_matrix
from audio_manifold_ros.rig.transform_chain import Pose
from audio_manifold_ros.simulation.sound.acoustics import ROOF_POSE, StreetAcoustics, upsample
from audio_manifold_ros.simulation.sound.sample_grid import LOW_STEP_SAMPLES
from audio_manifold_ros.simulation.street import make_street
from tests.simulation.in_blocks import in_blocks
from tests.simulation.street_examples import ARRAY, BUSY, EMPTY, SILENT, car

LENGTH = 9000
# 0.08 s.
SHORT_SAMPLES = 1800


def loudest(acoustics: StreetAcoustics, first: int) -> int:
    """Return the microphone with the most energy above 600 Hz in half a second from a sample on."""
    power = np.abs(np.fft.rfft(acoustics.render(first, 11_250), axis=1)) ** 2
    return int(np.argmax(power[:, np.fft.rfftfreq(11_250, 1 / 22_500) > 600].sum(axis=1)))


@pytest.fixture(scope='module')
def busy() -> StreetAcoustics:
    return StreetAcoustics(BUSY, ARRAY)


@pytest.fixture(scope='module')
def whole(busy: StreetAcoustics) -> np.ndarray:
    return busy.render(500, LENGTH)


@settings(deadline=None, max_examples=12)
@given(cuts=st.lists(st.integers(0, LENGTH), min_size=1, max_size=7))
def test_the_result_does_not_depend_on_block_sizes(busy: StreetAcoustics, whole: np.ndarray, cuts: list[int]) -> None:
    edges = sorted({0, LENGTH, *cuts})
    parts = [busy.render(500 + first, last - first) for first, last in pairwise(edges)]
    assert np.abs(np.concatenate(parts, axis=1) - whole).max() < 1e-7


def test_blocks_of_a_stream_equal_a_second(busy: StreetAcoustics) -> None:
    assert np.abs(in_blocks(busy.render, 0, 9000) - busy.render(0, 9000)).max() < 1e-7


@settings(deadline=None, max_examples=12)
@given(first=st.integers(0, 40_000), lengths=st.lists(st.integers(1, SHORT_SAMPLES), min_size=2, max_size=9))
def test_short_blocks_are_exact(busy: StreetAcoustics, first: int, lengths: list[int]) -> None:
    edges = list(accumulate([first, *lengths]))
    parts = [busy.render(start, stop - start) for start, stop in pairwise(edges)]
    assert np.array_equal(np.concatenate(parts, axis=1), in_blocks(busy.render, first, edges[-1]))


def test_a_street_is_reproducible(whole: np.ndarray) -> None:
    again = StreetAcoustics(BUSY, ARRAY).render(500, LENGTH)
    assert np.array_equal(again, whole)
    other = StreetAcoustics(replace(BUSY, seed=8), ARRAY).render(500, LENGTH)
    assert np.abs(other - whole).max() > 1e-3


def test_generated_streets_have_sound_at_any_time() -> None:
    for seed in (3, 900_001):
        acoustics = StreetAcoustics(make_street(seed), ARRAY)
        for first in (0, 22_500 * 20 + 17, 22_500 * 240):
            samples = acoustics.render(first, 3000)
            assert samples.shape == (8, 3000)
            assert samples.dtype == np.float32
            assert np.all(np.isfinite(samples))
            assert np.abs(samples).max() <= 1
            assert samples.std(axis=1).min() > 1e-5


@pytest.mark.parametrize(('first', 'n'), [(-1, 10), (0, -1)])
def test_negative_times_are_refused(busy: StreetAcoustics, first: int, n: int) -> None:
    with pytest.raises(SimulationError, match='from 0'):
        busy.render(first, n)


def test_zero_samples_give_an_empty_array(busy: StreetAcoustics) -> None:
    assert busy.render(100, 0).shape == (8, 0)


def test_an_unsupported_rate_is_refused() -> None:
    with pytest.raises(SimulationError, match='8000'):
        StreetAcoustics(BUSY, ARRAY, 8000)


def test_another_rate_has_similar_levels() -> None:
    street = replace(EMPTY, vehicles=(car(6.0, 1.75, -3.0),))
    levels = [StreetAcoustics(street, ARRAY, rate).render(0, rate).std() for rate in (22_500, 48_000)]
    assert 20 * np.log10(levels[0] / levels[1]) == pytest.approx(0.0, abs=2.0)


def test_a_passing_car_moves_from_front_to_back() -> None:
    street = replace(EMPTY, ego=SILENT, vehicles=(car(24.0, 1.75, -12.0),))
    acoustics = StreetAcoustics(street, ARRAY)
    assert loudest(acoustics, 0) in {0, 1, 7}
    assert loudest(acoustics, 22_500 * 2 - 5600) == 2
    assert loudest(acoustics, 22_500 * 4) in {3, 4, 5}


def test_the_front_of_an_array_turned_left_receives_sound_from_the_left() -> None:
    street = replace(EMPTY, ego=SILENT, vehicles=(car(24.0, 1.75, -12.0),))
    turned = Pose(rotation_matrix((0.0, 0.0, np.pi / 2)), ROOF_POSE.translation_m)
    assert loudest(StreetAcoustics(street, ARRAY, pose=turned), 22_500 * 2 - 5600) == 0


def test_an_array_further_ahead_is_passed_earlier() -> None:
    street = replace(EMPTY, ego=SILENT, vehicles=(car(24.0, 1.75, -12.0),))
    ahead = Pose(ROOF_POSE.rotation, np.array([6.0, 0.0, 1.7]))
    for pose, second in ((ROOF_POSE, 2.0), (ahead, 1.5)):
        power = StreetAcoustics(street, ARRAY, pose=pose).render(0, 90_000)[2].reshape(40, -1).std(axis=1)
        assert np.argmax(power) / 10 == pytest.approx(second, abs=0.15)


def test_raising_the_rate_keeps_tones() -> None:
    low_rate, factor, n = 2812.5, 8, 400
    places = np.arange(-LOW_STEP_SAMPLES, n + LOW_STEP_SAMPLES)
    for frequency in (50.0, 300.0, 560.0):
        low = np.sin(2 * np.pi * frequency / low_rate * places)[None].astype(np.float32)
        raised = upsample(low, factor)
        expected = np.sin(2 * np.pi * frequency / low_rate / factor * np.arange(n * factor))
        assert raised[0] == pytest.approx(expected, abs=0.01)
