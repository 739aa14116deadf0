# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Source spectra of road vehicles: CNOSSOS-EU (Directive (EU) 2015/996, amended 2021/1226), octaves 63 Hz to 8 kHz."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.compiled import compiled
from audio_manifold_ros.simulation.sound.sample_grid import SPLIT_HZ
from audio_manifold_ros.simulation.vehicle import VehicleKind

OCTAVES_HZ = (63, 125, 250, 500, 1000, 2000, 4000, 8000)
# The 500 Hz octave is split where the directivity of the microphones changes.
LOW_EDGES_HZ = (44.7, 88.4, 176.8, 353.6, SPLIT_HZ)
HIGH_EDGES_HZ = (SPLIT_HZ, 707.1, 1414.2, 2828.4, 5656.9, 11313.7)
_SPLIT_FRACTION = (SPLIT_HZ - 353.6) / (707.1 - 353.6)

REFERENCE_KMH = 70.0
MIN_SPEED_KMH = 20.0
IDLE_DB = -8.0
SILENT_DB = -200.0
POINT_SOURCE_DB = 11.0
ACCELERATION_RANGE_MPS2 = (-1.0, 2.0)
FULL_SCALE_PA = 20.0
REFERENCE_PA = 20e-6

# ISO 9613-1 at 20 °C and 50 % relative humidity, dB per metre, for the bands below 2.8 kHz and above.
AIR_DB_PER_M = (0.006, 0.040)


@dataclass(frozen=True)
class _Category:
    rolling: tuple[float, ...] | None
    rolling_slope: tuple[float, ...] | None
    propulsion: tuple[float, ...]
    propulsion_slope: tuple[float, ...]
    acceleration_db: float


_CATEGORIES = {
    VehicleKind.CAR: _Category(
        (83.1, 89.2, 87.7, 93.1, 100.1, 96.7, 86.8, 76.2),
        (30.0, 41.5, 38.9, 25.7, 32.5, 37.2, 39.0, 40.0),
        (97.9, 92.5, 90.7, 87.2, 84.7, 88.0, 84.4, 77.1),
        (-1.3, 7.2, 7.7, 8.0, 8.0, 8.0, 8.0, 8.0),
        4.4,
    ),
    VehicleKind.BUS: _Category(
        (88.7, 93.2, 95.7, 100.9, 101.7, 95.1, 87.8, 83.6),
        (30.0, 35.8, 32.6, 23.8, 30.1, 36.2, 38.3, 40.1),
        (105.5, 100.2, 100.5, 98.7, 101.0, 97.8, 91.2, 85.0),
        (-1.9, 4.7, 6.4, 6.5, 6.5, 6.5, 6.5, 6.5),
        5.6,
    ),
    VehicleKind.TRUCK: _Category(
        (91.7, 96.2, 98.2, 104.9, 105.1, 98.5, 91.1, 85.6),
        (30.0, 33.5, 31.3, 25.4, 31.8, 37.1, 38.6, 40.6),
        (108.8, 104.2, 103.5, 102.9, 102.6, 98.5, 93.8, 87.5),
        (0.0, 3.0, 4.6, 5.0, 5.0, 5.0, 5.0, 5.0),
        5.6,
    ),
    VehicleKind.MOTORCYCLE: _Category(
        None,
        None,
        (99.9, 101.9, 96.7, 94.4, 95.2, 94.7, 92.1, 88.6),
        (3.2, 5.9, 11.9, 11.6, 11.5, 12.6, 11.1, 12.0),
        4.4,
    ),
}
# A delivery van is a light motor vehicle of CNOSSOS category 1. Trams and bicycles are sound sources of the street.
_CATEGORIES[VehicleKind.VAN] = _CATEGORIES[VehicleKind.CAR]


def rolling_levels_db(kind: VehicleKind, speed_mps: FloatArray | float, *, is_wet: bool = False) -> FloatArray:
    """Return the sound power (…, 8) of the tyres in dB re 1 pW at these speeds (…).

    It is negligible for a motorcycle and at standstill. CNOSSOS defines the formula from 20 km/h. It is continued
    below, because tyre noise disappears with the speed. Water on the road adds `wet_road_db`.
    """
    category = _CATEGORIES[kind]
    speeds = np.abs(np.asarray(speed_mps, dtype=np.float64))
    levels = np.full((*speeds.shape, len(OCTAVES_HZ)), SILENT_DB)
    if category.rolling is None or category.rolling_slope is None:
        return levels
    _rolling(speeds.reshape(-1), category.rolling, category.rolling_slope, levels.reshape(-1, len(OCTAVES_HZ)))
    return levels + wet_road_db(speeds[..., None] * 3.6) if is_wet else levels


@compiled('void(f8[::1], UniTuple(f8, 8), UniTuple(f8, 8), f8[:, ::1])')
def _rolling(speeds: FloatArray, powers: tuple[float, ...], slopes: tuple[float, ...], levels: FloatArray) -> None:
    for row in range(len(speeds)):
        speed_kmh = speeds[row] * 3.6
        if speed_kmh >= 1:
            ratio = math.log10(speed_kmh / REFERENCE_KMH)
            for octave in range(8):
                levels[row, octave] = powers[octave] + slopes[octave] * ratio


def wet_road_db(speed_kmh: FloatArray) -> FloatArray:
    """Return the increase (…, 8) of the tyre noise by water on the road, at speeds (…, 1) in km/h.

    The form is that of the wet surfaces of Nord 2000 and Harmonoise: 15 lg(f) − 12 lg(v / 70) − 48, at least 0. Spray
    adds 10 dB at 8 kHz and nothing below 1.6 kHz at 70 km/h. At lower speed tyre noise is weaker relative to the spray.
    """
    return np.asarray(
        np.maximum(15 * np.log10(OCTAVES_HZ) - 12 * np.log10(np.maximum(speed_kmh, 20.0) / REFERENCE_KMH) - 48, 0)
    )


def propulsion_levels_db(
    kind: VehicleKind,
    speed_mps: FloatArray | float,
    acceleration_mps2: FloatArray | float = 0.0,
    *,
    electric: bool = False,
) -> FloatArray:
    """Return the sound power (…, 8) of engine and exhaust in dB re 1 pW. An idling engine is `IDLE_DB` lower.

    Acceleration adds 4.4 dB per m/s² (two axles) or 5.6 dB per m/s² (heavy vehicles) between −1 and 2 m/s², as in the
    Harmonoise source model. CNOSSOS has the same effect only as a mean over all vehicles near a junction.
    """
    speeds = np.abs(np.asarray(speed_mps, dtype=np.float64))
    levels = np.full((*speeds.shape, len(OCTAVES_HZ)), SILENT_DB)
    if electric:
        return levels
    category = _CATEGORIES[kind]
    accelerations = np.array(np.broadcast_to(acceleration_mps2, speeds.shape), dtype=np.float64)
    _propulsion(
        speeds.reshape(-1), accelerations.reshape(-1), category.propulsion, category.propulsion_slope,
        category.acceleration_db, levels.reshape(-1, len(OCTAVES_HZ)),
    )  # fmt: skip
    return levels


@compiled('void(f8[::1], f8[::1], UniTuple(f8, 8), UniTuple(f8, 8), f8, f8[:, ::1])')
def _propulsion(
    speeds: FloatArray,
    accelerations: FloatArray,
    powers: tuple[float, ...],
    slopes: tuple[float, ...],
    acceleration_db: float,
    levels: FloatArray,
) -> None:
    low, high = ACCELERATION_RANGE_MPS2
    for row in range(len(speeds)):
        speed_kmh = speeds[row] * 3.6
        idle_db = IDLE_DB * max(0.0, 1 - speed_kmh / MIN_SPEED_KMH)
        excess = max(speed_kmh, MIN_SPEED_KMH) - REFERENCE_KMH
        effort_db = acceleration_db * min(max(accelerations[row], low), high)
        for octave in range(8):
            levels[row, octave] = powers[octave] + slopes[octave] * excess / REFERENCE_KMH + idle_db + effort_db


def full_scale(level_db: FloatArray | float) -> FloatArray:
    """Convert sound pressure levels (dB re 20 µPa) to rms values where ±1 is 20 Pa."""
    return np.asarray(REFERENCE_PA / FULL_SCALE_PA * 10 ** (np.asarray(level_db) / 20))


def band_amplitudes(power_levels_db: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Convert sound powers (…, 8) of octaves to the free-field rms at 1 m of the low (…, 4) and high (…, 5) bands."""
    bands = np.empty((*power_levels_db.shape[:-1], len(LOW_EDGES_HZ) + len(HIGH_EDGES_HZ) - 2))
    _bands(np.ascontiguousarray(power_levels_db, dtype=np.float64).reshape(-1, 8), bands.reshape(-1, 9))
    return bands[..., :4], bands[..., 4:]


@compiled('void(f8[:, ::1], f8[:, ::1])')
def _bands(levels: FloatArray, bands: FloatArray) -> None:
    low, high = math.sqrt(_SPLIT_FRACTION), math.sqrt(1 - _SPLIT_FRACTION)
    for row in range(len(levels)):
        for octave in range(8):
            rms = REFERENCE_PA / FULL_SCALE_PA * 10 ** ((levels[row, octave] - POINT_SOURCE_DB) / 20)
            if octave == 3:
                bands[row, 3], bands[row, 4] = rms * low, rms * high
            else:
                bands[row, octave + (octave > 3)] = rms
