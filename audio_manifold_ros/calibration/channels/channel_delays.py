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
from numpy.typing import NDArray

from audio_manifold_ros.calibration.channels.azimuth_coverage import check_all_round
from audio_manifold_ros.calibration.channels.stationary_segments import Places
from audio_manifold_ros.calibration.channels.tdoa import Arrivals
from audio_manifold_ros.rig.errors import CalibrationError

Array = NDArray[np.float64]

LEAST_PLACES = 5
# What is known before: how exact the rig's positions are, how far away a person walks, the weather, clocks.
POSITION_STD_M, RANGE_M, RANGE_STD, ELEVATION_STD_RAD, SOUND_STD = 0.005, 4.0, 0.7, 0.05, 0.03
SPREAD_RANGES_M = (1.5, 4.0, 12.0)
AZIMUTHS = 72
# Rounds of two starts go on while one takes more than a hundredth off what is left unexplained.
MOST_ROUNDS, ENOUGH = 6, 0.99


@dataclass(frozen=True)
class ChannelDelays:
    """The result.

    Attributes:
        delays_samples: How late each channel is, against their median (channel,).
        std_samples: Standard deviation of these (channel,).
        drift_ppm: How fast each channel falls behind the median one (channel,); all of one device have the same clock.
        drift_std_ppm: Standard deviation of these (channel,).
        sources_m: Where the sound came from, in the frame of the array (place, 3); empty for an electrical signal.
        rest_samples: What the solution leaves unexplained, root mean square.

    """

    delays_samples: Array
    std_samples: Array
    drift_ppm: Array
    drift_std_ppm: Array
    sources_m: Array
    rest_samples: float


def delays_of_wired(arrivals: Arrivals, sample_rate_hz: int) -> ChannelDelays:
    """Return the delays where all channels are given one electrical signal.

    Raises:
        CalibrationError: There are less than four clear pieces of half a second.

    """
    clear = arrivals.clear
    if clear.sum() < 4:
        msg = (
            f'Only {int(clear.sum())} of {len(clear)} pieces of half a second are clear: give a louder signal, for 5 s.'
        )
        raise CalibrationError(msg)
    lags, times_s = arrivals.lags_samples[clear], arrivals.times_s[clear]
    design = np.stack([np.ones(len(times_s)), times_s - times_s.mean()], axis=1)
    inverse = np.linalg.inv(design.T @ design)
    solved = inverse @ design.T @ lags
    rest = lags - design @ solved
    noise = np.maximum(np.sqrt((rest**2).sum(axis=0) / max(len(rest) - 2, 1)), 1e-4)
    to_ppm = 1e6 / sample_rate_hz
    return ChannelDelays(
        solved[0] - np.median(solved[0]),
        noise * np.sqrt(inverse[0, 0]),
        (solved[1] - np.median(solved[1])) * to_ppm,
        noise * np.sqrt(inverse[1, 1]) * to_ppm,
        np.zeros((0, 3)),
        float(np.sqrt((rest**2).mean())),
    )


def delays_from_places(places: Places, positions_m: Array, sample_rate_hz: int, sound_mps: float) -> ChannelDelays:
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
    check_all_round(problem.azimuths(solved.x))
    covariance = np.linalg.inv(solved.jac.T @ solved.jac)
    return problem.result(solved.x, covariance)


def _solve(problem: _Problem) -> Any:
    """Return the best of several minima: near a flat array above and below are mistaken for one another.

    What was found is given up but for the delays, with which the places are guessed anew, or but for which side of the
    array the places are on; until neither brings anything more.
    """
    best = problem.minimum(problem.start())
    for _ in range(MOST_ROUNDS):
        before = best.cost
        for start in (problem.start(best.x), problem.mirrored(best.x)):
            best = min(best, problem.minimum(start), key=lambda found: float(found.cost))
        if best.cost > ENOUGH * before:
            break
    return best


class _Problem:
    """The unknowns in one vector, and how well they explain what was heard.

    Unknowns, each in units of what is known of it before: delay and drift of each channel, error of each position, the
    speed of sound, and azimuth, elevation and range of each place.
    """

    def __init__(self, places: Places, positions_m: Array, sample_rate_hz: int, sound_mps: float) -> None:
        if len(places.times_s) < LEAST_PLACES:
            msg = (
                f'Only {len(places.times_s)} places were heard: stand still for 3 s at {LEAST_PLACES} or more places '
                'all round the array, eight to twelve are good.'
            )
            raise CalibrationError(msg)
        self._places = places
        self._positions_m = positions_m - positions_m.mean(axis=0)
        self._centre_m = positions_m.mean(axis=0)
        self._per_metre = sample_rate_hz / sound_mps
        precision = places.std_samples**-2.0
        self._weights = precision / precision.sum(axis=1, keepdims=True)
        self._elapsed_s = places.times_s - places.times_s.mean()
        self._rate_hz = sample_rate_hz
        channels, count = len(positions_m), len(places.times_s)
        sizes = (channels, channels, 3 * channels, 1, count, count, count)
        self._cuts = np.cumsum(sizes)[:-1]

    def minimum(self, start: Array) -> Any:
        """Return the minimum next to a start, as scipy describes it."""
        return scipy.optimize.least_squares(self.residuals, start, method='lm', max_nfev=20000)

    def mirrored(self, unknowns: Array) -> Array:
        """Return the same with every place on the other side of the array's plane."""
        parts = np.split(unknowns, self._cuts)
        return np.concatenate([*parts[:5], -parts[5], parts[6]])

    def start(self, known: Array | None = None) -> Array:
        """Return a guess: what is late is delay, what is left tells the direction.

        Args:
            known: Unknowns whose delays are taken over; without them what all places have in common is delay.

        """
        parts = [np.zeros(size) for size in np.diff(np.concatenate([[0], self._cuts, [self._cuts[-1] + self._count]]))]
        lags = self._places.lags_samples
        parts[0] = np.median(lags, axis=0) if known is None else np.split(known, self._cuts)[0]
        azimuths = np.arange(AZIMUTHS) * 2 * np.pi / AZIMUTHS
        guesses = np.array([(azimuth, away) for azimuth in azimuths for away in SPREAD_RANGES_M])
        sources = np.stack([np.cos(guesses[:, 0]), np.sin(guesses[:, 0]), np.zeros(len(guesses))], axis=1)
        distances = np.linalg.norm(sources[:, None] * guesses[:, 1:, None] - self._positions_m, axis=2)
        expected = distances * self._per_metre
        expected -= expected.mean(axis=1, keepdims=True)
        heard = self._places.lags_samples - parts[0]
        heard = heard - heard.mean(axis=1, keepdims=True)
        best = guesses[((heard[:, None] - expected) ** 2).sum(axis=2).argmin(axis=1)]
        parts[4], parts[6] = best[:, 0], np.log(best[:, 1] / RANGE_M) / RANGE_STD
        return np.concatenate(parts)

    def residuals(self, unknowns: Array) -> Array:
        """Return what is left, in standard deviations, and the unknowns themselves where something is known of them."""
        delays, drifts, errors, sound, _, elevations, ranges = np.split(unknowns, self._cuts)
        positions = self._positions_m + errors.reshape(-1, 3) * POSITION_STD_M
        distances = np.linalg.norm(self._sources(unknowns)[:, None] - positions, axis=2)
        lags = distances * self._per_metre * (1 + sound * SOUND_STD) + delays
        lags += self._elapsed_s[:, None] * (self._places.drift + drifts * self._places.drift_std)
        rest = self._places.lags_samples - lags
        # When a sound was made is not known, so that all channels may be late together.
        rest -= (rest * self._weights).sum(axis=1, keepdims=True)
        heard = rest / self._places.std_samples
        # Only differences between channels are heard: the mean of delays and of drifts is held at zero.
        known = (
            drifts,
            errors,
            sound,
            elevations,
            ranges,
            delays.mean(keepdims=True) * 100,
            drifts.mean(keepdims=True) * 100,
        )
        return np.concatenate([heard.ravel(), *known])

    def azimuths(self, unknowns: Array) -> Array:
        """Return those of the places, in radians."""
        return np.split(unknowns, self._cuts)[4]

    def result(self, unknowns: Array, covariance: Array) -> ChannelDelays:
        """Return what was found."""
        delays, drifts = np.split(unknowns, self._cuts)[:2]
        channels = len(delays)
        std = np.sqrt(np.maximum(np.diag(covariance), 0))
        to_ppm = 1e6 / self._rate_hz
        drift = self._places.drift + drifts * self._places.drift_std
        heard = self.residuals(unknowns)[: self._places.lags_samples.size].reshape(-1, channels)
        rest = heard * self._places.std_samples
        return ChannelDelays(
            delays - np.median(delays),
            std[:channels],
            (drift - np.median(drift)) * to_ppm,
            std[channels : 2 * channels] * self._places.drift_std * to_ppm,
            self._sources(unknowns) + self._centre_m,
            float(np.sqrt((rest**2).mean())),
        )

    @property
    def _count(self) -> int:
        return len(self._places.times_s)

    def _sources(self, unknowns: Array) -> Array:
        """Return the places (place, 3) against the middle of the array."""
        azimuths, elevations, ranges = np.split(unknowns, self._cuts)[4:]
        angles = elevations * ELEVATION_STD_RAD
        directions = np.stack(
            [np.cos(angles) * np.cos(azimuths), np.cos(angles) * np.sin(azimuths), np.sin(angles)], axis=1
        )
        return np.asarray(directions * (RANGE_M * np.exp(ranges * RANGE_STD))[:, None])
