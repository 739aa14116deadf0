# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Emission of sound sources other than tyres and engines."""

from __future__ import annotations

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray, Samples
from audio_manifold_ros.simulation.sound import spectra
from audio_manifold_ros.simulation.sound.coarse_grid import CoarseGrid
from audio_manifold_ros.simulation.sound.emission import (
    LOW_WIDTH,
    Emission,
    LevelTrack,
    high_noise,
    mix_bands,
)
from audio_manifold_ros.simulation.sound.emission_kinds import KINDS, NoiseKind, ToneKind
from audio_manifold_ros.simulation.sound.noise_pool import low_pool
from audio_manifold_ros.simulation.sound.sample_grid import OVERSAMPLING, SampleGrid, ramp
from audio_manifold_ros.simulation.sound.tones import PhaseClock, read_table, speed_and_acceleration
from audio_manifold_ros.simulation.sound_source import SoundSource

# Envelopes of pulses are computed this often in a control step: every 0.2 ms.
PULSE_POINTS = 16
# A source begins and ends within this time.
FADE_S = 0.02
TONE_TABLE_SIZE = 4096
SPLIT_TOP_HZ = 2828.4
MIN_SPEED_MPS = 0.3


class NoiseEmission:
    """Source of a `NoiseKind`."""

    def __init__(
        self, grid: SampleGrid, source: SoundSource, kind: NoiseKind, start_step: int, generator: np.random.Generator
    ) -> None:
        """Choose phases. Nothing is computed yet. `start_step` is the start in the pools of noise."""
        self._kind, self._source, self._grid, self._start = kind, source, grid, start_step
        self.height_m = kind.height_m if source.height_m is None else source.height_m
        self._levels = LevelTrack(self._levels_at, grid)
        self._clock = PhaseClock(self._rate_hz)
        self._phases = generator.random(3)

    def _rate_hz(self, times_s: FloatArray) -> FloatArray:
        speed, _ = speed_and_acceleration(self._source.trajectory, times_s)
        return np.asarray(self._kind.pulses_hz + self._kind.pulses_per_m * speed)

    def _levels_at(self, times_s: FloatArray) -> FloatArray:
        """Return the rms (9, time) in all bands, and the share of the pulses (time,) in the last row."""
        kind, source = self._kind, self._source
        speed, acceleration = speed_and_acceleration(source.trajectory, times_s)
        level: FloatArray = np.full(len(times_s), source.level_offset_db)
        if kind.reference_mps:
            level = level + kind.slope_db * np.log10(np.maximum(speed, 1e-3) / kind.reference_mps)
            level[speed < MIN_SPEED_MPS] = spectra.SILENT_DB
        rms = np.concatenate(spectra.band_amplitudes(np.array(kind.power_db) + level[:, None]), axis=1).T
        has_pulses = 1.0 * (acceleration < 0.1) if kind.is_coasting_only else np.ones(len(times_s))
        return np.concatenate([rms * _presence(source, times_s), has_pulses[None]])

    def powers(self, first: int, last: int) -> FloatArray:
        """Return the mean squares above and below the split (2, point) at coarse points, from first to last - 1."""
        squares = self._levels.at(first, last)[:9] ** 2
        return np.stack([squares[4:].sum(axis=0), squares[:4].sum(axis=0)])

    def high(self, first: int, last: int) -> Samples:
        """Return the two bands above the split (2, n) at the oversampled rate."""
        coarse = CoarseGrid.around(self._grid, first, last)
        levels = self._levels.on(coarse)
        bands = high_noise(self._grid, self._start + first, levels[4:9], coarse)
        bands *= self._envelope(first, last, coarse.refine(levels[9]), self._grid.step_samples * OVERSAMPLING)
        return bands

    def low(self, first: int, last: int) -> Samples:
        """Return the signal below the split (n,) at the oversampled low rate."""
        coarse = CoarseGrid.around(self._grid, first, last)
        levels = self._levels.on(coarse)
        noise = low_pool(self._grid).read((self._start + first) * LOW_WIDTH, (last - first) * LOW_WIDTH)
        signal = mix_bands(noise, coarse.refine(levels[:4]), LOW_WIDTH)
        return signal * self._envelope(first, last, coarse.refine(levels[9]), LOW_WIDTH)

    def _envelope(self, first: int, last: int, has_pulses: FloatArray, width: int) -> Samples:
        """Return the amplitude (step · width,) of pulses and syllables."""
        kind = self._kind
        if not (kind.pulses_per_m or kind.pulses_hz):
            return np.ones((last - first) * width, dtype=np.float32)
        points = np.arange((last - first) * PULSE_POINTS + 1) / PULSE_POINTS
        steps = np.arange(last - first + 1)
        times = np.interp(points, steps, self._grid.times_s(first, last))
        cycles = self._clock.cycles(times) + self._phases[0]
        pulse = np.exp(-(cycles - np.floor(cycles)) / kind.decay_cycles)
        share = np.interp(points, steps, has_pulses)
        envelope = kind.floor + share * pulse * (1 - kind.floor) / np.sqrt(kind.decay_cycles / 2)
        if kind.syllables_hz:
            slow = np.sin(2 * np.pi * (kind.syllables_hz * times + self._phases[1]))
            phrase = np.sin(2 * np.pi * (0.35 * times + self._phases[2])) > -0.5
            envelope = envelope * (0.5 + 0.5 * slow) * phrase
        spacing = width // PULSE_POINTS if width % PULSE_POINTS == 0 else 0
        if spacing:
            return ramp(envelope, spacing)
        return np.asarray(np.interp(np.arange((last - first) * width) / width, points, envelope), dtype=np.float32)


class ToneEmission:
    """Source of a `ToneKind`. All harmonics are in the bands above the split."""

    def __init__(self, grid: SampleGrid, source: SoundSource, kind: ToneKind, generator: np.random.Generator) -> None:
        """Choose phases. Nothing is computed yet."""
        self._kind, self._source, self._grid = kind, source, grid
        self.height_m = kind.height_m if source.height_m is None else source.height_m
        self._rms = float(spectra.full_scale(kind.level_db + source.level_offset_db))
        self._clocks = [PhaseClock(rate) for rate in kind.rates_hz]
        self._shifts = generator.random(len(self._clocks))
        self._tables = _tone_tables(kind, generator)
        self._levels = LevelTrack(self._levels_at, grid)

    def _levels_at(self, times_s: FloatArray) -> FloatArray:
        return np.asarray(self._rms * _presence(self._source, times_s))[None]

    def powers(self, first: int, last: int) -> FloatArray:
        """Return the mean squares above and below the split (2, point) at coarse points, from first to last - 1."""
        square = self._levels.at(first, last) ** 2
        return np.concatenate([square, 0 * square])

    def high(self, first: int, last: int) -> Samples:
        """Return the two bands above the split (2, n) at the oversampled rate."""
        coarse = CoarseGrid.around(self._grid, first, last)
        width = self._grid.step_samples * OVERSAMPLING
        out = np.zeros((2, (last - first) * width), dtype=np.float32)
        level = coarse.refine(self._levels.on(coarse)[0])
        if level.any():
            times = self._grid.times_s(first, last)
            for clock, shift in zip(self._clocks, self._shifts.tolist(), strict=True):
                cycles = clock.cycles(times) + shift
                for band, table in enumerate(self._tables):
                    out[band] += read_table(table, cycles, width)
            out *= ramp(level / np.sqrt(len(self._clocks)), width)
        return out

    def low(self, first: int, last: int) -> Samples:
        """Return silence (n,)."""
        return np.zeros((last - first) * LOW_WIDTH, dtype=np.float32)


def emission_of(grid: SampleGrid, source: SoundSource, start_step: int, generator: np.random.Generator) -> Emission:
    """Return the emission of a sound source. `start_step` is its start in the pools of noise."""
    kind = KINDS[source.kind]
    if isinstance(kind, NoiseKind):
        return NoiseEmission(grid, source, kind, start_step, generator)
    return ToneEmission(grid, source, kind, generator)


def _tone_tables(kind: ToneKind, generator: np.random.Generator) -> Samples:
    """Return one period (2, TONE_TABLE_SIZE + 1) of the harmonics in the two bands, with a total rms of 1."""
    order = np.arange(1, int(9000 / kind.nominal_hz) + 1)
    amplitudes = 10 ** (-kind.slope_db * np.log2(order) / 20)
    amplitudes *= np.sqrt(2 / np.sum(amplitudes**2))
    spectrum = np.zeros((2, TONE_TABLE_SIZE // 2 + 1), dtype=np.complex128)
    band = (order * kind.nominal_hz > SPLIT_TOP_HZ).astype(int)
    phases = np.exp(2j * np.pi * generator.random(len(order)))
    spectrum[band, order] = -0.5j * TONE_TABLE_SIZE * amplitudes * phases
    periods = np.fft.irfft(spectrum, TONE_TABLE_SIZE, axis=1)
    return np.concatenate([periods, periods[:, :1]], axis=1).astype(np.float32)


def _presence(source: SoundSource, times_s: FloatArray) -> FloatArray:
    """Return 1 between start and end of a source and 0 outside, with short ramps (time,)."""
    inside = np.minimum(times_s - source.start_s, source.end_s - times_s) / FADE_S
    return np.asarray(np.clip(inside, 0.0, 1.0))
