# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which channels of an array are sound, from half a minute of whatever it hears."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.audio.levels import FLOOR_DBFS, STEP_16_BIT
from audio_manifold_ros.calibration.channels.adc_faults import clipped_peaks, stuck_bits
from audio_manifold_ros.calibration.channels.cross_spectra import CrossSpectra, cross_spectra, iterate_spectra
from audio_manifold_ros.common.array_types import FloatArray, Samples

FRAME_SAMPLES = 2048
# Where capsules hear all sides alike, and neighbours hear the same.
LOW_HZ = (100.0, 500.0)
COHERENCE_HZ = {'60-250 Hz': (60.0, 250.0), '250-1000 Hz': (250.0, 1000.0), '1-4 kHz': (1000.0, 4000.0)}
DUPLICATE_HZ = (1000.0, 10_000.0)
# Sound of the world is weak here, and the noise of an amplifier as strong as elsewhere.
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
    """One channel.

    Attributes:
        level_dbfs: Root mean square without the mean.
        peak_dbfs: Largest magnitude.
        dc: Mean, full scale ±1.
        clipped_peaks: Tops of its wave that are cut off.
        stuck_bits: Bits that never change, by their weight below full scale.
        noise_floor_dbfs: Level from 100 Hz on, of the quietest tenth of the time.
        hiss_db: How far its quietest sound from 5 to 10 kHz lies over that of the median channel, for equal low tones.
        coherence: Highest magnitude-squared coherence with another channel, by band.
        duplicates: Channels that carry the same signal.
        faults: Keys of `FAULTS`; empty for a healthy channel.

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
    faults: tuple[str, ...]


@dataclass(frozen=True)
class ArrayCheckResult:
    """All channels, and their long-term spectra."""

    channels: tuple[ChannelCheckResult, ...]
    spectra: CrossSpectra

    @property
    def is_healthy(self) -> bool:
        """Whether no channel has a fault."""
        return not any(channel.faults for channel in self.channels)


FAULTS = {
    'dead': 'it delivers nothing, or nothing of what the others hear: check plug, cable and power of the capsule',
    'clipped': 'the tops of its wave are cut off: turn its gain down, or look for what overdrives it',
    'stuck': 'bits of its samples never change: its converter or the driver is broken',
    'identical': 'it carries the same signal as another channel: check cables, and the channel map of the audio server',
    'hissing': 'its own noise covers what the others hear: check cable, shield and power of the capsule',
    'offset': 'it has a large DC offset: check its power and its coupling capacitor',
}


def check_channels(samples: Samples, sample_rate_hz: int) -> ArrayCheckResult:
    """Look for faults of single channels; wind, rain and traffic reach all of them and accuse none.

    Args:
        samples: Raw float32 (channel, n), full scale ±1, at least 5 s, better 30 s.
        sample_rate_hz: Rate.

    Raises:
        CalibrationError: There is less than a frame of 2048 samples.

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
    # The mean of logarithms: hum of the mains is one tone among many.
    typical_db = (10 * np.log10(spectra.powers[spectra.band_mask(*LOW_HZ)] + 1e-16)).mean(axis=0)
    dead = _dead(rms, typical_db, coherence['60-250 Hz'])
    clipped_counts, bits = clipped_peaks(samples, sample_rate_hz), stuck_bits(samples)
    duplicates = _duplicates(samples, squared[spectra.band_mask(*DUPLICATE_HZ)].mean(axis=0), dead)
    hiss_db, hissing = _hiss(frames, dead)
    peak = np.abs(samples).max(axis=1)
    channels = []
    for channel in range(len(samples)):
        found = {
            'dead': bool(dead[channel]),
            'clipped': clipped_counts[channel] > 0,
            'stuck': bool(bits[channel]),
            'identical': bool(duplicates[channel]),
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
                faults=tuple(name for name in FAULTS if found[name]),
            )
        )
    return ArrayCheckResult(tuple(channels), spectra)


@dataclass(frozen=True)
class _Frames:
    """Levels (channel,) over time: of low tones, and quietest and spread of high ones; and the noise floor."""

    low_db: FloatArray
    high_floor_db: FloatArray
    high_spread_db: FloatArray
    floor_db: FloatArray


def _frames(samples: Samples, sample_rate_hz: int) -> _Frames:
    """Pool the frames by fives, about a quarter of a second, so that chance is small in each."""
    frequencies_hz = np.arange(FRAME_SAMPLES // 2 + 1) * sample_rate_hz / FRAME_SAMPLES
    bands = [(frequencies_hz >= low) & (frequencies_hz < high) for low, high in (LOW_HZ, HISS_HZ, (LOW_HZ[0], np.inf))]
    parts = []
    for spectra in iterate_spectra(samples, FRAME_SAMPLES):
        power = np.abs(spectra) ** 2
        parts.append(np.stack([power[:, :, band].sum(axis=2, dtype=np.float64) for band in bands]))
    # One-sided, under a Hann window, which keeps 3/8 of the power.
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
    """Silent; or far quieter than the others; or quieter, and without anything in common with them."""
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


def _hiss(frames: _Frames, dead: NDArray[np.bool_]) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return how far each channel's quietest high tones lie over the median, and whether that is hiss.

    Low tones stand for the gain of a channel. Hiss does not swell with what the others hear; a capsule that faces a
    source does.
    """
    not_dead = ~dead
    excess_db = frames.high_floor_db - frames.low_db
    reference = not_dead if not_dead.any() else dead
    excess_db = np.asarray(excess_db - np.median(excess_db[reference]))
    max_spread_db = max(HISS_SPREAD_RATIO * float(np.median(frames.high_spread_db[reference])), HISS_SPREAD_DB)
    return excess_db, not_dead & (excess_db > HISS_DB) & (frames.high_spread_db < max_spread_db)


def _dbfs(amplitude: float) -> float:
    return float(20 * np.log10(max(float(amplitude), 10 ** (FLOOR_DBFS / 20))))
