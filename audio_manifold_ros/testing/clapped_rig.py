# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Simulated claps around a rig whose file has position errors."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.signal

from audio_manifold_ros.calibration.geometry.array_self_calibration import fit_rigid_transform
from audio_manifold_ros.calibration.geometry.geometry_problem import MeasuredDistance
from audio_manifold_ros.common.array_types import FloatArray, Samples
from audio_manifold_ros.rig.rig import MicrophoneArray
from audio_manifold_ros.testing.simulated_rig import RATE_HZ, SNR_DB, SimulatedRig, in_band, octagon, rectangle

# Distance of people from the array, height of their hands relative to an array on a roof, height of the roof.
RANGE_M, HEIGHT_M, ROOF_M = (1.5, 4.0), (-0.9, 0.6), 1.7
CLAP_INTERVAL_S, JITTER_S, CLAP_S = 1.2, 0.4, 0.04
POSITION_STD_M = 0.05
MEASURED_PAIRS, DISTANCE_STD_M = ((0, 4), (2, 6), (0, 2)), 0.003
GROUND_REFLECTION = 0.5


@dataclass(frozen=True)
class ClapRecording:
    """Claps with their places and times.

    Attributes:
        pressure: f32 (mic, sample).
        places_m: Positions of the claps (clap, 3).
        times_s: Times of the claps (clap,).

    """

    pressure: Samples
    places_m: FloatArray
    times_s: FloatArray


class ClappedRig(SimulatedRig):
    """A parked car with position errors in its rig file.

    Attributes:
        nominal: The rig file: positions with errors, in the frame of the true positions.
        positions_m: True positions of the microphones (mic, 3).

    """

    def __init__(self, seed: int, array: MicrophoneArray, position_std_m: float) -> None:
        """Choose street, faults and position errors at random."""
        super().__init__(seed, array)
        self.positions_m = self._positions_m
        wrong = self.positions_m + self.generator.normal(0, position_std_m, self.positions_m.shape)
        rotation, translation = fit_rigid_transform(wrong, self.positions_m, np.ones(len(wrong)))
        places = (wrong @ rotation.T + translation).tolist()
        mics = [replace(mic, position_m=(x, y, z)) for mic, (x, y, z) in zip(array.microphones, places, strict=True)]
        self.nominal = replace(array, microphones=tuple(mics))

    def claps(self, count: int, street: Samples) -> ClapRecording:
        """Return the street with claps at random places around the array, each 10 dB above the street noise."""
        azimuths = self.generator.uniform(0, 2 * np.pi) + 2 * np.pi * np.arange(count) / count
        azimuths += self.generator.uniform(-0.5, 0.5, count) * 2 * np.pi / count
        distances_m = self.generator.uniform(*RANGE_M, count)
        heights = self.generator.uniform(*HEIGHT_M, count)
        places = np.stack([distances_m * np.cos(azimuths), distances_m * np.sin(azimuths), heights], axis=1)
        times_s = (np.arange(count) + 0.5) * CLAP_INTERVAL_S + self.generator.uniform(-0.5, 0.5, count) * JITTER_S
        return self.claps_at(places, times_s, street)

    def claps_at(self, places_m: FloatArray, times_s: FloatArray, street: Samples) -> ClapRecording:
        """Return the street with claps at places (clap, 3) and times in whole samples, with ground reflections."""
        received, width = street.copy(), round(CLAP_S * RATE_HZ)
        starts = np.rint(times_s * RATE_HZ).astype(int)
        for place, start in zip(places_m, starts.tolist(), strict=True):
            signal = np.zeros(3 * width, dtype=np.float32)
            signal[:width] = self._clap(width)
            below = place * [1, 1, -1] - [0, 0, 2 * ROOF_M]
            sound = self._propagate(place, signal) + GROUND_REFLECTION * self._propagate(below, signal)
            part = slice(start, start + sound.shape[1])
            received[:, part] += self._scale_to_snr(sound, street[:, part])
        return ClapRecording(received, places_m, starts / RATE_HZ)

    def _clap(self, n: int) -> Samples:
        """Return a noise burst that decays within milliseconds, with its maximum near 2 kHz (Repp 1987)."""
        decay = np.exp(-np.arange(n) / (self.generator.uniform(0.002, 0.005) * RATE_HZ))
        middle_hz = self.generator.uniform(1000, 3000)
        shape = scipy.signal.butter(1, [middle_hz / 2, middle_hz * 2], 'bandpass', fs=RATE_HZ, output='sos')
        burst = scipy.signal.sosfilt(shape, decay * self.generator.standard_normal(n))
        return np.asarray(burst, dtype=np.float32)

    @staticmethod
    def _scale_to_snr(sound: Samples, street: Samples) -> Samples:
        loud = np.mean(in_band(sound) ** 2) * sound.shape[1] / (CLAP_S * RATE_HZ)
        ratio = np.mean(in_band(street) ** 2) / loud
        return np.asarray(sound * np.float32(np.sqrt(ratio * 10 ** (SNR_DB / 10))))


def misplaced_rig(seed: int) -> ClappedRig:
    """Return a rig whose file is wrong by five centimetres along each axis."""
    return ClappedRig(seed, (octagon(), rectangle())[seed % 2], POSITION_STD_M)


def measured_distances(rig: ClappedRig) -> tuple[MeasuredDistance, ...]:
    """Return three distances with the error of a tape measurement."""
    positions = rig.positions_m
    return tuple(
        MeasuredDistance(
            first,
            second,
            float(np.linalg.norm(positions[first] - positions[second]) + rig.generator.normal(0, DISTANCE_STD_M)),
        )
        for first, second in MEASURED_PAIRS
    )
