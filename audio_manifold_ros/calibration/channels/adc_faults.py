# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Converter faults in the samples: stuck bits and clipped peaks."""

from __future__ import annotations

import numpy as np

from audio_manifold_ros.common.array_types import Samples
from audio_manifold_ros.common.pcm16 import STEPS_PER_UNIT

BITS = 24
# A peak is clipped if two samples in a row are within this fraction of the extreme.
PEAK_TOLERANCE = 5e-4
# A healthy signal has one highest and one lowest peak. A loud, slow peak holds several samples near the extreme, and
# hardly any other peak comes as close.
MIN_PEAK_DISTANCE_S, MIN_CLIPPED_PEAKS = 5e-3, 5
MIN_AMPLITUDE = 64 / float(STEPS_PER_UNIT)


def stuck_bits(samples: Samples) -> list[tuple[int, ...]]:
    """Return the stuck bits of each channel: bits that never change although a higher bit changes.

    A signal that changes a bit passes through all smaller values, so every lower bit changes too. Low bits that are
    zero on all channels are a property of the format, for example 16-bit audio in 24 bits.

    Args:
        samples: float32 (channel, n), full scale ±1.

    Returns:
        Places of the stuck bits below full scale: place n has the weight 2^-n. 15 is the lowest bit of 16-bit audio.

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
    """Return the number of clipped peaks of each channel, at full scale or below. It is 0 for a healthy channel.

    Args:
        samples: float32 (channel, n), full scale ±1.
        sample_rate_hz: Sample rate.

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
