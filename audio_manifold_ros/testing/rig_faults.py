# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Channel faults of an array, each injected into one channel of recorded audio."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from audio_manifold_ros.common.array_types import Samples

FaultInjector = Callable[[Samples, int, np.random.Generator], None]

STEP = np.float32(1 / 32768)
MIN_NOISE_DB, MAX_NOISE_DB = 10.0, 25.0
CLIPPED_FRACTIONS = (2e-4, 0.02)
STUCK_BITS = (2, 9)


def quantize_to_pcm16(samples: Samples) -> Samples:
    """Return audio quantised to 16 bits."""
    return np.asarray(np.clip(np.rint(samples / STEP), -32768, 32767) * STEP, dtype=np.float32)


def inject_unplugged(samples: Samples, channel: int, _generator: np.random.Generator) -> None:
    """Replace a channel by zeros."""
    samples[channel] = 0


def inject_dead(samples: Samples, channel: int, generator: np.random.Generator) -> None:
    """Replace a channel by amplifier noise of one to three steps and weak mains hum."""
    n = samples.shape[1]
    hum = np.sin(2 * np.pi * 50 / 22_500 * np.arange(n)) * generator.uniform(0, 3)
    samples[channel] = (generator.standard_normal(n) * generator.uniform(1, 3) + hum) * STEP


def inject_clipping(samples: Samples, channel: int, generator: np.random.Generator) -> None:
    """Clip a fraction of the samples at or below full scale, because an amplifier may saturate before the converter."""
    clipped_fraction = np.exp(generator.uniform(*np.log(CLIPPED_FRACTIONS)))
    limit = generator.choice([1.0, generator.uniform(0.1, 0.9)])
    level = np.quantile(np.abs(samples[channel]), 1 - clipped_fraction)
    samples[channel] = np.clip(samples[channel] * (limit / level), -limit, limit)


def inject_noise(samples: Samples, channel: int, generator: np.random.Generator) -> None:
    """Add white noise, 10 to 25 dB above the signal in the upper half of the spectrum."""
    n = samples.shape[1]
    spectrum = np.abs(np.fft.rfft(samples[channel])) ** 2
    upper = spectrum[len(spectrum) // 2 :].mean() / n
    level = np.sqrt(upper) * 10 ** (generator.uniform(MIN_NOISE_DB, MAX_NOISE_DB) / 20)
    samples[channel] += (generator.standard_normal(n) * level).astype(np.float32)


def inject_duplicate(samples: Samples, channel: int, _generator: np.random.Generator) -> None:
    """Copy the next channel to this one."""
    samples[channel] = samples[(channel + 1) % len(samples)]


def inject_stuck_bit(samples: Samples, channel: int, generator: np.random.Generator) -> None:
    """Set one bit of every sample to a constant 0 or 1."""
    steps = np.rint(samples[channel] / STEP).astype(np.int16)
    bit = np.int16(1 << generator.integers(*STUCK_BITS))
    steps = steps | bit if generator.random() < 0.5 else steps & ~bit
    samples[channel] = steps * STEP


FAULTS: dict[str, FaultInjector] = {
    'unplugged': inject_unplugged,
    'deaf': inject_dead,
    'clipped': inject_clipping,
    'hissing': inject_noise,
    'duplicated': inject_duplicate,
    'stuck bit': inject_stuck_bit,
}
# The name that the channel check gives to each fault.
FAULT_NAMES = {
    'unplugged': 'dead',
    'deaf': 'dead',
    'clipped': 'clipped',
    'hissing': 'hissing',
    'duplicated': 'identical',
    'stuck bit': 'stuck',
}
