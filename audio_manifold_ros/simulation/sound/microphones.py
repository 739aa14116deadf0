# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Simulated capsules and amplifiers: tolerances, self-noise, saturation."""

from __future__ import annotations

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray, Samples
from audio_manifold_ros.simulation.sound import spectra
from audio_manifold_ros.simulation.sound.noise_pool import white_pool
from audio_manifold_ros.simulation.sound.sample_grid import SampleGrid

GAIN_TOLERANCE_DB = 1.0
POSITION_TOLERANCE_M = 0.005
SELF_NOISE_DB = (25.0, 32.0)
KNEE = 0.8


def soft_clip(samples: Samples) -> Samples:
    """Return the samples with smooth saturation towards ±1 above the knee."""
    if float(np.abs(samples).max(initial=0)) <= KNEE:
        return samples
    room = np.float32(1 - KNEE)
    excess = np.maximum(np.abs(samples) - np.float32(KNEE), 0)
    bent = np.sign(samples) * (np.float32(KNEE) + room * np.tanh(excess / room))
    return np.where(np.abs(samples) > KNEE, bent, samples).astype(np.float32)


class Microphones:
    """Gain, position and self-noise of each capsule.

    Attributes:
        gains: Factors float32 (mic,).
        jitter_m: Deviation of each capsule from its position in the rig (mic, 3).

    """

    def __init__(self, mics: int, grid: SampleGrid, generator: np.random.Generator) -> None:
        """Sample the tolerances of each capsule."""
        self._grid = grid
        gains_db = generator.uniform(-GAIN_TOLERANCE_DB, GAIN_TOLERANCE_DB, size=mics)
        self.gains: Samples = (10 ** (gains_db / 20)).astype(np.float32)
        self.jitter_m: FloatArray = np.clip(generator.normal(0, POSITION_TOLERANCE_M / 2, size=(mics, 3)), -0.01, 0.01)
        self._noise = spectra.full_scale(generator.uniform(*SELF_NOISE_DB, size=mics)).astype(np.float32)
        self._starts = generator.integers(0, 10**7, size=mics)

    def record(self, pressure: Samples, first_sample: int) -> Samples:
        """Return the output of the amplifiers (mic, n). The argument is overwritten."""
        pressure *= self.gains[:, None]
        pool = white_pool(self._grid)
        for mic, (noise, start) in enumerate(zip(self._noise, self._starts, strict=True)):
            pressure[mic] += noise * pool.read(int(start) + first_sample, pressure.shape[1])[0]
        return soft_clip(pressure)


LOW_OMNI = 1.0
HIGH_OMNI = 0.6


def directivity(cosine: FloatArray, omni: float) -> FloatArray:
    """Return a + (1 − a) · cos θ, a first-order pattern with gain 1 at the front."""
    return omni + (1 - omni) * cosine
