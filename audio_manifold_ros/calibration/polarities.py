# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which channels are upside down, from any sound: neighbours hear low tones alike, wherever these come from."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.calibration.arrivals import correlation_peaks, joined_lags
from audio_manifold_ros.calibration.cross_spectra import CrossSpectra, cross_spectra
from audio_manifold_ros.calibration.errors import CalibrationError

Array = NDArray[np.float64]
Samples = NDArray[np.float32]

FRAME_S = 0.3
LOWEST_HZ, HIGHEST_HZ = 40.0, 2000.0
LONGEST_DELAY_S = 0.02
PART_S, LEAST_PARTS = 5.0, 4
LEAST_STRENGTH = 0.1
SOUND_MPS = 343.0


@dataclass(frozen=True)
class Polarities:
    """The result.

    Attributes:
        signs: 1 or -1 (channel,); most are 1.
        certainty: How far all pairs of a channel agree on its sign, 0 to 1 (channel,).
        strength: Highest correlation of a channel with another one, 0 to 1 (channel,).
        drift_ppm: How fast each channel falls behind the median one (channel,); zeros for a short recording.
        drift_std_ppm: Standard deviation of these (channel,).

    """

    signs: NDArray[np.int64]
    certainty: Array
    strength: Array
    drift_ppm: Array
    drift_std_ppm: Array


def find_polarities(samples: Samples, sample_rate_hz: int, positions_m: Array) -> Polarities:
    """Measure the polarity of every channel against that of most.

    Two microphones at a distance d hear a tone below c / (2 d) with a phase of less than half a turn, whatever its
    direction, so that the correlation of such tones has its highest peak upwards; a delay of the channel moves the peak
    and does not turn it over. The cross-spectra are divided by the powers of both channels (the smoothed coherence
    transform; Carter, Nuttall and Cable 1973): wind, which is different at every capsule, cancels out with time. Pairs
    that know more decide (the leading eigenvector of all correlations).

    Args:
        samples: Raw float32 (channel, n) of live channels, ten seconds or more.
        sample_rate_hz: Rate.
        positions_m: Of the microphones (channel, 3).

    Raises:
        CalibrationError: There is only one channel, or less than a frame of sound.

    """
    if len(samples) < 2:
        msg = f'Polarity is a matter between channels, and there is {len(samples)}: give two or more.'
        raise CalibrationError(msg)
    pairs = np.array(list(combinations(range(len(samples)), 2)))
    distances_m = np.linalg.norm(positions_m[pairs[:, 0]] - positions_m[pairs[:, 1]], axis=1)
    frame = 1 << (round(FRAME_S * sample_rate_hz) - 1).bit_length()
    _, heights, bins = _correlate(cross_spectra(samples, sample_rate_hz, frame), pairs, distances_m)
    table = np.zeros((len(samples), len(samples)))
    table[pairs[:, 0], pairs[:, 1]] = table[pairs[:, 1], pairs[:, 0]] = bins * heights * np.abs(heights)
    leading = np.linalg.eigh(table)[1][:, -1]
    signs = np.where(leading < 0, -1, 1)
    signs *= 1 if signs.sum() >= 0 else -1
    size = np.abs(table).sum(axis=1)
    agreed = np.divide(signs * (table @ signs), size, out=np.zeros(len(samples)), where=size > 0)
    strength = np.array([np.abs(heights[(pairs == channel).any(axis=1)]).max() for channel in range(len(samples))])
    drift, std = _drift(samples, sample_rate_hz, pairs, distances_m, frame)
    return Polarities(signs, np.maximum(agreed, 0), strength, drift, std)


def _correlate(spectra: CrossSpectra, pairs: NDArray[np.int64], distances_m: Array) -> tuple[Array, Array, Array]:
    """Return lags in samples, heights and number of bins (pair,) of the correlations of low tones."""
    cross = spectra.coherences()[:, pairs[:, 0], pairs[:, 1]].T
    highest_hz = np.minimum(SOUND_MPS / (2 * np.maximum(distances_m, 1e-3)), HIGHEST_HZ)
    inside = (spectra.frequencies_hz >= LOWEST_HZ) & (spectra.frequencies_hz < highest_hz[:, None])
    rate_hz = 2 * spectra.frequencies_hz[-1]
    bins = inside.sum(axis=1).astype(np.float64)
    return *correlation_peaks(cross * inside, bins, round(LONGEST_DELAY_S * rate_hz)), bins


def _drift(
    samples: Samples, rate_hz: int, pairs: NDArray[np.int64], distances_m: Array, frame: int
) -> tuple[Array, Array]:
    """Return ppm and their standard deviations (channel,) from the lags of parts of the recording."""
    width = round(PART_S * rate_hz)
    parts = samples.shape[1] // width
    if parts < LEAST_PARTS:
        return np.zeros(len(samples)), np.zeros(len(samples))
    lags = []
    for part in range(parts):
        spectra = cross_spectra(samples[:, part * width : (part + 1) * width], rate_hz, frame)
        pair_lags, heights, bins = _correlate(spectra, pairs, distances_m)
        lags.append(joined_lags(pair_lags, bins * heights**2, pairs, len(samples))[0])
    times_s = np.arange(parts) * PART_S
    # The median of all slopes (Theil and Sen): a passing car moves the lags for a while.
    slopes = np.array([(lags[b] - lags[a]) / (times_s[b] - times_s[a]) for a, b in combinations(range(parts), 2)])
    slope = np.median(slopes, axis=0)
    rest = np.array(lags) - times_s[:, None] * slope
    noise = 1.4826 * np.median(np.abs(rest - np.median(rest, axis=0)), axis=0)
    std = np.maximum(noise, 0.02) / np.sqrt(((times_s - times_s.mean()) ** 2).sum())
    return (slope - np.median(slope)) * 1e6 / rate_hz, std * 1e6 / rate_hz
