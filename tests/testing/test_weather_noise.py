# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.simulation.sound.spectra import full_scale
from audio_manifold_ros.testing.weather_noise import WeatherNoise

RATE_HZ = 22_500


def test_no_weather_is_silent() -> None:
    assert not WeatherNoise(8, RATE_HZ, 1, rain_mm_h=0.0, buffeting_db=0.0).render(0, 1000).any()


@settings(deadline=None, max_examples=10)
@given(first=st.integers(0, 200_000), cut=st.integers(1, 8999))
def test_the_division_into_calls_does_not_matter(first: int, cut: int) -> None:
    weather = WeatherNoise(2, RATE_HZ, 3, rain_mm_h=10.0, buffeting_db=80.0)
    parts = [weather.render(first, cut), weather.render(first + cut, 9000 - cut)]
    np.testing.assert_allclose(np.concatenate(parts, axis=1), weather.render(first, 9000), atol=1e-6)


def test_wind_is_low_and_rain_is_sudden() -> None:
    wind = WeatherNoise(8, RATE_HZ, 5, rain_mm_h=0.0, buffeting_db=85.0).render(0, 20 * RATE_HZ)
    rain = WeatherNoise(8, RATE_HZ, 5, rain_mm_h=10.0, buffeting_db=0.0).render(0, 20 * RATE_HZ)
    level_db = 20 * np.log10(wind.std(axis=1) / full_scale(85.0))
    assert np.all(np.abs(level_db) < 8)
    power = np.abs(np.fft.rfft(wind, axis=1)) ** 2
    frequencies = np.fft.rfftfreq(wind.shape[1], 1 / RATE_HZ)
    assert np.all(power[:, frequencies < 300].sum(axis=1) > 10 * power[:, frequencies > 1000].sum(axis=1))
    assert np.abs(rain).max() / rain.std() > 20
    correlation = np.corrcoef(np.concatenate([wind, rain], axis=1)) - np.eye(8)
    assert np.abs(correlation).max() < 0.5
