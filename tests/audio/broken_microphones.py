# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What can become of a microphone, done to the sound of a simulated drive."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.audio.microphone_health import Fault

RATE_HZ = 22_500
Samples = NDArray[np.float32]


def low_pass(sound: Samples, corner_hz: float, deepest_db: float) -> Samples:
    """Return what a sock over a capsule lets through."""
    frequencies = np.fft.rfftfreq(len(sound), 1 / RATE_HZ)
    gains = np.maximum(1 / np.sqrt(1 + (frequencies / corner_hz) ** 4), 10 ** (-deepest_db / 20))
    return np.fft.irfft(np.fft.rfft(sound) * gains, len(sound)).astype(np.float32)


def unplugged(sound: Samples) -> Samples:
    return np.zeros_like(sound)


def humming(sound: Samples) -> Samples:
    time_s = np.arange(len(sound)) / RATE_HZ
    hum = 3e-3 * np.sin(2 * np.pi * 50 * time_s) + 1e-3 * np.sin(2 * np.pi * 150 * time_s)
    return (hum + np.random.default_rng(1).normal(0, 3e-5, len(sound))).astype(np.float32)


def dead(sound: Samples) -> Samples:
    return np.random.default_rng(2).normal(0, 3e-5, len(sound)).astype(np.float32)


def clipping(sound: Samples) -> Samples:
    return np.clip(sound / sound.std(), -1, 1)


def hissing(sound: Samples) -> Samples:
    loud = sound - low_pass(sound, 3200, 80)
    level = max(12 * float(loud.std()), 5e-4)
    return (sound + np.random.default_rng(3).normal(0, level, len(sound))).astype(np.float32)


def covered(sound: Samples) -> Samples:
    return low_pass(sound, 800, 30)


BREAKING: dict[str, tuple[Callable[[Samples], Samples], tuple[Fault, ...]]] = {
    'unplugged': (unplugged, (Fault.UNPLUGGED,)),
    'humming': (humming, (Fault.UNPLUGGED, Fault.DEAD)),
    'dead': (dead, (Fault.DEAD,)),
    'clipping': (clipping, (Fault.CLIPS,)),
    'hissing': (hissing, (Fault.HISSES,)),
    'covered': (covered, (Fault.COVERED,)),
}


def break_microphone(sound: Samples, mic: int, how: str, from_s: float, rate_hz: int = RATE_HZ) -> Samples:
    """Return sound float32 (mic, sample), quantised, in which one microphone breaks at an instant."""
    broken, first = sound.copy(), round(from_s * rate_hz)
    broken[mic, first:] = BREAKING[how][0](sound[mic, first:])
    steps = np.clip(np.rint(broken * 32768), -32768, 32767)
    return (steps / np.float32(32768)).astype(np.float32)
