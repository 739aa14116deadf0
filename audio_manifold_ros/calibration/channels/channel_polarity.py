# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which channels are upside down, from any sound: neighbours hear low tones alike, wherever these come from."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.calibration.channels.cross_spectra import CrossSpectra, cross_spectra
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
    """The result.

    Attributes:
        signs: 1 or -1 (channel,); most are 1.
        certainty: How far all pairs of a channel agree on its sign, 0 to 1 (channel,).
        strength: Highest correlation of a channel with another one, 0 to 1 (channel,).

    """

    signs: NDArray[np.int64]
    certainty: FloatArray
    strength: FloatArray

    @property
    def undecided(self) -> tuple[int, ...]:
        """Channels whose pairs do not agree, or which have nothing in common with the others."""
        ambiguous = (self.certainty < MIN_CERTAINTY) | (self.strength < MIN_STRENGTH)
        return tuple(np.flatnonzero(ambiguous).tolist())


def estimate_polarity(samples: Samples, sample_rate_hz: int, positions_m: FloatArray) -> ChannelPolarity:
    """Measure the polarity of every channel against that of most.

    Two microphones at a distance d hear a tone below c / (4 d) with a phase of less than a quarter of a turn, whatever
    its direction, so that the correlation of such tones has its highest peak upwards, also where they come from several
    places one after the other; a delay of the channel moves the peak and does not turn it over. The cross-spectra are
    divided by the powers of both channels (the smoothed coherence transform; Carter, Nuttall and Cable 1973): wind,
    which is different at every capsule, cancels out with time. Pairs that know more decide (the leading eigenvector of
    all correlations).

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
    agreement = np.divide(signs * (table @ signs), size, out=np.zeros(len(samples)), where=size > 0)
    strength = np.array([np.abs(heights[(pairs == channel).any(axis=1)]).max() for channel in range(len(samples))])
    return ChannelPolarity(np.asarray(signs, dtype=np.int64), np.maximum(agreement, 0), strength)


def _correlate(
    spectra: CrossSpectra, pairs: NDArray[np.int64], distances_m: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return lags in samples, heights and number of bins (pair,) of the correlations of low tones."""
    cross = spectra.coherences()[:, pairs[:, 0], pairs[:, 1]].T
    highest_hz = np.minimum(SPEED_OF_SOUND_MPS / (4 * np.maximum(distances_m, 1e-3)), MAX_HZ)
    inside = (spectra.frequencies_hz >= MIN_HZ) & (spectra.frequencies_hz < highest_hz[:, None])
    rate_hz = 2 * spectra.frequencies_hz[-1]
    bins = inside.sum(axis=1).astype(np.float64)
    return *correlation_peaks(cross * inside, bins, round(MAX_DELAY_S * rate_hz)), bins
