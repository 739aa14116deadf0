# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How loud each channel is against the median of the array, where all of them hear the same.

They do so below 500 Hz only: above, capsules that face elsewhere hear another world. And a near source is louder at the
near side of the array, so that it must be at known places all round, or far away for a long time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.calibration.channel_delays import ChannelDelays, Places
from audio_manifold_ros.calibration.cross_spectra import CrossSpectra, cross_spectra
from audio_manifold_ros.calibration.errors import CalibrationError

Array = NDArray[np.float64]
Samples = NDArray[np.float32]

FRAME_SAMPLES = 2048
BAND_HZ = (100.0, 500.0)
PART_S, LEAST_PARTS = 10.0, 6


@dataclass(frozen=True)
class ChannelGains:
    """The result.

    Attributes:
        gains_db: How much louder each channel is than the median (channel,).
        std_db: Standard deviation of these (channel,), from what places or parts of the recording differ.
        deviations_db: What each place or part says (part, channel).
        spectra: Long-term spectra of the whole recording.

    """

    gains_db: Array
    std_db: Array
    deviations_db: Array
    spectra: CrossSpectra


def gains_from_places(
    samples: Samples, sample_rate_hz: int, places: Places, delays: ChannelDelays, positions_m: Array
) -> ChannelGains:
    """Compare the channels where a loudspeaker stood at places around the array, its distances taken into account.

    Args:
        samples: Raw float32 (channel, n).
        sample_rate_hz: Rate.
        places: When it stood still.
        delays: Where it stood.
        positions_m: Of the microphones (channel, 3).

    """
    deviations = []
    for (start_s, end_s), source_m in zip(places.spans_s, delays.sources_m, strict=True):
        part = samples[:, round(start_s * sample_rate_hz) : round(end_s * sample_rate_hz)]
        distances_m = np.linalg.norm(source_m - positions_m, axis=1)
        deviations.append(_levels_db(part, sample_rate_hz) + 20 * np.log10(distances_m))
    return _result(np.array(deviations), samples, sample_rate_hz)


def gains_from_street(samples: Samples, sample_rate_hz: int) -> ChannelGains:
    """Compare the channels in the sound of a street, which is the same on all sides only in the long run.

    Raises:
        CalibrationError: There is less than a minute.

    """
    width = round(PART_S * sample_rate_hz)
    parts = samples.shape[1] // width
    if parts < LEAST_PARTS:
        msg = (
            f'{samples.shape[1] / sample_rate_hz:.0f} s of street are too short to compare levels: record '
            f'{LEAST_PARTS * PART_S:.0f} s or more, ten minutes are good.'
        )
        raise CalibrationError(msg)
    cut = [samples[:, part * width : (part + 1) * width] for part in range(parts)]
    return _result(np.array([_levels_db(part, sample_rate_hz) for part in cut]), samples, sample_rate_hz)


def _levels_db(samples: Samples, sample_rate_hz: int) -> Array:
    spectra = cross_spectra(samples, sample_rate_hz, FRAME_SAMPLES)
    return np.asarray(10 * np.log10(spectra.powers[spectra.within(*BAND_HZ)].sum(axis=0) + 1e-20))


def _result(levels_db: Array, samples: Samples, sample_rate_hz: int) -> ChannelGains:
    deviations = levels_db - np.median(levels_db, axis=1, keepdims=True)
    gains = deviations.mean(axis=0)
    std = deviations.std(axis=0, ddof=1) / np.sqrt(len(deviations))
    return ChannelGains(
        gains - np.median(gains), std, deviations, cross_spectra(samples, sample_rate_hz, FRAME_SAMPLES)
    )
