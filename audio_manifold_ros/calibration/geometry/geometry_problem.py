# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Equations of the self-calibration: residuals and Jacobian of the lags of sounds at unknown places."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.rig.rig import MicrophoneArray

# Priors: positions in the rig file (fraction of the array size), weather, places of the sounds, measured distances, and
# lags whose pairs agree perfectly.
POSITION_STD_RATIO, SOUND_SPEED_STD = 0.3, 0.03
RANGE_M, RANGE_STD, ELEVATION_STD_RAD = 2.5, 0.6, 0.5
DISTANCE_STD_M, LAG_STD_SAMPLES = 0.005, 0.05
# Inputs of one device sample together. Cables, filters or different converters add delays.
DELAY_STD_S, DEFAULT_POSITION_STD_M = 2e-4, 0.05
# Tolerance of the frame against that of the rig.
GAUGE_STD_M = 1e-4


@dataclass(frozen=True)
class MeasuredDistance:
    """Distance between the centres of two microphones, given by their indices, in metres."""

    first: int
    second: int
    distance_m: float


@dataclass(frozen=True)
class GeometryPrior:
    """Values known before the measurement.

    Attributes:
        positions_m: Approximate positions of the microphones (mic, 3).
        weights: Weight of each position in the alignment with the rig (mic,).
        delays_samples: Known delay of each channel (mic,).
        delays_std_samples: Standard deviation of the delays (mic,).
        sample_rate_hz: Sample rate of lags and delays.
        sound_mps: Speed of sound, within a few per cent.

    """

    positions_m: FloatArray
    weights: FloatArray
    delays_samples: FloatArray
    delays_std_samples: FloatArray
    sample_rate_hz: int
    sound_mps: float

    @classmethod
    def from_rig(cls, array: MicrophoneArray, indices: tuple[int, ...], sample_rate_hz: int) -> GeometryPrior:
        """Return the values of some microphones of a rig. Measured values are weighted by their standard deviations."""
        mics = [array.microphones[index] for index in indices]
        to_samples = sample_rate_hz / (array.delay_rate_hz or sample_rate_hz)
        position_std_m = np.array([max(mic.std.get('position_m', DEFAULT_POSITION_STD_M), 1e-3) for mic in mics])
        delay_std = [mic.std.get('delay_samples', DELAY_STD_S * sample_rate_hz / to_samples) for mic in mics]
        return cls(
            array.positions_m[list(indices)],
            position_std_m**-2,
            array.delays_s[list(indices)] * sample_rate_hz,
            np.maximum(np.array(delay_std) * to_samples, LAG_STD_SAMPLES),
            sample_rate_hz,
            array.sound_mps,
        )


@dataclass(frozen=True)
class GeometryState:
    """Unknowns, relative to the centre of the rig's positions.

    Attributes:
        positions: Positions of the microphones, metres (mic, 3).
        delays: Delays of the channels, samples (mic,).
        slowness: Deviation of the slowness of sound, in standard deviations (1,).
        azimuths: Azimuths of the sounds, radians (event,).
        elevations: Elevations of the sounds, radians (event,).
        ranges: Logarithms of the distances relative to `RANGE_M` (event,).
        instants: Arrival times at the centre, samples (event,).

    """

    positions: FloatArray
    delays: FloatArray
    slowness: FloatArray
    azimuths: FloatArray
    elevations: FloatArray
    ranges: FloatArray
    instants: FloatArray

    @property
    def slowness_factor(self) -> float:
        """Travel time of sound relative to that at the prior speed of sound."""
        return float(1 + self.slowness[0] * SOUND_SPEED_STD)

    @property
    def sources(self) -> FloatArray:
        """Positions of the sounds, metres (event, 3)."""
        return sources(self.azimuths, self.elevations, self.ranges)

    def vector(self) -> FloatArray:
        """Return all unknowns in one vector."""
        return np.concatenate([np.ravel(part) for part in vars(self).values()])


def sources(azimuths: FloatArray, elevations: FloatArray, ranges: FloatArray) -> FloatArray:
    """Return positions (event, 3) for azimuths, elevations and logarithmic ranges."""
    flat = np.cos(elevations)
    directions = np.stack([flat * np.cos(azimuths), flat * np.sin(azimuths), np.sin(elevations)], axis=1)
    return np.asarray(directions * (RANGE_M * np.exp(ranges))[:, None])


class GeometryProblem:
    """Least-squares problem of the self-calibration.

    Attributes:
        prior: Values known before the measurement.
        lags: Measured lags (event, mic).
        lag_std: Standard deviation of the lags (event, 1).
        nominal: Positions in the rig file relative to their centre (mic, 3).
        samples_per_m: Travel time of sound per metre, in samples.
        measured_count: Number of residuals of measurements. They come first, and those of priors follow.
        noise: Factor on the standard deviations of the measurements.

    """

    def __init__(
        self,
        lags_samples: FloatArray,
        misfits_samples: FloatArray,
        prior: GeometryPrior,
        measured_distances: tuple[MeasuredDistance, ...],
    ) -> None:
        """Set up the problem.

        Args:
            lags_samples: Lag of each channel (event, mic), relative to any reference of the event.
            misfits_samples: Disagreement between the lags of an event (event,).
            prior: Values known before the measurement.
            measured_distances: Distances between microphones.

        """
        self.prior, self.lags = prior, lags_samples
        self.lag_std = np.hypot(LAG_STD_SAMPLES, misfits_samples)[:, None]
        self.nominal = prior.positions_m - prior.positions_m.mean(axis=0)
        self.samples_per_m = prior.sample_rate_hz / prior.sound_mps
        self.measured_count = lags_samples.size + len(measured_distances)
        self.noise = 1.0
        self.position_std_m = POSITION_STD_RATIO * float(np.sqrt((self.nominal**2).sum(axis=1).mean()))
        self._measured_distances = measured_distances
        events, mics = lags_samples.shape
        self.split_indices = np.cumsum([3 * mics, mics, 1, events, events, events])
        self._size = int(self.split_indices[-1]) + events
        self._prior_weights = np.concatenate(
            [
                np.full(3 * mics, 1 / self.position_std_m),
                1 / prior.delays_std_samples,
                [1.0],
                np.zeros(events),
                np.full(events, 1 / ELEVATION_STD_RAD),
                np.full(events, 1 / RANGE_STD),
                np.zeros(events),
            ]
        )
        self._expected = np.concatenate(
            [self.nominal.ravel(), prior.delays_samples, np.zeros(self._size - int(self.split_indices[1]))]
        )
        self._gauge = self._gauge_rows()

    def unknowns(self, vector: FloatArray) -> GeometryState:
        """Split a vector into the unknowns."""
        parts = np.split(vector, self.split_indices)
        return GeometryState(parts[0].reshape(-1, 3), *parts[1:])

    def lag_residuals(self, at: GeometryState) -> FloatArray:
        """Return the residuals of the lags, in samples (event, mic)."""
        places = at.sources
        distances = np.linalg.norm(places[:, None] - at.positions, axis=2)
        ways = distances - np.linalg.norm(places, axis=1)[:, None]
        return np.asarray(self.lags - ways * self.samples_per_m * at.slowness_factor - at.delays - at.instants[:, None])

    def residuals(self, vector: FloatArray) -> FloatArray:
        """Return residuals in standard deviations: lags, measured distances, priors, frame."""
        at = self.unknowns(vector)
        measured_distances = [
            (np.linalg.norm(at.positions[pair.first] - at.positions[pair.second]) - pair.distance_m) / DISTANCE_STD_M
            for pair in self._measured_distances
        ]
        before = (vector - self._expected) * self._prior_weights
        return np.concatenate(
            [
                (self.lag_residuals(at) / self.lag_std).ravel() / self.noise,
                np.array(measured_distances) / self.noise,
                before[self._prior_weights > 0],
                self._gauge @ (at.positions - self.nominal).ravel(),
            ]
        )

    def jacobian(self, vector: FloatArray) -> FloatArray:
        """Return the derivatives of the residuals (residual, unknown)."""
        at = self.unknowns(vector)
        gauge = np.zeros((len(self._gauge), self._size))
        gauge[:, : self.split_indices[0]] = self._gauge
        measured = np.concatenate([self._lag_rows(at), self._distance_rows(at)]) / self.noise
        return np.concatenate([measured, np.diag(self._prior_weights)[self._prior_weights > 0], gauge])

    def _lag_rows(self, at: GeometryState) -> FloatArray:
        places = at.sources
        ways = places[:, None] - at.positions
        distances, away = np.linalg.norm(ways, axis=2), np.linalg.norm(places, axis=1)[:, None]
        units = ways / distances[:, :, None]
        scale = self.samples_per_m * at.slowness_factor
        events, mics = (np.arange(count) for count in distances.shape)
        rows = np.zeros((len(events), len(mics), self._size))
        for axis in range(3):
            rows[:, mics, 3 * mics + axis] = -units[:, :, axis] * scale
        rows[:, mics, self.split_indices[0] + mics] = 1
        rows[:, :, self.split_indices[1]] = (distances - away) * self.samples_per_m * SOUND_SPEED_STD
        for number, (derivative, farther) in enumerate(_source_derivatives(at, places)):
            change = np.einsum('emx,ex->em', units, derivative) - farther
            rows[events, :, self.split_indices[2 + number] + events] = change * scale
        rows[events, :, self.split_indices[5] + events] = 1
        return np.asarray((-rows / self.lag_std[:, :, None]).reshape(-1, self._size))

    def _distance_rows(self, at: GeometryState) -> FloatArray:
        rows = np.zeros((len(self._measured_distances), self._size))
        for row, pair in zip(rows, self._measured_distances, strict=True):
            way = at.positions[pair.first] - at.positions[pair.second]
            unit = way / np.linalg.norm(way) / DISTANCE_STD_M
            row[3 * pair.first : 3 * pair.first + 3] = unit
            row[3 * pair.second : 3 * pair.second + 3] = -unit
        return rows

    def _gauge_rows(self) -> FloatArray:
        """Return the gauge constraints: translation and rotation relative to the rig's positions (6, 3 · mic)."""
        weights = self.prior.weights / self.prior.weights.sum()
        rows = np.zeros((6, len(weights), 3))
        for axis in range(3):
            rows[axis, :, axis] = weights
            rows[3 + axis] = weights[:, None] * np.cross(np.eye(3)[axis], self.nominal)
        return rows.reshape(6, -1) / GAUGE_STD_M


def _source_derivatives(at: GeometryState, places: FloatArray) -> tuple[tuple[FloatArray, FloatArray], ...]:
    """Return the derivatives of position (event, 3) and distance (event, 1) by azimuth, elevation and range."""
    away = np.linalg.norm(places, axis=1)[:, None]
    still = np.zeros_like(away)
    sideways = np.stack([-places[:, 1], places[:, 0], still[:, 0]], axis=1)
    level = np.sin(at.elevations)
    upwards = np.stack([-level * np.cos(at.azimuths), -level * np.sin(at.azimuths), np.cos(at.elevations)], axis=1)
    return (sideways, still), (upwards * away, still), (places, away)
