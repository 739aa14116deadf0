# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the samples themselves betray of a converter: bits that never change, and waves with their tops cut off."""

from __future__ import annotations

import numpy as np

from audio_manifold_ros.common.array_types import Samples

BITS = 24
# A top is cut off where two samples in a row lie within this share of the extreme.
PEAK_TOLERANCE = 5e-4
# A healthy wave has one highest and one lowest top, each of several samples where it is loud and slow; hardly another
# comes so close.
MIN_PEAK_DISTANCE_S, MIN_CLIPPED_PEAKS = 5e-3, 5
MIN_AMPLITUDE = 64 / 32768


def stuck_bits(samples: Samples) -> list[tuple[int, ...]]:
    """Return for each channel the bits that never change though a higher one does.

    A sound that crosses the place of a bit runs through all values below, so that every lower bit changes too. Low bits
    that are zero on all channels belong to the format: 16-bit sound in 24 bits.

    Args:
        samples: float32 (channel, n), full scale ±1.

    Returns:
        Weights of stuck bits, as powers of two below full scale: 15 is the lowest bit of 16-bit sound.

    """
    steps = np.rint(samples * np.float32(1 << (BITS - 1))).astype(np.int32)
    used = int(np.bitwise_or.reduce(steps, axis=None)) if steps.size else 0
    lowest = (used & -used).bit_length() - 1 if used else BITS
    found = []
    for channel in steps:
        changing = int(np.bitwise_or.reduce(channel ^ channel[0])) & ((1 << BITS) - 1)
        stuck = [bit for bit in range(lowest, changing.bit_length()) if not changing >> bit & 1]
        found.append(tuple(BITS - 1 - bit for bit in reversed(stuck)))
    return found


def clipped_peaks(samples: Samples, sample_rate_hz: int) -> list[int]:
    """Return for each channel how many tops of its wave are cut off, at full scale or below; 0 for a healthy one.

    Args:
        samples: float32 (channel, n), full scale ±1.
        sample_rate_hz: Rate.

    """
    min_distance = round(MIN_PEAK_DISTANCE_S * sample_rate_hz)
    return [_count_clipped_peaks(channel, min_distance) for channel in samples]


def _count_clipped_peaks(channel: Samples, min_distance: int) -> int:
    peaks = 0
    for side in (channel, -channel):
        extreme = float(side.max(initial=0))
        if extreme < MIN_AMPLITUDE:
            continue
        clipped = side >= extreme * (1 - PEAK_TOLERANCE)
        flat = np.flatnonzero(np.logical_and(clipped[1:], clipped[:-1]))
        peaks += int(np.count_nonzero(np.diff(flat) > min_distance)) + 1 if len(flat) else 0
    return peaks if peaks >= MIN_CLIPPED_PEAKS else 0
