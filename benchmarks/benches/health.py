# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmark of microphone health: false alarms in an hour of rain and wind, detection rate and delay of faults."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from statistics import median
from time import process_time

import numpy as np

from audio_manifold_ros.audio.microphone_health import Fault, MicrophoneHealth
from audio_manifold_ros.common.array_types import Samples
from audio_manifold_ros.simulation.drive import Drive
from audio_manifold_ros.testing.microphone_faults import FAULTS, LEVEL_FAULTS, break_microphone
from audio_manifold_ros.testing.weather_noise import WeatherNoise
from benchmarks.harness.figure import Figure, at_least, at_most

RATE_HZ = 22_500
BLOCK_SAMPLES = 256
STREETS, SECONDS = 120, 30
BROKEN_STREETS, BROKEN_SECONDS, BREAKS_AT_S = 30, 8, 4.0
FIRST_SEED = 1_400_000
RAIN_MM_H = (0.0, 0.0, 2.0, 10.0, 30.0)
BUFFETING_DB = (0.0, 0.0, 70.0, 80.0, 90.0)
MAX_DELAY_S = 2.0


@dataclass
class _FalseAlarmStats:
    """Reports about healthy and broken microphones."""

    false_alarms: Counter[str] = field(default_factory=Counter)
    false_alarm_s: float = 0.0
    audio_s: float = 0.0
    cpu_s: float = 0.0


def measure() -> list[Figure]:
    """Return the figures of the health of microphones."""
    healthy = _FalseAlarmStats()
    for number in range(STREETS):
        _count_false_alarms(healthy, number, _render_street(number, SECONDS))
    delays_s, wrong = _measure_detection()
    hours = STREETS * SECONDS / 3600
    weather = (
        f'{hours:g} h of streets, rain to {max(RAIN_MM_H):g} mm/h, wind at the capsules to {max(BUFFETING_DB):g} dB'
    )
    figures = [
        at_most(f'healthy microphones reported as faulty: {weather}', float(healthy.false_alarms.total()), 'times', 0),
        Figure(
            'fraction of the time that a healthy microphone was reported as faulty',
            healthy.false_alarm_s / healthy.audio_s / 8,
            '',
        ),
        at_most('one core, sound of 8 microphones', 100 * healthy.cpu_s / healthy.audio_s, '% of real time', 2),
    ]
    for name, found in delays_s.items():
        detected_ratio = sum(delay is not None and delay <= MAX_DELAY_S for delay in found) / len(found)
        detected_delays_s = [delay for delay in found if delay is not None]
        # Wind at the capsules hides whether microphones are related.
        required = 100 if name in LEVEL_FAULTS else 0
        text = f'{name}: found and named within {MAX_DELAY_S:g} s'
        figures.append(at_least(text, 100 * detected_ratio, '%', required))
        figures.append(
            Figure(f'{name}: median delay', median(detected_delays_s) if detected_delays_s else float('nan'), 's')
        )
        if detected_delays_s:
            figures.append(Figure(f'{name}: longest delay', max(detected_delays_s), 's'))
    figures.append(
        at_most('healthy microphones reported as faulty together with a broken one', float(wrong), 'times', 0)
    )
    return figures


def _render_street(number: int, seconds: int) -> Samples:
    """Return the audio float32 (mic, sample) of one street in one kind of weather."""
    drive = Drive(FIRST_SEED + number)
    sound = np.concatenate([drive.audio(second * RATE_HZ, RATE_HZ) for second in range(seconds)], axis=1)
    rng = np.random.default_rng(number)
    weather = WeatherNoise(
        len(sound),
        RATE_HZ,
        number,
        rain_mm_h=float(rng.choice(RAIN_MM_H)),
        buffeting_db=float(rng.choice(BUFFETING_DB)),
    )
    return sound + weather.render(0, sound.shape[1])


def _count_false_alarms(stats: _FalseAlarmStats, number: int, sound: Samples) -> None:
    """Process the audio of a healthy array and count the false alarms."""
    health = MicrophoneHealth(Drive(FIRST_SEED + number).array, RATE_HZ, check_relation=True)
    before: dict[int, Fault] = {}
    started = process_time()
    for first in range(0, sound.shape[1], BLOCK_SAMPLES):
        health.push(sound[:, first : first + BLOCK_SAMPLES], first)
        faults = health.faults
        stats.false_alarms.update(fault.value for mic, fault in faults.items() if mic not in before)
        stats.false_alarm_s += len(faults) * BLOCK_SAMPLES / RATE_HZ
        before = faults
    stats.cpu_s += process_time() - started
    stats.audio_s += sound.shape[1] / RATE_HZ


def _measure_detection() -> tuple[dict[str, list[float | None]], int]:
    """Break one microphone of each street in every way; return the detection delays in seconds and the false alarms."""
    delays_s: dict[str, list[float | None]] = {name: [] for name in FAULTS}
    wrong = 0
    for number in range(BROKEN_STREETS):
        sound = _render_street(STREETS + number, BROKEN_SECONDS)
        rng = np.random.default_rng([number, 1])
        for name in FAULTS:
            mic = int(rng.integers(len(sound)))
            found, others = _detect_fault(number, break_microphone(sound, mic, name, BREAKS_AT_S, RATE_HZ), mic, name)
            delays_s[name].append(found)
            wrong += others
    return delays_s, wrong


def _detect_fault(number: int, sound: Samples, mic: int, name: str) -> tuple[float | None, int]:
    health = MicrophoneHealth(Drive(FIRST_SEED + STREETS + number).array, RATE_HZ, check_relation=True)
    found: float | None = None
    others: set[int] = set()
    for first in range(0, sound.shape[1], BLOCK_SAMPLES):
        health.push(sound[:, first : first + BLOCK_SAMPLES], first)
        faults = health.faults
        others |= set(faults) - {mic}
        if found is None and faults.get(mic) in FAULTS[name][1]:
            found = (first + BLOCK_SAMPLES) / RATE_HZ - BREAKS_AT_S
    return found, len(others)
