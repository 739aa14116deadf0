# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The equations of microphones and sounds at unknown places, with their derivatives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.rig.rig import MicrophoneArray

# What is known before: of the rig's positions (a share of the array's size), of the weather, of where people stand, of
# what a tape says, of lags whose pairs agree perfectly.
POSITION_STD_RATIO, SOUND_SPEED_STD = 0.3, 0.03
RANGE_M, RANGE_STD, ELEVATION_STD_RAD = 2.5, 0.6, 0.5
DISTANCE_STD_M, LAG_STD_SAMPLES = 0.005, 0.05
# Inputs of one device sample together, but for a cable, a filter or a converter of another kind.
DELAY_STD_S, DEFAULT_POSITION_STD_M = 2e-4, 0.05
# So tightly is the frame held to that of the rig.
GAUGE_STD_M = 1e-4


@dataclass(frozen=True)
class MeasuredDistance:
    """A distance between the middles of two capsules: their places in the list of microphones, metres."""

    first: int
    second: int
    distance_m: float


@dataclass(frozen=True)
class GeometryPrior:
    """What is known before anything is heard.

    Attributes:
        positions_m: About where the microphones are (mic, 3).
        weights: How much each of these positions says about where the array lies (mic,).
        delays_samples: How late each channel is, as far as is known (mic,).
        delays_std_samples: Standard deviation of these (mic,).
        sample_rate_hz: Rate of lags and delays.
        sound_mps: Speed of sound, within some per cent.

    """

    positions_m: FloatArray
    weights: FloatArray
    delays_samples: FloatArray
    delays_std_samples: FloatArray
    sample_rate_hz: int
    sound_mps: float

    @classmethod
    def from_rig(cls, array: MicrophoneArray, indices: tuple[int, ...], sample_rate_hz: int) -> GeometryPrior:
        """Return what a rig says of some of its microphones; values that were measured count by how well they were."""
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
    """What is to be found, against the middle of the rig's positions.

    Attributes:
        positions: Of the microphones, metres (mic, 3).
        delays: Samples (mic,).
        slowness: How much slower sound is, in standard deviations of the weather (1,).
        azimuths: Of the sounds, radians (event,).
        elevations: Likewise (event,).
        ranges: Logarithm of their distance against `RANGE_M` (event,).
        instants: When they were heard in the middle, samples (event,).

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
        """How many samples sound takes for a way, against the speed that is known."""
        return float(1 + self.slowness[0] * SOUND_SPEED_STD)

    @property
    def sources(self) -> FloatArray:
        """Places of the sounds, metres (event, 3)."""
        return sources(self.azimuths, self.elevations, self.ranges)

    def vector(self) -> FloatArray:
        """Return all in one."""
        return np.concatenate([np.ravel(part) for part in vars(self).values()])


def sources(azimuths: FloatArray, elevations: FloatArray, ranges: FloatArray) -> FloatArray:
    """Return the places (event, 3)."""
    flat = np.cos(elevations)
    directions = np.stack([flat * np.cos(azimuths), flat * np.sin(azimuths), np.sin(elevations)], axis=1)
    return np.asarray(directions * (RANGE_M * np.exp(ranges))[:, None])


class GeometryProblem:
    """How well unknowns explain what was heard.

    Attributes:
        prior: What is known before.
        lags: What was heard (event, mic).
        lag_std: Standard deviation of lags (event, 1).
        nominal: The rig's positions against their middle (mic, 3).
        samples_per_m: Samples that sound takes for a metre.
        measured_count: So many of the first residuals were measured; the others are what is known before.
        noise: Factor on the standard deviations of what was measured.

    """

    def __init__(
        self,
        lags_samples: FloatArray,
        misfits_samples: FloatArray,
        prior: GeometryPrior,
        measured_distances: tuple[MeasuredDistance, ...],
    ) -> None:
        """Take what was heard.

        Args:
            lags_samples: How late each channel is (event, mic), against any reference of the event.
            misfits_samples: How well the lags of an event agree (event,).
            prior: What is known before.
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
        """Return the parts of a vector."""
        parts = np.split(vector, self.split_indices)
        return GeometryState(parts[0].reshape(-1, 3), *parts[1:])

    def lag_residuals(self, at: GeometryState) -> FloatArray:
        """Return what stays unexplained of the lags, samples (event, mic)."""
        places = at.sources
        distances = np.linalg.norm(places[:, None] - at.positions, axis=2)
        ways = distances - np.linalg.norm(places, axis=1)[:, None]
        return np.asarray(self.lags - ways * self.samples_per_m * at.slowness_factor - at.delays - at.instants[:, None])

    def residuals(self, vector: FloatArray) -> FloatArray:
        """Return what is left, in standard deviations: lags, taped distances, what is known before, the frame."""
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
        measured_count = np.concatenate([self._lag_rows(at), self._distance_rows(at)]) / self.noise
        return np.concatenate([measured_count, np.diag(self._prior_weights)[self._prior_weights > 0], gauge])

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
        """Return what holds the frame: small shifts and turns of the array against the rig's positions (6, 3 · mic)."""
        weights = self.prior.weights / self.prior.weights.sum()
        rows = np.zeros((6, len(weights), 3))
        for axis in range(3):
            rows[axis, :, axis] = weights
            rows[3 + axis] = weights[:, None] * np.cross(np.eye(3)[axis], self.nominal)
        return rows.reshape(6, -1) / GAUGE_STD_M


def _source_derivatives(at: GeometryState, places: FloatArray) -> tuple[tuple[FloatArray, FloatArray], ...]:
    """Return how places (event, 3) and their distance (event, 1) move with azimuth, elevation and range."""
    away = np.linalg.norm(places, axis=1)[:, None]
    still = np.zeros_like(away)
    sideways = np.stack([-places[:, 1], places[:, 0], still[:, 0]], axis=1)
    level = np.sin(at.elevations)
    upwards = np.stack([-level * np.cos(at.azimuths), -level * np.sin(at.azimuths), np.cos(at.elevations)], axis=1)
    return (sideways, still), (upwards * away, still), (places, away)
