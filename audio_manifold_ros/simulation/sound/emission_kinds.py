# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Emission models of sound sources other than tyres and engines, by kind: `KINDS`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.sound_source import EmissionKind


@dataclass(frozen=True)
class NoiseKind:
    """Source of noise whose level follows the speed and whose envelope may be a train of pulses.

    Attributes:
        power_db: Sound power (8,) of the octaves from 63 Hz to 8 kHz, dB re 1 pW, at the reference speed.
        height_m: Height of the source.
        reference_mps: Reference speed; 0 for a source that does not depend on speed.
        slope_db: Increase of the level per decade of speed.
        pulses_per_m: Pulses per metre; 0 for none.
        pulses_hz: Pulses per second of a source that does not depend on speed.
        decay_cycles: Time constant of a pulse as a fraction of the time between two.
        floor: Amplitude between the pulses, 0 to 1.
        is_coasting_only: True if the pulses are present only without acceleration.
        syllables_hz: Rate of a slow modulation; 0 for none.

    """

    power_db: tuple[float, ...]
    height_m: float
    reference_mps: float = 0.0
    slope_db: float = 0.0
    pulses_per_m: float = 0.0
    pulses_hz: float = 0.0
    decay_cycles: float = 0.1
    floor: float = 1.0
    is_coasting_only: bool = False
    syllables_hz: float = 0.0


@dataclass(frozen=True)
class ToneKind:
    """Source of harmonic tones.

    Attributes:
        level_db: Sound pressure level at 1 m.
        height_m: Height of the source.
        rates_hz: Functions of times (time,) that return the fundamental frequencies (time,) of simultaneous tones.
        nominal_hz: Mean fundamental frequency, which divides the harmonics between the bands.
        slope_db: Decrease of the harmonics per octave.

    """

    level_db: float
    height_m: float
    rates_hz: tuple[Callable[[FloatArray], FloatArray], ...]
    nominal_hz: float
    slope_db: float


def _steady(frequency_hz: float) -> Callable[[FloatArray], FloatArray]:
    return lambda times_s: np.full(len(times_s), frequency_hz)


def _sweep(low_hz: float, high_hz: float, period_s: float) -> Callable[[FloatArray], FloatArray]:
    middle, depth = (low_hz + high_hz) / 2, (high_hz - low_hz) / 2
    return lambda times_s: np.asarray(middle - depth * np.cos(2 * np.pi * times_s / period_s))


def _alternate(first_hz: float, second_hz: float, period_s: float) -> Callable[[FloatArray], FloatArray]:
    return lambda times_s: np.where(times_s % period_s < period_s / 2, first_hz, second_hz)


# Bicycle: rolling noise of the tyres, about 55 dB(A) at 1 m and 5 m/s, and a freewheel with 36 teeth that clicks while
# the rider coasts. Footsteps: impacts of the heel every 0.75 m, about 45 dB(A) at 1 m. Both are estimates.
# Voice: octave levels at 1 m of normal effort (ANSI S3.5-1997), pitch pulses, four syllables a second.
# Horn: 102 dB(A) at 7 m, the middle of the range of UNECE R28, two discs. Sirens: 110 dB(A) at 3.5 m (DIN 14610) with
# the fourth 435/580 Hz, and wail and yelp within the ranges of SAE J1849.
# Tram: 75 dB(A) at 7.5 m and 40 km/h for the vehicle, rolling noise with 30 lg v, most energy from 500 Hz to 2 kHz.
KINDS: dict[EmissionKind, NoiseKind | ToneKind] = {
    EmissionKind.BICYCLE: NoiseKind(
        (50.0, 52.0, 54.0, 57.0, 60.0, 61.0, 58.0, 53.0), 0.3, 5.0, 30.0, 36 / 2.1, decay_cycles=0.08, floor=0.4,
        is_coasting_only=True,
    ),
    EmissionKind.FOOTSTEPS: NoiseKind(
        (62.0, 66.0, 66.0, 66.0, 64.0, 62.0, 59.0, 53.0), 0.05, 1.4, 20.0, 1 / 0.75, decay_cycles=0.06, floor=0.0
    ),
    EmissionKind.VOICE: NoiseKind(
        (40.0, 59.0, 68.2, 70.8, 64.5, 59.8, 54.9, 49.6), 1.6, pulses_hz=140.0, decay_cycles=0.25, floor=0.2,
        syllables_hz=4.0,
    ),
    EmissionKind.TRAM: NoiseKind((90.0, 90.0, 92.0, 96.0, 96.0, 91.0, 85.0, 78.0), 0.3, 11.1, 30.0),
    EmissionKind.HORN: ToneKind(116.0, 0.5, (_steady(400.0), _steady(500.0)), 450.0, 3.0),
    EmissionKind.SIREN_WAIL: ToneKind(118.0, 1.8, (_sweep(600.0, 1400.0, 4.5),), 1000.0, 8.0),
    EmissionKind.SIREN_YELP: ToneKind(118.0, 1.8, (_sweep(600.0, 1400.0, 0.32),), 1000.0, 8.0),
    EmissionKind.SIREN_HI_LO: ToneKind(118.0, 1.8, (_alternate(435.0, 580.0, 1.5),), 500.0, 6.0),
}  # fmt: skip
