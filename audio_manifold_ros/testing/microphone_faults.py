# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Simulated microphone faults that begin during a drive."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from audio_manifold_ros.audio.microphone_health import Fault
from audio_manifold_ros.common.array_types import Samples


def low_pass(sound: Samples, rate_hz: int, corner_hz: float, deepest_db: float) -> Samples:
    """Return audio (sample,) low-pass filtered: 12 dB per octave above a corner, down to a depth."""
    frequencies = np.fft.rfftfreq(len(sound), 1 / rate_hz)
    gains = np.maximum(1 / np.sqrt(1 + (frequencies / corner_hz) ** 4), 10 ** (-deepest_db / 20))
    return np.asarray(np.fft.irfft(np.fft.rfft(sound) * gains, len(sound)), dtype=np.float32)


def simulate_unplugged(sound: Samples, _rate_hz: int) -> Samples:
    """Return zeros."""
    return np.zeros_like(sound)


def simulate_hum(sound: Samples, rate_hz: int) -> Samples:
    """Return the signal of an open input: mains hum and amplifier noise."""
    time_s = np.arange(len(sound)) / rate_hz
    hum = 3e-3 * np.sin(2 * np.pi * 50 * time_s) + 1e-3 * np.sin(2 * np.pi * 150 * time_s)
    return (hum + np.random.default_rng(1).normal(0, 3e-5, len(sound))).astype(np.float32)


def simulate_dead(sound: Samples, _rate_hz: int) -> Samples:
    """Return amplifier noise without a capsule, one 16-bit step."""
    return np.random.default_rng(2).normal(0, 3e-5, len(sound)).astype(np.float32)


def simulate_clipping(sound: Samples, _rate_hz: int) -> Samples:
    """Return audio with a third of its samples clipped."""
    clipped: Samples = np.clip(sound / sound.std(), -1, 1)
    return clipped


def simulate_noise(sound: Samples, rate_hz: int) -> Samples:
    """Return audio with white noise far above its level over 3 kHz."""
    loud = sound - low_pass(sound, rate_hz, 3200, 80)
    level = max(12 * float(loud.std()), 5e-4)
    return (sound + np.random.default_rng(3).normal(0, level, len(sound))).astype(np.float32)


def simulate_occlusion(sound: Samples, rate_hz: int) -> Samples:
    """Return audio of a capsule covered by mud, snow or a glove."""
    return low_pass(sound, rate_hz, 800, 30)


def simulate_wrong_time(sound: Samples, rate_hz: int) -> Samples:
    """Return audio of half a second before, as from a channel that is out of step with the others."""
    return np.roll(sound, rate_hz // 2)


# How to break a microphone, and the faults that may be reported then.
FAULTS: dict[str, tuple[Callable[[Samples, int], Samples], tuple[Fault, ...]]] = {
    'unplugged': (simulate_unplugged, (Fault.UNPLUGGED,)),
    'humming': (simulate_hum, (Fault.UNPLUGGED, Fault.DEAD)),
    'dead': (simulate_dead, (Fault.DEAD,)),
    'clipping': (simulate_clipping, (Fault.CLIPPED,)),
    'hissing': (simulate_noise, (Fault.NOISY,)),
    'covered': (simulate_occlusion, (Fault.OCCLUDED,)),
    'out of step': (simulate_wrong_time, (Fault.UNRELATED,)),
}
# The faults that show in the level of a microphone, whatever the weather.
LEVEL_FAULTS = tuple(name for name in FAULTS if name != 'out of step')


def break_microphone(sound: Samples, mic: int, fault: str, from_s: float, rate_hz: int) -> Samples:
    """Return quantised audio float32 (mic, sample) in which one microphone fails at an instant."""
    broken, first = sound.copy(), round(from_s * rate_hz)
    broken[mic, first:] = FAULTS[fault][0](sound[mic, first:], rate_hz)
    steps = np.clip(np.rint(broken * 32768), -32768, 32767)
    return (steps / np.float32(32768)).astype(np.float32)
