# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The batch form of the spatial features: its definition, and what plane waves and echoes must show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import FeatureError
from audio_manifold_ros.features.spatial_batch import spatial_features
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from tests.features.spatial_cases import AZIMUTHS, SPEC, SPECS, geometry
from tests.features.spatial_reference import delayed, expected_maps, lead_s, plane_wave, ring

Signal = Callable[[int, int], NDArray[np.float32]]
TOLERANCE = 1e-4
RATE_HZ, WINDOW = SPEC.sample_rate_hz, SPEC.window_samples


def maps(samples: NDArray[np.floating], positions_m: NDArray[np.float64]) -> dict[str, NDArray[np.float32]]:
    values = spatial_features(samples.astype(np.float32), geometry(positions_m), SPEC)
    return {name: values[place].reshape(shape) for name, (place, shape) in SPEC.blocks.items()}


def noise(seed: int, channels: int = 1) -> NDArray[np.float64]:
    return 0.1 * np.random.default_rng(seed).standard_normal((channels, WINDOW))


@pytest.mark.parametrize('spec', SPECS.values(), ids=SPECS)
def test_equals_the_definition(signals: dict[str, Signal], spec: SpatialFeatureSpec) -> None:
    positions = np.random.default_rng(1).uniform(-0.4, 0.4, (5, 3))
    for name in ('noise', 'near_silent', 'zero', 'tone_over_dither', 'clicks'):
        samples = signals[name](5, spec.window_samples)
        found = spatial_features(samples, geometry(positions, spec), spec)
        for block, expected in expected_maps(samples, positions, geometry(positions, spec).azimuths_rad, spec).items():
            place, shape = spec.blocks[block]
            np.testing.assert_allclose(found[place].reshape(shape), expected, rtol=0, atol=TOLERANCE, err_msg=name)


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 63), st.integers(0, 1000), st.integers(6, 10), st.floats(0.3, 0.6))
def test_a_plane_wave_peaks_at_its_azimuth(column: int, seed: int, microphones: int, radius_m: float) -> None:
    positions = ring(microphones, radius_m)
    wave = plane_wave(noise(seed)[0], positions, AZIMUTHS[column], RATE_HZ)
    assert maps(wave, positions)['steered'].mean(axis=(0, 2)).argmax() == column


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 15), st.integers(10, 94), st.integers(0, 1000))
def test_an_echo_of_own_noise_peaks_at_its_azimuth_and_lag(row: int, lag_ms: int, seed: int) -> None:
    positions, own = ring(8), noise(seed)[0]
    azimuth, lag_s = -np.pi + 2 * np.pi * row / 16, (lag_ms + 0.5) / 1000
    samples = np.stack([own + 0.1 * delayed(own, lag_s - lead, RATE_HZ) for lead in lead_s(positions, azimuth)])
    found = maps(samples, positions)['echo']
    assert np.unravel_index(found.argmax(), found.shape) == (row, lag_ms - 8)


@settings(deadline=None, max_examples=8)
@given(st.floats(1e-3, 9.0), st.permutations(range(6)), st.integers(0, 1000))
def test_level_and_order_of_the_microphones_do_not_matter(gain: float, order: list[int], seed: int) -> None:
    positions, samples = np.random.default_rng(seed).uniform(-0.5, 0.5, (6, 3)), noise(seed, 6)
    before, after = maps(samples, positions), maps(gain * samples[order], positions[order])
    np.testing.assert_allclose(after['level'], before['level'] + 20 * np.log10(gain), atol=2e-3)
    np.testing.assert_allclose(after['steered'], before['steered'], atol=2e-4)
    np.testing.assert_allclose(after['echo'], before['echo'], atol=TOLERANCE)


def test_a_microphone_that_is_left_out_is_as_absent() -> None:
    positions, samples = ring(8), noise(3, 8).astype(np.float32)
    samples[5] = 0.9
    whole = geometry(positions)
    for left_out in ([5], [5, 0, 1]):
        active = ~np.isin(np.arange(8), left_out)
        expected = spatial_features(samples[active], geometry(positions[active]), SPEC)
        by_mask = spatial_features(samples, whole, SPEC, active)
        by_geometry = spatial_features(samples, replace(whole, active=active), SPEC)
        np.testing.assert_array_equal(by_mask, expected)
        np.testing.assert_array_equal(by_geometry, expected)
    assert np.abs(spatial_features(samples, whole, SPEC) - by_mask).max() > 1


def test_several_windows_at_once() -> None:
    positions, samples = ring(4), noise(4, 24).astype(np.float32).reshape(2, 3, 4, WINDOW)
    found = spatial_features(samples, geometry(positions), SPEC)
    assert found.shape == (2, 3, SPEC.size)
    np.testing.assert_array_equal(found[1, 2], spatial_features(samples[1, 2], geometry(positions), SPEC))


def test_one_microphone_has_no_direction() -> None:
    found = maps(noise(5, 1), np.zeros((1, 3)))
    assert np.abs(found['steered']).max() < TOLERANCE
    np.testing.assert_allclose(found['echo'], np.broadcast_to(found['echo'][:1], (16, 88)), atol=1e-6)


def test_many_arrays_one_after_the_other() -> None:
    samples = noise(6, 3).astype(np.float32)
    arrays = [geometry(np.random.default_rng(i).uniform(-0.3, 0.3, (3, 3))) for i in range(10)]
    once = [spatial_features(samples, array, SPEC) for array in arrays]
    for array, values in zip(arrays, once, strict=True):
        np.testing.assert_array_equal(spatial_features(samples, array, SPEC), values)
    assert np.abs(once[0] - once[9]).max() > 1


def test_refuses_windows_and_azimuths_of_another_size() -> None:
    good = geometry(ring(4))
    for shape in ((4, 22_499), (5, WINDOW), (WINDOW,)):
        with pytest.raises(FeatureError, match=r'give \(…, 4, 22500\)'):
            spatial_features(np.zeros(shape, dtype=np.float32), good, SPEC)
    with pytest.raises(FeatureError, match='no microphone is left'):
        spatial_features(np.zeros((4, WINDOW), dtype=np.float32), good, SPEC, np.zeros(4, dtype=bool))
    with pytest.raises(FeatureError, match='3 azimuths: give 64'):
        spatial_features(np.zeros((4, WINDOW), 'f4'), replace(good, azimuths_rad=np.zeros(3)), SPEC)
