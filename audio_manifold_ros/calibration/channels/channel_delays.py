# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How late each channel is: from one electrical signal on all of them, or from a loudspeaker at places all around.

A sound from one place cannot tell a late channel from a capsule that sits elsewhere, and a tenth of a sample is a
millimetre or two. Sounds from all sides can: a capsule that is 2 mm further ahead hears what comes from the front
earlier and what comes from behind later; a late channel hears both later. So places, delays, small errors of the rig's
positions and the speed of sound are solved for together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.optimize

from audio_manifold_ros.calibration.channels.azimuth_coverage import check_azimuth_coverage
from audio_manifold_ros.calibration.channels.stationary_segments import StationarySegments
from audio_manifold_ros.calibration.channels.tdoa import TdoaEstimates
from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.common.errors import CalibrationError

MIN_PLACES = 5
# What is known before: how exact the rig's positions are, how far away a person walks, the weather, clocks.
POSITION_STD_M, RANGE_M, RANGE_STD, ELEVATION_STD_RAD, SOUND_SPEED_STD = 0.005, 4.0, 0.7, 0.05, 0.03
INITIAL_RANGES_M = (1.5, 4.0, 12.0)
AZIMUTHS = 72
# Rounds of two starts go on while one takes more than a hundredth off what is left unexplained.
MAX_ROUNDS, CONVERGENCE_RATIO = 6, 0.99


@dataclass(frozen=True)
class ChannelDelays:
    """The result.

    Attributes:
        delays_samples: How late each channel is, against their median (channel,).
        std_samples: Standard deviation of these (channel,).
        drift_ppm: How fast each channel falls behind the median one (channel,); all of one device have the same clock.
        drift_std_ppm: Standard deviation of these (channel,).
        sources_m: Where the sound came from, in the frame of the array (place, 3); empty for an electrical signal.
        residual_samples: What the solution leaves unexplained, root mean square.

    """

    delays_samples: FloatArray
    std_samples: FloatArray
    drift_ppm: FloatArray
    drift_std_ppm: FloatArray
    sources_m: FloatArray
    residual_samples: float


def estimate_wired_delays(tdoas: TdoaEstimates, sample_rate_hz: int) -> ChannelDelays:
    """Return the delays where all channels are given one electrical signal.

    Raises:
        CalibrationError: There are less than four clear pieces of half a second.

    """
    is_clear = tdoas.is_clear
    if is_clear.sum() < 4:
        msg = f'Only {int(is_clear.sum())} of {len(is_clear)} pieces of half a second are clear: give a louder signal, for 5 s.'
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
    """Return the delays from sounds at unknown places around the array.

    Args:
        places: What was heard.
        positions_m: Of the microphones, as the rig says (channel, 3).
        sample_rate_hz: Rate of the lags.
        sound_mps: Speed of sound, within some per cent.

    Raises:
        CalibrationError: There are too few places, or they leave a side open.

    """
    problem = _Problem(places, positions_m, sample_rate_hz, sound_mps)
    solved = _solve(problem)
    check_azimuth_coverage(problem.azimuths(solved.x))
    covariance = np.linalg.inv(solved.jac.T @ solved.jac)
    return problem.result(solved.x, covariance)


def _solve(problem: _Problem) -> Any:
    """Return the best of several minima: near a flat array above and below are mistaken for one another.

    What was found is given up but for the delays, with which the places are guessed anew, or but for which side of the
    array the places are on; until neither brings anything more.
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
    """The unknowns in one vector, and how well they explain what was heard.

    Unknowns, each in units of what is known of it before: delay and drift of each channel, error of each position, the
    speed of sound, and azimuth, elevation and range of each place.
    """

    def __init__(
        self, places: StationarySegments, positions_m: FloatArray, sample_rate_hz: int, sound_mps: float
    ) -> None:
        if len(places.times_s) < MIN_PLACES:
            msg = (
                f'Only {len(places.times_s)} places were heard: stand still for 3 s at {MIN_PLACES} or more places '
                'all round the array, eight to twelve are good.'
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

    def minimize(self, start: FloatArray) -> Any:
        """Return the minimum next to a start, as scipy describes it."""
        return scipy.optimize.least_squares(self.residuals, start, method='lm', max_nfev=20000)

    def mirrored(self, unknowns: FloatArray) -> FloatArray:
        """Return the same with every place on the other side of the array's plane."""
        parts = np.split(unknowns, self._split_indices)
        return np.concatenate([*parts[:5], -parts[5], parts[6]])

    def start(self, prior: FloatArray | None = None) -> FloatArray:
        """Return a guess: what is late is delay, what is left tells the direction.

        Args:
            prior: Unknowns whose delays are taken over; without them what all places have in common is delay.

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
        """Return what is left, in standard deviations, and the unknowns themselves where something is known of them."""
        delays, drifts, errors, sound, _, elevations, ranges = np.split(unknowns, self._split_indices)
        positions = self._positions_m + errors.reshape(-1, 3) * POSITION_STD_M
        distances = np.linalg.norm(self._sources(unknowns)[:, None] - positions, axis=2)
        lags = distances * self._samples_per_m * (1 + sound * SOUND_SPEED_STD) + delays
        lags += self._elapsed_s[:, None] * (
            self._places.drift_samples_per_s + drifts * self._places.drift_std_samples_per_s
        )
        residual = self._places.lags_samples - lags
        # When a sound was made is not known, so that all channels may be late together.
        residual -= (residual * self._weights).sum(axis=1, keepdims=True)
        normalized_lags = residual / self._places.std_samples
        # Only differences between channels are heard: the mean of delays and of drifts is held at zero.
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
        """Return those of the places, in radians."""
        return np.split(unknowns, self._split_indices)[4]

    def result(self, unknowns: FloatArray, covariance: FloatArray) -> ChannelDelays:
        """Return what was found."""
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
        """Return the places (place, 3) against the middle of the array."""
        azimuths, elevations, ranges = np.split(unknowns, self._split_indices)[4:]
        angles = elevations * ELEVATION_STD_RAD
        directions = np.stack(
            [np.cos(angles) * np.cos(azimuths), np.cos(angles) * np.sin(azimuths), np.sin(angles)], axis=1
        )
        return np.asarray(directions * (RANGE_M * np.exp(ranges * RANGE_STD))[:, None])
