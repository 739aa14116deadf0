# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from audio_manifold_ros.simulation.sound.acoustics import StreetAcoustics
from audio_manifold_ros.simulation.sound.background_noise import wind_rms
from tests.simulation.street_examples import ARRAY, CALM, EMPTY


def test_the_noise_of_a_windscreen_follows_strasberg() -> None:
    """A third octave around 1 kHz at 10 m/s and 5 cm is −61 − 23 lg(1000 · 0.05 / 10) dB re 1.2 · 100 Pa."""
    band = wind_rms(np.array([10.0]), 0.05, 1000 * 2 ** (-1 / 6), 1000 * 2 ** (1 / 6))[0]
    expected_db = -61 - 23 * np.log10(5.0) + 20 * np.log10(120.0 / 20.0)
    assert 20 * np.log10(band) == pytest.approx(expected_db, abs=0.2)


@pytest.mark.parametrize('edge_hz', [40, 500])
def test_wind_grows_with_its_speed_in_both_bands(edge_hz: int) -> None:
    def rumble(wind_mps: float) -> float:
        street = replace(EMPTY, weather=replace(CALM, wind_mps=wind_mps))
        power = np.abs(np.fft.rfft(StreetAcoustics(street, ARRAY).render(0, 22_500), axis=1)) ** 2
        return float(10 * np.log10(power[:, edge_hz:2000].sum()))

    assert rumble(14.0) - rumble(7.0) == pytest.approx(63 * np.log10(2), abs=2.0)


def test_wind_above_the_split_is_incoherent_between_capsules() -> None:
    street = replace(EMPTY, weather=replace(CALM, wind_mps=12.0))
    spectrum = np.fft.rfft(StreetAcoustics(street, ARRAY).render(0, 22_500), axis=1)[:, 600:3000]
    spectrum /= np.abs(spectrum)
    coherence = np.abs(np.mean(spectrum[:1] * spectrum[1:].conj(), axis=1))
    assert coherence.max() < 0.1
