# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.simulation.sound.emission_kinds import KINDS, NoiseKind, ToneKind
from audio_manifold_ros.simulation.sound.sample_grid import OVERSAMPLING, SampleGrid
from audio_manifold_ros.simulation.sound.source_emission import emission_of
from audio_manifold_ros.simulation.sound.spectra import full_scale
from audio_manifold_ros.simulation.sound_source import EmissionKind, SoundSource
from audio_manifold_ros.simulation.trajectory import StraightTrajectory

GRID = SampleGrid(22_500)
STEP_S = GRID.step_samples / 22_500
RATE_HZ = 22_500 * OVERSAMPLING
STEPS = round(2.0 / STEP_S)


def render(kind: EmissionKind, speed_mps: float = 0.0, **options: float) -> np.ndarray:
    """Return two seconds above the split at 1 m."""
    source = SoundSource(kind, StraightTrajectory((0.0, 0.0, 0.0), (speed_mps, 0.0, 0.0)), **options)
    return emission_of(GRID, source, 0, np.random.default_rng(4)).high(0, STEPS).sum(axis=0)


@pytest.mark.parametrize('kind', [kind for kind, model in KINDS.items() if isinstance(model, ToneKind)])
def test_horns_and_sirens_have_their_level(kind: EmissionKind) -> None:
    model = KINDS[kind]
    assert isinstance(model, ToneKind)
    level = 20 * np.log10(render(kind).std() / float(full_scale(0.0)))
    assert level == pytest.approx(model.level_db, abs=0.5)


@pytest.mark.parametrize('kind', [EmissionKind.TRAM, EmissionKind.BICYCLE])
def test_rolling_noise_grows_by_nine_decibels_per_doubling_of_speed(kind: EmissionKind) -> None:
    slow, fast = render(kind, 4.0), render(kind, 8.0)
    assert 20 * np.log10(fast.std() / slow.std()) == pytest.approx(30 * np.log10(2), abs=1.0)


def test_every_kind_has_a_model_with_eight_octaves() -> None:
    assert set(KINDS) == set(EmissionKind)
    assert all(len(model.power_db) == 8 for model in KINDS.values() if isinstance(model, NoiseKind))


def test_the_sirens_have_their_melodies() -> None:
    signal = render(EmissionKind.SIREN_HI_LO)
    window = RATE_HZ // 2
    for start_s, expected_hz in ((0.1, 435.0), (0.85, 580.0)):
        part = signal[round(start_s * RATE_HZ) :][:window] * np.hanning(window)
        assert np.argmax(np.abs(np.fft.rfft(part))) * RATE_HZ / window == pytest.approx(expected_hz, abs=3)


def test_footsteps_follow_the_way() -> None:
    """A person at 1.5 m/s makes two steps a second."""
    power = np.square(render(EmissionKind.FOOTSTEPS, 1.5)[:179_000]).reshape(-1, 1000).mean(axis=1)
    spectrum = np.abs(np.fft.rfft(power - power.mean()))
    assert np.argmax(spectrum) * RATE_HZ / 1000 / len(power) == pytest.approx(2.0, abs=0.3)


def test_a_standing_bicycle_is_silent_and_a_horn_has_start_and_end() -> None:
    assert render(EmissionKind.BICYCLE).std() < 1e-9
    horn = render(EmissionKind.HORN, start_s=0.5, end_s=1.0)
    assert not horn[: round(0.4 * RATE_HZ)].any()
    assert not horn[round(1.1 * RATE_HZ) :].any()
    assert horn[round(0.6 * RATE_HZ) : round(0.9 * RATE_HZ)].std() > 0.1
