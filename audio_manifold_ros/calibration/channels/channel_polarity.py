# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Polarity of each channel, from any sound: neighbouring microphones receive low frequencies in phase."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.calibration.channels.cross_spectra import CrossSpectra, cross_spectra, frame_length
from audio_manifold_ros.calibration.channels.tdoa import correlation_peaks
from audio_manifold_ros.common.array_types import FloatArray, Samples
from audio_manifold_ros.common.errors import CalibrationError
from audio_manifold_ros.common.units import SPEED_OF_SOUND_MPS

FRAME_S = 0.3
MIN_HZ, MAX_HZ = 40.0, 2000.0
MAX_DELAY_S = 0.02
MIN_CERTAINTY, MIN_STRENGTH = 0.4, 0.1


@dataclass(frozen=True)
class ChannelPolarity:
    """Estimated polarities.

    Attributes:
        signs: 1 or -1 (channel,). The majority is 1.
        certainty: Agreement of all pairs of a channel on its sign, 0 to 1 (channel,).
        strength: Highest correlation of a channel with another one, 0 to 1 (channel,).

    """

    signs: NDArray[np.int64]
    certainty: FloatArray
    strength: FloatArray

    @property
    def undecided(self) -> tuple[int, ...]:
        """Channels whose pairs contradict each other, or that correlate with no other channel."""
        ambiguous = (self.certainty < MIN_CERTAINTY) | (self.strength < MIN_STRENGTH)
        return tuple(np.flatnonzero(ambiguous).tolist())


def estimate_polarity(samples: Samples, sample_rate_hz: int, positions_m: FloatArray) -> ChannelPolarity:
    """Estimate the polarity of every channel relative to the majority.

    At a distance d, two microphones receive a frequency below c / (4 d) with a phase difference of less than a quarter
    of a period, whatever its direction. The correlation of such frequencies therefore has a positive peak, even for
    several sources one after the other. A delay of the channel moves the peak and keeps its sign. The cross-spectra are
    divided by the powers of both channels (the smoothed coherence transform, Carter, Nuttall and Cable 1973). Wind
    noise is independent at each microphone and averages out. Pairs are weighted by their information: the signs are
    those of the leading eigenvector of the matrix of all correlations.

    Args:
        samples: Raw float32 (channel, n) of usable channels, ten seconds or more.
        sample_rate_hz: Sample rate.
        positions_m: Positions of the microphones (channel, 3).

    Raises:
        CalibrationError: There is only one channel, or the recording is shorter than a frame.

    """
    if len(samples) < 2:
        msg = f'Polarity is relative between channels, and there is {len(samples)}: record two or more.'
        raise CalibrationError(msg)
    pairs = np.array(list(combinations(range(len(samples)), 2)))
    distances_m = np.linalg.norm(positions_m[pairs[:, 0]] - positions_m[pairs[:, 1]], axis=1)
    frame = frame_length(FRAME_S, sample_rate_hz)
    _, heights, bins = _correlate(cross_spectra(samples, sample_rate_hz, frame), pairs, distances_m)
    table = np.zeros((len(samples), len(samples)))
    table[pairs[:, 0], pairs[:, 1]] = table[pairs[:, 1], pairs[:, 0]] = bins * heights * np.abs(heights)
    leading = np.linalg.eigh(table)[1][:, -1]
    signs = np.where(leading < 0, -1, 1)
    signs *= 1 if signs.sum() >= 0 else -1
    size = np.abs(table).sum(axis=1)
    agreement = np.divide(signs * (table @ signs), size, out=np.zeros(len(samples)), where=size > 0)
    strength = np.array([np.abs(heights[(pairs == channel).any(axis=1)]).max() for channel in range(len(samples))])
    return ChannelPolarity(np.asarray(signs, dtype=np.int64), np.maximum(agreement, 0), strength)


def _correlate(
    spectra: CrossSpectra, pairs: NDArray[np.int64], distances_m: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return lags in samples, peak heights and number of bins (pair,) of the low-frequency correlations."""
    cross = spectra.coherences()[:, pairs[:, 0], pairs[:, 1]].T
    highest_hz = np.minimum(SPEED_OF_SOUND_MPS / (4 * np.maximum(distances_m, 1e-3)), MAX_HZ)
    inside = (spectra.frequencies_hz >= MIN_HZ) & (spectra.frequencies_hz < highest_hz[:, None])
    rate_hz = 2 * spectra.frequencies_hz[-1]
    bins = inside.sum(axis=1).astype(np.float64)
    return *correlation_peaks(cross * inside, bins, round(MAX_DELAY_S * rate_hz)), bins
