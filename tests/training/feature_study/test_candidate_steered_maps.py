# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Candidates for the steered map: the default is that of the features, and beams point to plane waves."""

from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.features.spatial_batch import spatial_features
from audio_manifold_ros.features.steering import lead_s
from training.feature_study.candidate_steered_maps import MIDDLE_FRAMES, steered_candidates
from training.feature_study.study_street import DEFAULT, octagon_geometry

CANDIDATES = steered_candidates()
FIRST = next(iter(CANDIDATES))
VALUES = DEFAULT.steered_bands * MIDDLE_FRAMES
# Values of candidates with another number of them than the default.
OTHER_VALUES = {
    '12 bands in the same range': 12 * MIDDLE_FRAMES,
    'a seventh band up to 8 kHz': 7 * MIDDLE_FRAMES,
    'beams at elevations of 30° and 60° in addition': 3 * VALUES,
    'Doppler shift of the beams in addition': VALUES + 9,
    'adaptive beams in addition': 2 * VALUES,
}


def plane_wave(azimuth: int, seed: int = 0) -> np.ndarray:
    """Return noise from one azimuth of the map, with a tenth of it in each microphone by itself."""
    geometry, samples = octagon_geometry(DEFAULT), DEFAULT.window_samples
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    lead = lead_s(geometry.positions_m, geometry.azimuths_rad)[azimuth]
    turns = np.fft.rfftfreq(samples, 1 / DEFAULT.sample_rate_hz) * lead[:, None]
    wave = np.fft.irfft(spectrum * np.exp(2j * np.pi * turns), samples)
    return (wave + 0.1 * rng.standard_normal(wave.shape)).astype(np.float32)


def test_the_default_is_the_map_of_the_features() -> None:
    samples = plane_wave(20)
    place, shape = DEFAULT.blocks['steered']
    steered = spatial_features(samples, octagon_geometry(DEFAULT), DEFAULT)[place].reshape(shape)
    first = (DEFAULT.frames - MIDDLE_FRAMES) // 2
    middle = steered[:, :, first : first + MIDDLE_FRAMES].transpose(2, 0, 1).reshape(-1, DEFAULT.azimuths)
    np.testing.assert_allclose(CANDIDATES[FIRST](samples), middle, atol=1e-4)


@pytest.mark.parametrize('name', CANDIDATES)
@pytest.mark.parametrize('azimuth', [3, 24, 55])
def test_the_strongest_beam_points_to_a_plane_wave(name: str, azimuth: int) -> None:
    found = CANDIDATES[name](plane_wave(azimuth))
    assert found.shape == (OTHER_VALUES.get(name, VALUES), DEFAULT.azimuths)
    assert np.isfinite(found).all()
    # The rows that all candidates begin with: the bands of the first frame in the middle.
    strongest = found[: DEFAULT.steered_bands].mean(axis=0).argmax()
    assert abs(int(strongest) - azimuth) <= 1


def test_adaptive_beams_are_narrower() -> None:
    name = 'adaptive beams (minimum variance) in place'
    samples = plane_wave(20) + 0.5 * plane_wave(44, seed=1)
    widths = [int((CANDIDATES[key](samples).mean(axis=0) > 0).sum()) for key in (FIRST, name)]
    assert widths[1] < widths[0]


def test_the_doppler_shift_of_a_chirp_is_found() -> None:
    candidate = CANDIDATES['Doppler shift of the beams in addition']
    time_s = np.arange(DEFAULT.window_samples) / DEFAULT.sample_rate_hz
    tones = [np.sin(2 * np.pi * hz * (time_s + 0.03 * time_s**2)) for hz in (400, 700, 1100, 1900, 3100)]
    noise = 0.01 * np.random.default_rng(0).standard_normal((8, len(time_s)))
    shifts = candidate((np.sum(tones, axis=0) + noise).astype(np.float32))[VALUES:].mean(axis=1)
    # The frequencies rise by 4 % from the first to the last frames, and a shift of the later ones back by three steps
    # of 1.5 % aligns them.
    assert abs(int(shifts.argmax()) - 4 + 3) <= 1
