# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.calibration.channels.channel_clock_drift import find_drifting_channels
from audio_manifold_ros.calibration.channels.channel_delays import estimate_acoustic_delays, estimate_wired_delays
from audio_manifold_ros.calibration.channels.stationary_segments import StationarySegments, find_stationary_segments
from audio_manifold_ros.calibration.channels.tdoa import TdoaEstimates
from audio_manifold_ros.common.errors import CalibrationError

RATE_HZ, SOUND_MPS = 48_000, 347.0
ANGLES = np.arange(8) * np.pi / 4
POSITIONS_M = 0.5 * np.stack([np.cos(ANGLES), np.sin(ANGLES), 0 * ANGLES], axis=1) + np.array([3.0, 1.0, 0.0])


def lags_of(azimuths: np.ndarray, delays: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Lags of sounds 3 to 5 m away, for microphones some millimetres from their positions in the rig."""
    true_positions_m = POSITIONS_M + rng.normal(0, 0.0025, POSITIONS_M.shape)
    away_m = rng.uniform(3, 5, len(azimuths))
    height_m = rng.uniform(-0.2, 0.2, len(azimuths))
    sources_m = POSITIONS_M.mean(axis=0) + np.stack(
        [away_m * np.cos(azimuths), away_m * np.sin(azimuths), height_m], axis=1
    )
    distances_m = np.linalg.norm(sources_m[:, None] - true_positions_m, axis=2)
    lags = distances_m / SOUND_MPS * RATE_HZ + delays + rng.normal(0, 0.003, distances_m.shape)
    return lags - np.median(lags, axis=1, keepdims=True)


def stationary_segments(lags: np.ndarray) -> StationarySegments:
    times_s = 3.0 * np.arange(len(lags))
    zeros = np.zeros(lags.shape[1])
    return StationarySegments(
        times_s, np.stack([times_s, times_s + 3], 1), lags, np.full(lags.shape, 0.005), zeros, zeros + 1e-4
    )


@pytest.mark.parametrize('seed', range(3))
def test_delays_are_distinguished_from_position_errors(seed: int) -> None:
    rng = np.random.default_rng(seed)
    delays = rng.uniform(-5, 5, 8)
    azimuths = rng.uniform(0, 6) + np.arange(10) * 2 * np.pi / 10 + rng.uniform(-0.1, 0.1, 10)
    found = estimate_acoustic_delays(stationary_segments(lags_of(azimuths, delays, rng)), POSITIONS_M, RATE_HZ, 343.0)
    error = found.delays_samples - (delays - np.median(delays))
    assert np.abs(error).max() < 0.05
    assert found.std_samples.max() < 0.08
    estimated_azimuths = np.arctan2(*(found.sources_m - POSITIONS_M.mean(axis=0)).T[1::-1])
    assert np.abs(np.angle(np.exp(1j * (estimated_azimuths - azimuths)))).max() < np.radians(3)


def test_too_few_places_and_places_on_one_side_are_refused() -> None:
    rng = np.random.default_rng(1)
    with pytest.raises(CalibrationError, match='Only 4 places'):
        estimate_acoustic_delays(
            stationary_segments(lags_of(np.arange(4) * 1.5, np.zeros(8), rng)), POSITIONS_M, RATE_HZ, 343.0
        )
    one_side = lags_of(np.linspace(0, 2.5, 8), np.zeros(8), rng)
    with pytest.raises(CalibrationError, match='degrees without one'):
        estimate_acoustic_delays(stationary_segments(one_side), POSITIONS_M, RATE_HZ, 343.0)


def walk(drift_samples_per_s: np.ndarray, rng: np.random.Generator) -> TdoaEstimates:
    """Three places of six segments each, separated by two unclear segments."""
    places = rng.uniform(-30, 30, (3, 4))
    lags = np.concatenate([np.concatenate([np.tile(place, (6, 1)), rng.uniform(-30, 30, (2, 4))]) for place in places])
    times_s = 0.25 + 0.5 * np.arange(len(lags))
    lags += times_s[:, None] * drift_samples_per_s + rng.normal(0, 0.002, lags.shape)
    clarity = np.where(np.arange(len(lags)) % 8 < 6, 0.9, 0.1)
    return TdoaEstimates(times_s, lags - np.median(lags, axis=1, keepdims=True), np.full(len(lags), 0.01), clarity)


def test_stationary_segments_are_found_despite_clock_drift() -> None:
    drift_samples_per_s = np.array([0.0, 0.0, 1.2, 1.2])
    places = find_stationary_segments(walk(drift_samples_per_s, np.random.default_rng(0)), 100.0)
    assert places.spans_s[:, 0] == pytest.approx([0, 4, 8])
    assert places.spans_s[:, 1] == pytest.approx([3, 7, 11])
    assert places.drift_samples_per_s - places.drift_samples_per_s[0] == pytest.approx(drift_samples_per_s, abs=0.01)
    to_ppm = 1e6 / RATE_HZ
    assert find_drifting_channels(places.drift_samples_per_s * to_ppm, places.drift_std_samples_per_s * to_ppm) == (
        2,
        3,
    )


def test_recording_without_stationary_sound_is_refused() -> None:
    quiet = walk(np.zeros(4), np.random.default_rng(0))
    quiet = TdoaEstimates(quiet.times_s, quiet.lags_samples, quiet.misfit_samples, np.full(len(quiet.times_s), 0.1))
    with pytest.raises(CalibrationError, match=r'No clear sound is stationary.*0 of 24'):
        find_stationary_segments(quiet, 100.0)
    with pytest.raises(CalibrationError, match='Only 0 of 24'):
        estimate_wired_delays(quiet, RATE_HZ)


def test_wired_signal_gives_delay_and_drift() -> None:
    rng = np.random.default_rng(3)
    times_s = 0.25 + 0.5 * np.arange(20)
    delays, drift_samples_per_s = np.array([0.0, 1.5, -2.25, 0.5]), np.array([0.0, 0.0, 0.0, 0.1])
    lags = delays + (times_s - times_s.mean())[:, None] * drift_samples_per_s + rng.normal(0, 0.003, (20, 4))
    found = estimate_wired_delays(TdoaEstimates(times_s, lags, np.full(20, 0.01), np.full(20, 0.95)), RATE_HZ)
    assert found.delays_samples == pytest.approx(delays - np.median(delays), abs=0.01)
    assert found.drift_ppm[3] == pytest.approx(0.1 / RATE_HZ * 1e6, rel=0.05)
    assert find_drifting_channels(found.drift_ppm, found.drift_std_ppm) == (3,)
    assert not found.sources_m.size
