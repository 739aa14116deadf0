# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rain on the roof and wind at single capsules, which make a healthy microphone resemble a broken one.

Streets of the corpus do not contain it. Tests of health and calibration add it to a drive.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import scipy.fft

from audio_manifold_ros.common.array_types import Samples
from audio_manifold_ros.simulation.sound.spectra import full_scale

CELL_S = 0.2
BURSTS = 24
BURST_S = 0.012
# Drops per second on the shield of a capsule and the sheet around it, for each mm/h (a heavy shower has 30 mm/h).
SHIELD_HITS, SHEET_HITS = 0.2, 10.0
# Peak level of a drop, dB re 20 µPa, and the spread of the drops.
SHIELD_DB, SHEET_DB, SPREAD_DB = 82.0, 60.0, 7.0
# Spread of the exposure of capsules.
EXPOSURE_DB = 3.0
# Turbulence falls with f^(-5/3) above this frequency. Its mean level is equal at all capsules.
TURBULENCE_HZ = (20.0, 60.0, 3000.0)
GUST_DB = 6.0
GUST_STEP_S = 0.4
POOL_S = 20
_SEED = 20_030_517


class WeatherNoise:
    """Rain and wind noise at each microphone. The result does not depend on how it is divided into calls."""

    def __init__(self, mics: int, sample_rate_hz: int, seed: int, *, rain_mm_h: float, buffeting_db: float) -> None:
        """Choose the exposure of each capsule at random.

        Args:
            mics: Number of microphones.
            sample_rate_hz: Sample rate.
            seed: Seed of the weather.
            rain_mm_h: Rain rate; 0 is dry, 2 is light, 10 moderate, 30 a heavy shower.
            buffeting_db: Mean level of the turbulence at a capsule, dB re 20 µPa; 0 for none.

        """
        self._mics, self._rate_hz, self._seed = mics, sample_rate_hz, seed
        generator = np.random.default_rng([_SEED, seed])
        self._exposure = 10 ** (generator.uniform(-EXPOSURE_DB, EXPOSURE_DB, mics) / 20)
        self._starts = generator.integers(0, POOL_S * sample_rate_hz, mics)
        self._rain_mm_h = rain_mm_h
        self._wind = float(full_scale(buffeting_db)) if buffeting_db > 0 else 0.0

    def render(self, first_sample: int, n: int) -> Samples:
        """Return the next noise float32 (mic, n), full scale ±1."""
        out = np.zeros((self._mics, n), dtype=np.float32)
        if self._wind:
            self._add_wind(out, first_sample)
        if self._rain_mm_h:
            self._add_rain(out, first_sample)
        return out

    def _add_wind(self, out: Samples, first_sample: int) -> None:
        pool = _turbulence(self._rate_hz)
        width = round(GUST_STEP_S * self._rate_hz)
        steps = np.arange(first_sample // width, (first_sample + out.shape[1]) // width + 2)
        positions = np.arange(first_sample, first_sample + out.shape[1]) / width
        for mic in range(self._mics):
            levels = np.array([self._gust(mic, int(step)) for step in steps])
            gain = self._wind * self._exposure[mic] * 10 ** (np.interp(positions, steps, levels) / 20)
            at = (first_sample + int(self._starts[mic]) + np.arange(out.shape[1])) % len(pool)
            out[mic] += (pool[at] * gain).astype(np.float32)

    def _gust(self, mic: int, step: int) -> float:
        return float(np.random.default_rng([self._seed, mic, step, 1]).normal(0, GUST_DB))

    def _add_rain(self, out: Samples, first_sample: int) -> None:
        bursts = _bursts(self._rate_hz)
        width, burst_samples = round(CELL_S * self._rate_hz), bursts.shape[1]
        cells = range((first_sample - burst_samples) // width, (first_sample + out.shape[1] - 1) // width + 1)
        for mic in range(self._mics):
            for cell in cells:
                rng = np.random.default_rng([self._seed, mic, cell + 1, 2])
                self._add_rain_in_cell(out[mic], bursts, rng, cell * width - first_sample, self._exposure[mic])

    def _add_rain_in_cell(
        self, out: Samples, bursts: Samples, rng: np.random.Generator, at: int, exposure: float
    ) -> None:
        """Add the drops of the cell that begins at `at` to one microphone."""
        width = round(CELL_S * self._rate_hz)
        for hits, level_db in ((SHIELD_HITS, SHIELD_DB), (SHEET_HITS, SHEET_DB)):
            count = rng.poisson(hits * self._rain_mm_h * CELL_S)
            peaks = full_scale(rng.normal(level_db, SPREAD_DB, count)) * exposure
            for peak, start, shape in zip(
                peaks.tolist(),
                rng.integers(0, width, count).tolist(),
                rng.integers(0, BURSTS, count).tolist(),
                strict=True,
            ):
                begin, end = max(at + start, 0), min(at + start + bursts.shape[1], len(out))
                if begin < end:
                    out[begin:end] += np.float32(peak) * bursts[shape, begin - at - start : end - at - start]


@lru_cache(maxsize=4)
def _bursts(rate_hz: int) -> Samples:
    """Return the sounds of drops (burst, sample) with a peak of 1: a click and the resonance of the surface."""
    rng = np.random.default_rng([_SEED, 1])
    time_s = np.arange(round(BURST_S * rate_hz)) / rate_hz
    pitch_hz = np.exp(rng.uniform(np.log(700), np.log(6500), (BURSTS, 1)))
    decay_s = rng.uniform(0.0006, 0.003, (BURSTS, 1))
    ring = np.sin(2 * np.pi * pitch_hz * time_s + rng.uniform(0, 2 * np.pi, (BURSTS, 1)))
    click = rng.standard_normal((BURSTS, len(time_s))) * np.exp(-time_s / 0.0003)
    shapes = np.exp(-time_s / decay_s) * ring + 0.5 * click
    return np.asarray(shapes / np.abs(shapes).max(axis=1, keepdims=True), dtype=np.float32)


@lru_cache(maxsize=4)
def _turbulence(rate_hz: int) -> Samples:
    """Return periodic turbulence (sample,) of unit power."""
    rng = np.random.default_rng([_SEED, 2])
    n = POOL_S * rate_hz
    low, corner, top = TURBULENCE_HZ
    frequencies = np.fft.rfftfreq(n, 1 / rate_hz)
    shape = np.where((frequencies >= low) & (frequencies < top), (1 + (frequencies / corner) ** 2) ** (-5 / 12), 0.0)
    spectrum = shape * (rng.standard_normal(len(shape)) + 1j * rng.standard_normal(len(shape)))
    noise = scipy.fft.irfft(spectrum, n)
    return np.asarray(noise / noise.std(), dtype=np.float32)
