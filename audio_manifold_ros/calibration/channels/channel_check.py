# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Detects faulty channels of an array from 30 s of ambient audio."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.audio.dependent_channels import ChannelCovariance, find_dependent_channels
from audio_manifold_ros.audio.levels import FLOOR_DBFS, STEP_16_BIT
from audio_manifold_ros.calibration.channels.adc_faults import clipped_peaks, stuck_bits
from audio_manifold_ros.calibration.channels.cross_spectra import CrossSpectra, cross_spectra, iterate_spectra
from audio_manifold_ros.common.array_types import FloatArray, Samples

FRAME_SAMPLES = 2048
# At these frequencies microphones receive all directions alike, and neighbours receive the same signal.
LOW_HZ = (100.0, 500.0)
COHERENCE_HZ = {'60-250 Hz': (60.0, 250.0), '250-1000 Hz': (250.0, 1000.0), '1-4 kHz': (1000.0, 4000.0)}
DUPLICATE_HZ = (1000.0, 10_000.0)
# Ambient sound is weak in this band. Amplifier noise is as strong as in other bands.
HISS_HZ = (5000.0, 10_000.0)
POOLED_FRAMES = 5
QUIET_PERCENTILE, LOUD_PERCENTILE, LOW_PERCENTILE = 10, 90, 30

SILENT_BELOW_DB = 25.0
DEAD_BELOW_DB, DEAD_COHERENCE_RATIO = 12.0, 0.2
HISS_DB, HISS_SPREAD_RATIO, HISS_SPREAD_DB = 7.0, 0.5, 3.0
DUPLICATE_COHERENCE = 0.98
MAX_DC_OFFSET = 0.05


@dataclass(frozen=True)
class ChannelCheckResult:
    """Measured values and faults of one channel.

    Attributes:
        level_dbfs: Root mean square after removal of the mean.
        peak_dbfs: Largest magnitude.
        dc: Mean, full scale ±1.
        clipped_peaks: Number of clipped peaks.
        stuck_bits: Bits that never change, as places below full scale.
        noise_floor_dbfs: Level above 100 Hz in the quietest tenth of the time.
        hiss_db: Quietest level from 5 to 10 kHz relative to the median channel, at equal low-frequency level.
        coherence: Highest magnitude-squared coherence with another channel, by band.
        duplicates: Channels that carry the same signal.
        mix: Weights of the channels that this one is a sum of, by index. Empty for a channel of its own.
        faults: Keys of `FAULTS`. Empty for a healthy channel.

    """

    level_dbfs: float
    peak_dbfs: float
    dc: float
    clipped_peaks: int
    stuck_bits: tuple[int, ...]
    noise_floor_dbfs: float
    hiss_db: float
    coherence: dict[str, float]
    duplicates: tuple[int, ...]
    mix: dict[int, float]
    faults: tuple[str, ...]


@dataclass(frozen=True)
class ArrayCheckResult:
    """Results of all channels, and their long-term spectra."""

    channels: tuple[ChannelCheckResult, ...]
    spectra: CrossSpectra

    @property
    def is_healthy(self) -> bool:
        """True if no channel has a fault."""
        return not any(channel.faults for channel in self.channels)


FAULTS = {
    'dead': 'no signal, or nothing in common with the other channels. Check plug, cable and power of the microphone',
    'clipped': 'its peaks are clipped. Turn its gain down, or look for an overdriven stage',
    'stuck': 'bits of its samples never change. Replace the converter or its driver',
    'identical': 'it carries the same signal as another channel. Check cables, and the channel map of the audio server',
    'mixed': 'it is a sum of other channels. Open the device with as many channels as it has, not with more',
    'hissing': 'its own noise covers the ambient sound. Check cable, shield and power of the microphone',
    'offset': 'it has a large DC offset. Check its power and its coupling capacitor',
}


def check_channels(samples: Samples, sample_rate_hz: int) -> ArrayCheckResult:
    """Detect faults of single channels. Wind, rain and traffic affect all channels and are not reported as faults.

    Args:
        samples: Raw float32 (channel, n), full scale ±1. At least 5 s, 30 s are better.
        sample_rate_hz: Sample rate.

    Raises:
        CalibrationError: The recording is shorter than a frame of 2048 samples.

    """
    spectra = cross_spectra(samples, sample_rate_hz, FRAME_SAMPLES)
    frames = _frames(samples, sample_rate_hz)
    mean = samples.mean(axis=1, dtype=np.float64)
    rms = samples.std(axis=1, dtype=np.float64)
    squared = np.abs(spectra.coherences()) ** 2
    squared[:, np.arange(len(samples)), np.arange(len(samples))] = 0
    coherence = {
        name: squared[spectra.band_mask(*band)].mean(axis=0).max(axis=1) for name, band in COHERENCE_HZ.items()
    }
    # The mean of logarithms gives mains hum the weight of one frequency among many.
    typical_db = (10 * np.log10(spectra.powers[spectra.band_mask(*LOW_HZ)] + 1e-16)).mean(axis=0)
    dead = _dead(rms, typical_db, coherence['60-250 Hz'])
    clipped_counts, bits = clipped_peaks(samples, sample_rate_hz), stuck_bits(samples)
    duplicates = _duplicates(samples, squared[spectra.band_mask(*DUPLICATE_HZ)].mean(axis=0), dead)
    hiss_db, hissing = _hiss(frames, dead)
    mixes = _mixes(samples)
    peak = np.abs(samples).max(axis=1)
    channels = []
    for channel in range(len(samples)):
        found = {
            'dead': bool(dead[channel]),
            'clipped': clipped_counts[channel] > 0,
            'stuck': bool(bits[channel]),
            'identical': bool(duplicates[channel]),
            'mixed': channel in mixes,
            'hissing': bool(hissing[channel]),
            'offset': abs(mean[channel]) > MAX_DC_OFFSET,
        }
        channels.append(
            ChannelCheckResult(
                level_dbfs=_dbfs(rms[channel]),
                peak_dbfs=_dbfs(peak[channel]),
                dc=float(mean[channel]),
                clipped_peaks=clipped_counts[channel],
                stuck_bits=bits[channel],
                noise_floor_dbfs=float(frames.floor_db[channel]),
                hiss_db=float(hiss_db[channel]),
                coherence={name: float(values[channel]) for name, values in coherence.items()},
                duplicates=duplicates[channel],
                mix=mixes.get(channel, {}),
                faults=tuple(name for name in FAULTS if found[name]),
            )
        )
    return ArrayCheckResult(tuple(channels), spectra)


@dataclass(frozen=True)
class _Frames:
    """Level statistics over time (channel,): low band, quietest level and spread of the high band, noise floor."""

    low_db: FloatArray
    high_floor_db: FloatArray
    high_spread_db: FloatArray
    floor_db: FloatArray


def _frames(samples: Samples, sample_rate_hz: int) -> _Frames:
    """Compute level statistics over groups of five frames, about a quarter of a second, to reduce random variation."""
    frequencies_hz = np.arange(FRAME_SAMPLES // 2 + 1) * sample_rate_hz / FRAME_SAMPLES
    bands = [(frequencies_hz >= low) & (frequencies_hz < high) for low, high in (LOW_HZ, HISS_HZ, (LOW_HZ[0], np.inf))]
    parts = []
    for spectra in iterate_spectra(samples, FRAME_SAMPLES):
        power = np.abs(spectra) ** 2
        parts.append(np.stack([power[:, :, band].sum(axis=2, dtype=np.float64) for band in bands]))
    # One-sided densities. A Hann window keeps 3/8 of the power.
    powers = np.concatenate(parts, axis=2) * 2 / (0.375 * FRAME_SAMPLES**2)
    pool = min(POOLED_FRAMES, powers.shape[2])
    pooled = powers[:, :, : powers.shape[2] // pool * pool].reshape(*powers.shape[:2], -1, pool).mean(axis=3)
    low_db, high_db, all_db = 10 * np.log10(np.maximum(pooled, 10 ** (FLOOR_DBFS / 10)))
    quiet_db, loud_db = np.percentile(high_db, (QUIET_PERCENTILE, LOUD_PERCENTILE), axis=1)
    return _Frames(
        np.percentile(low_db, LOW_PERCENTILE, axis=1),
        quiet_db,
        loud_db - quiet_db,
        np.percentile(all_db, QUIET_PERCENTILE, axis=1),
    )


def _dead(rms: FloatArray, typical_db: FloatArray, coherence: FloatArray) -> NDArray[np.bool_]:
    """Return channels that are silent, far quieter than the others, or quieter and incoherent with the others."""
    below_db = np.median(typical_db) - typical_db
    incoherent = coherence < DEAD_COHERENCE_RATIO * np.median(coherence)
    return (rms < STEP_16_BIT) | (below_db > SILENT_BELOW_DB) | ((below_db > DEAD_BELOW_DB) & incoherent)


def _duplicates(samples: Samples, coherence: FloatArray, dead: NDArray[np.bool_]) -> list[tuple[int, ...]]:
    found: list[set[int]] = [set() for _ in samples]
    for a, b in combinations(range(len(samples)), 2):
        if dead[a] or dead[b]:
            continue
        if coherence[a, b] > DUPLICATE_COHERENCE or np.array_equal(samples[a], samples[b]):
            found[a].add(b)
            found[b].add(a)
    return [tuple(sorted(others)) for others in found]


def _mixes(samples: Samples) -> dict[int, dict[int, float]]:
    """Return the weights of channels that are sums of others. Copies are found by `_duplicates`."""
    covariance = ChannelCovariance(len(samples))
    covariance.add(samples)
    found = find_dependent_channels(covariance.matrix())
    return {channel.channel: channel.weights for channel in found if not channel.is_copy}


def _hiss(frames: _Frames, dead: NDArray[np.bool_]) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return the excess of each channel's quietest high-band level over the median, and which channels have hiss.

    The low-band level stands for the gain of the channel. The level of hiss does not follow the ambient sound. The
    level of a microphone that faces a source does.
    """
    not_dead = ~dead
    excess_db = frames.high_floor_db - frames.low_db
    reference = not_dead if not_dead.any() else dead
    excess_db = np.asarray(excess_db - np.median(excess_db[reference]))
    max_spread_db = max(HISS_SPREAD_RATIO * float(np.median(frames.high_spread_db[reference])), HISS_SPREAD_DB)
    return excess_db, not_dead & (excess_db > HISS_DB) & (frames.high_spread_db < max_spread_db)


def _dbfs(amplitude: float) -> float:
    return float(20 * np.log10(max(float(amplitude), 10 ** (FLOOR_DBFS / 20))))
