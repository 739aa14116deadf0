# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Delay of each channel, from one electrical signal on all inputs or from a loudspeaker at places around the array.

Sound from one place cannot distinguish a delayed channel from a displaced microphone, and a tenth of a sample is one or
two millimetres. Sound from all sides can: a microphone that is 2 mm further ahead receives sound from the front earlier
and sound from behind later, and a delayed channel receives both later. Therefore source positions, delays, small errors
of the rig's positions and the speed of sound are estimated together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.optimize

from audio_manifold_ros.calibration.channels.azimuth_coverage import check_azimuth_coverage
from audio_manifold_ros.calibration.channels.stationary_segments import StationarySegments
from audio_manifold_ros.calibration.channels.tdoa import TdoaEstimates
from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.common.errors import CalibrationError

MIN_PLACES = 5
# Priors: accuracy of the rig's positions, distance of the loudspeaker, weather, clocks.
POSITION_STD_M, RANGE_M, RANGE_STD, ELEVATION_STD_RAD, SOUND_SPEED_STD = 0.005, 4.0, 0.7, 0.05, 0.03
INITIAL_RANGES_M = (1.5, 4.0, 12.0)
AZIMUTHS = 72
# The search ends when two new starts reduce the cost by less than 1 %.
MAX_ROUNDS, CONVERGENCE_RATIO = 6, 0.99


@dataclass(frozen=True)
class ChannelDelays:
    """Estimated delays and clock drifts.

    Attributes:
        delays_samples: Delay of each channel relative to the median (channel,).
        std_samples: Standard deviation of the delays (channel,).
        drift_ppm: Clock drift of each channel relative to the median (channel,). Channels of one device share a clock.
        drift_std_ppm: Standard deviation of the drifts (channel,).
        sources_m: Source positions in the frame of the array (place, 3). Empty for an electrical signal.
        residual_samples: Root mean square of the residual lags.

    """

    delays_samples: FloatArray
    std_samples: FloatArray
    drift_ppm: FloatArray
    drift_std_ppm: FloatArray
    sources_m: FloatArray
    residual_samples: float


def estimate_wired_delays(tdoas: TdoaEstimates, sample_rate_hz: int) -> ChannelDelays:
    """Estimate the delays from one electrical signal on all inputs.

    Args:
        tdoas: TDOAs of the segments.
        sample_rate_hz: Sample rate.

    Raises:
        CalibrationError: There are fewer than four clear segments of half a second.

    """
    is_clear = tdoas.is_clear
    if is_clear.sum() < 4:
        msg = (
            f'Only {int(is_clear.sum())} of {len(is_clear)} segments of half a second are clear: feed a louder signal '
            'for 5 s or more.'
        )
        raise CalibrationError(msg)
    lags, times_s = tdoas.lags_samples[is_clear], tdoas.times_s[is_clear]
    design = np.stack([np.ones(len(times_s)), times_s - times_s.mean()], axis=1)
    inverse = np.linalg.inv(design.T @ design)
    solved = inverse @ design.T @ lags
    residual = lags - design @ solved
    noise = np.maximum(np.sqrt((residual**2).sum(axis=0) / max(len(residual) - 2, 1)), 1e-4)
    to_ppm = 1e6 / sample_rate_hz
    return ChannelDelays(
        solved[0] - np.median(solved[0]),
        noise * np.sqrt(inverse[0, 0]),
        (solved[1] - np.median(solved[1])) * to_ppm,
        noise * np.sqrt(inverse[1, 1]) * to_ppm,
        np.zeros((0, 3)),
        float(np.sqrt((residual**2).mean())),
    )


def estimate_acoustic_delays(
    places: StationarySegments, positions_m: FloatArray, sample_rate_hz: int, sound_mps: float
) -> ChannelDelays:
    """Estimate the delays from sources at unknown places around the array.

    Args:
        places: TDOAs of each place.
        positions_m: Positions of the microphones in the rig file (channel, 3).
        sample_rate_hz: Sample rate of the lags.
        sound_mps: Speed of sound, within a few per cent.

    Raises:
        CalibrationError: There are too few places, or they leave a side of the array open.

    """
    problem = _Problem(places, positions_m, sample_rate_hz, sound_mps)
    solved = _solve(problem)
    check_azimuth_coverage(problem.azimuths(solved.x))
    covariance = np.linalg.inv(solved.jac.T @ solved.jac)
    return problem.result(solved.x, covariance)


def _solve(problem: _Problem) -> scipy.optimize.OptimizeResult:
    """Return the best of several local minima. Near a flat array, sources above and below can be confused.

    Each round starts from new source positions with the delays found so far, and from the source positions mirrored at
    the plane of the array. Rounds end when neither start improves the cost.
    """
    best = problem.minimize(problem.start())
    for _ in range(MAX_ROUNDS):
        before = best.cost
        for start in (problem.start(best.x), problem.mirrored(best.x)):
            best = min(best, problem.minimize(start), key=lambda found: float(found.cost))
        if best.cost > CONVERGENCE_RATIO * before:
            break
    return best


class _Problem:
    """Least-squares problem of the delays, with all unknowns in one vector.

    Unknowns, each in units of its prior standard deviation: delay and drift of each channel, error of each microphone
    position, speed of sound, and azimuth, elevation and range of each place.
    """

    def __init__(
        self, places: StationarySegments, positions_m: FloatArray, sample_rate_hz: int, sound_mps: float
    ) -> None:
        if len(places.times_s) < MIN_PLACES:
            msg = (
                f'Only {len(places.times_s)} places were found: hold the loudspeaker still for 3 s at {MIN_PLACES} or '
                'more places on all sides of the array. Eight to twelve places are good.'
            )
            raise CalibrationError(msg)
        self._places = places
        self._positions_m = positions_m - positions_m.mean(axis=0)
        self._centre_m = positions_m.mean(axis=0)
        self._samples_per_m = sample_rate_hz / sound_mps
        precision = places.std_samples**-2.0
        self._weights = precision / precision.sum(axis=1, keepdims=True)
        self._elapsed_s = places.times_s - places.times_s.mean()
        self._rate_hz = sample_rate_hz
        channels, count = len(positions_m), len(places.times_s)
        sizes = (channels, channels, 3 * channels, 1, count, count, count)
        self._split_indices = np.cumsum(sizes)[:-1]

    def minimize(self, start: FloatArray) -> scipy.optimize.OptimizeResult:
        """Return the local minimum that belongs to a start, as a result of scipy."""
        return scipy.optimize.least_squares(self.residuals, start, method='lm', max_nfev=20000)

    def mirrored(self, unknowns: FloatArray) -> FloatArray:
        """Return the unknowns with every place mirrored at the plane of the array."""
        parts = np.split(unknowns, self._split_indices)
        return np.concatenate([*parts[:5], -parts[5], parts[6]])

    def start(self, prior: FloatArray | None = None) -> FloatArray:
        """Return initial unknowns: the median lags are the delays, and the remaining lags give the directions.

        Args:
            prior: Unknowns that provide the delays. None takes the median lags of all places.

        """
        parts = [
            np.zeros(size)
            for size in np.diff(
                np.concatenate([[0], self._split_indices, [self._split_indices[-1] + self._place_count]])
            )
        ]
        lags = self._places.lags_samples
        parts[0] = np.median(lags, axis=0) if prior is None else np.split(prior, self._split_indices)[0]
        azimuths = np.arange(AZIMUTHS) * 2 * np.pi / AZIMUTHS
        guesses = np.array([(azimuth, away) for azimuth in azimuths for away in INITIAL_RANGES_M])
        sources = np.stack([np.cos(guesses[:, 0]), np.sin(guesses[:, 0]), np.zeros(len(guesses))], axis=1)
        distances = np.linalg.norm(sources[:, None] * guesses[:, 1:, None] - self._positions_m, axis=2)
        expected = distances * self._samples_per_m
        expected -= expected.mean(axis=1, keepdims=True)
        normalized_lags = self._places.lags_samples - parts[0]
        normalized_lags = normalized_lags - normalized_lags.mean(axis=1, keepdims=True)
        best = guesses[((normalized_lags[:, None] - expected) ** 2).sum(axis=2).argmin(axis=1)]
        parts[4], parts[6] = best[:, 0], np.log(best[:, 1] / RANGE_M) / RANGE_STD
        return np.concatenate(parts)

    def residuals(self, unknowns: FloatArray) -> FloatArray:
        """Return residuals in standard deviations: lags, then the unknowns that have a prior."""
        delays, drifts, errors, sound, _, elevations, ranges = np.split(unknowns, self._split_indices)
        positions = self._positions_m + errors.reshape(-1, 3) * POSITION_STD_M
        distances = np.linalg.norm(self._sources(unknowns)[:, None] - positions, axis=2)
        lags = distances * self._samples_per_m * (1 + sound * SOUND_SPEED_STD) + delays
        lags += self._elapsed_s[:, None] * (
            self._places.drift_samples_per_s + drifts * self._places.drift_std_samples_per_s
        )
        residual = self._places.lags_samples - lags
        # The emission time of the sound is unknown, so a lag that is common to all channels is free.
        residual -= (residual * self._weights).sum(axis=1, keepdims=True)
        normalized_lags = residual / self._places.std_samples
        # Only differences between channels can be observed, so the means of delays and of drifts are held at zero.
        prior = (
            drifts,
            errors,
            sound,
            elevations,
            ranges,
            delays.mean(keepdims=True) * 100,
            drifts.mean(keepdims=True) * 100,
        )
        return np.concatenate([normalized_lags.ravel(), *prior])

    def azimuths(self, unknowns: FloatArray) -> FloatArray:
        """Return the azimuths of the places, in radians."""
        return np.split(unknowns, self._split_indices)[4]

    def result(self, unknowns: FloatArray, covariance: FloatArray) -> ChannelDelays:
        """Return the unknowns in physical units."""
        delays, drifts = np.split(unknowns, self._split_indices)[:2]
        channels = len(delays)
        std = np.sqrt(np.maximum(np.diag(covariance), 0))
        to_ppm = 1e6 / self._rate_hz
        drift_samples_per_s = self._places.drift_samples_per_s + drifts * self._places.drift_std_samples_per_s
        normalized_lags = self.residuals(unknowns)[: self._places.lags_samples.size].reshape(-1, channels)
        residual = normalized_lags * self._places.std_samples
        return ChannelDelays(
            delays - np.median(delays),
            std[:channels],
            (drift_samples_per_s - np.median(drift_samples_per_s)) * to_ppm,
            std[channels : 2 * channels] * self._places.drift_std_samples_per_s * to_ppm,
            self._sources(unknowns) + self._centre_m,
            float(np.sqrt((residual**2).mean())),
        )

    @property
    def _place_count(self) -> int:
        return len(self._places.times_s)

    def _sources(self, unknowns: FloatArray) -> FloatArray:
        """Return source positions (place, 3) relative to the centre of the array."""
        azimuths, elevations, ranges = np.split(unknowns, self._split_indices)[4:]
        angles = elevations * ELEVATION_STD_RAD
        directions = np.stack(
            [np.cos(angles) * np.cos(azimuths), np.cos(angles) * np.sin(azimuths), np.sin(angles)], axis=1
        )
        return np.asarray(directions * (RANGE_M * np.exp(ranges * RANGE_STD))[:, None])
