# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Gain of each channel relative to the median of the array, measured where all channels receive the same level.

This holds below 500 Hz only, because microphones are directional at higher frequencies. A near source is louder on the
near side of the array. Therefore the sources must be at known places on all sides, or far away for a long time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audio_manifold_ros.calibration.channels.channel_delays import ChannelDelays
from audio_manifold_ros.calibration.channels.cross_spectra import CrossSpectra, cross_spectra
from audio_manifold_ros.calibration.channels.stationary_segments import StationarySegments
from audio_manifold_ros.common.array_types import FloatArray, Samples
from audio_manifold_ros.common.errors import CalibrationError
from audio_manifold_ros.common.units import MAD_TO_STD

FRAME_SAMPLES = 2048
BAND_HZ = (200.0, 500.0)
SEGMENT_S, MIN_SEGMENTS = 10.0, 6
# Standard deviation of a median per median absolute deviation, times the root of the number of normal values.
MEDIAN_STD = MAD_TO_STD * 1.2533


@dataclass(frozen=True)
class ChannelGains:
    """Estimated gains.

    Attributes:
        gains_db: Gain of each channel relative to the median (channel,).
        std_db: Standard deviation of the gains (channel,), from the spread over places or segments.
        deviations_db: Gain in each place or segment (part, channel).
        spectra: Long-term spectra of the whole recording.

    """

    gains_db: FloatArray
    std_db: FloatArray
    deviations_db: FloatArray
    spectra: CrossSpectra


def estimate_loudspeaker_gains(
    samples: Samples, sample_rate_hz: int, places: StationarySegments, delays: ChannelDelays, positions_m: FloatArray
) -> ChannelGains:
    """Estimate gains from a loudspeaker at places around the array, with its distances taken into account.

    Args:
        samples: Raw float32 (channel, n).
        sample_rate_hz: Sample rate.
        places: Time spans in which the loudspeaker stands still, and their TDOAs.
        delays: Positions of the loudspeaker.
        positions_m: Positions of the microphones (channel, 3).

    """
    levels = []
    for (start_s, end_s), lags, source_m in zip(places.spans_s, places.lags_samples, delays.sources_m, strict=True):
        part = samples[:, round(start_s * sample_rate_hz) : round(end_s * sample_rate_hz)]
        distances_m = np.linalg.norm(source_m - positions_m, axis=1)
        levels.append(_common_levels_db(part, sample_rate_hz, lags) + 20 * np.log10(distances_m))
    deviations = _against_median(np.array(levels))
    return _result(deviations, deviations.mean(axis=0), deviations.std(axis=0, ddof=1), samples, sample_rate_hz)


def estimate_ambient_gains(samples: Samples, sample_rate_hz: int) -> ChannelGains:
    """Estimate gains from street noise, which has the same level on all sides only on a long average.

    Args:
        samples: Raw float32 (channel, n).
        sample_rate_hz: Sample rate.

    Raises:
        CalibrationError: The recording is shorter than a minute.

    """
    width = round(SEGMENT_S * sample_rate_hz)
    parts = samples.shape[1] // width
    if parts < MIN_SEGMENTS:
        msg = (
            f'{samples.shape[1] / sample_rate_hz:.0f} s of street noise are too short to compare levels: record '
            f'{MIN_SEGMENTS * SEGMENT_S:.0f} s or more. Ten minutes are good.'
        )
        raise CalibrationError(msg)
    segments = [samples[:, part * width : (part + 1) * width] for part in range(parts)]
    deviations = _against_median(np.array([_levels_db(part, sample_rate_hz) for part in segments]))
    # A median is robust to a passing car, which is louder on one side for a while.
    gains = np.median(deviations, axis=0)
    std = MEDIAN_STD * np.median(np.abs(deviations - gains), axis=0)
    return _result(deviations, gains, std, samples, sample_rate_hz)


def _levels_db(samples: Samples, sample_rate_hz: int) -> FloatArray:
    spectra = cross_spectra(samples, sample_rate_hz, FRAME_SAMPLES)
    return np.asarray(10 * np.log10(spectra.powers[spectra.band_mask(*BAND_HZ)].sum(axis=0) + 1e-20))


def _common_levels_db(samples: Samples, sample_rate_hz: int, lags_samples: FloatArray) -> FloatArray:
    """Return the level (channel,) of one source whose lags are known.

    The cross power of a pair is the product of the two amplitudes of that source. Noise that is independent in the two
    channels, or that comes from elsewhere, does not contribute.
    """
    spectra = cross_spectra(samples, sample_rate_hz, FRAME_SAMPLES)
    inside = spectra.band_mask(*BAND_HZ)
    phase_factors = np.exp(2j * np.pi * spectra.frequencies_hz[inside, None] * lags_samples / sample_rate_hz)
    common = np.abs(np.einsum('fc,fcd,fd->cd', phase_factors, spectra.matrices[inside], phase_factors.conj()).real)
    first, second = np.triu_indices(len(samples), 1)
    pairs_db = 10 * np.log10(common[first, second] + 1e-20)
    design = np.zeros((len(pairs_db), len(samples)))
    design[np.arange(len(pairs_db)), first] = design[np.arange(len(pairs_db)), second] = 0.5
    return np.asarray(np.linalg.lstsq(design, pairs_db, rcond=None)[0])


def _against_median(levels_db: FloatArray) -> FloatArray:
    return np.asarray(levels_db - np.median(levels_db, axis=1, keepdims=True))


def _result(
    deviations_db: FloatArray, gains_db: FloatArray, std_db: FloatArray, samples: Samples, rate_hz: int
) -> ChannelGains:
    return ChannelGains(
        gains_db - np.median(gains_db),
        std_db / np.sqrt(len(deviations_db)),
        deviations_db,
        cross_spectra(samples, rate_hz, FRAME_SAMPLES),
    )
