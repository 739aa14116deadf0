# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Time offset between two clocks, from events that both observe. Each clock may miss some events."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.common.errors import CalibrationError
from audio_manifold_ros.common.units import MAD_TO_STD

# Pairs whose offsets differ by less than this belong together. A competing offset differs by more than twice this.
AGREEMENT_S, MAX_OFFSET_S = 0.025, 10.0
MIN_PAIRS, MIN_MARGIN = 5, 2
# Error that all claps share: hands that speed up or slow down before they meet, and the distance of the sound.
SYSTEMATIC_STD_S = 1.5e-3


@dataclass(frozen=True)
class SyncOffset:
    """Estimated offset between the clocks of camera and microphones.

    Attributes:
        offset_s: Median of the visual times minus the audio times.
        std_s: Standard deviation of the offset.
        pairs: Indices of matched visual and audio events (pair, 2).
        offsets_s: Offset of each pair (pair,).

    """

    offset_s: float
    std_s: float
    pairs: NDArray[np.int64]
    offsets_s: FloatArray


def estimate_sync_offset(visual_s: FloatArray, audio_s: FloatArray, expected_s: float) -> SyncOffset:
    """Find the offset on which most pairs of events agree.

    Args:
        visual_s: Times of visual events on the camera's clock (visual event,).
        audio_s: Times of audio events on the microphones' clock, minus the travel time (audio event,).
        expected_s: Expected offset. It decides between two offsets with equally many pairs.

    Raises:
        CalibrationError: Too few pairs agree, or another offset has about as many pairs.

    """
    apart = visual_s[:, None] - audio_s
    values = np.sort(apart[np.abs(apart) < MAX_OFFSET_S])
    counts = np.searchsorted(values, values + AGREEMENT_S, 'right') - np.searchsorted(
        values, values - AGREEMENT_S, 'left'
    )
    if not len(values) or counts.max() < MIN_PAIRS:
        msg = (
            f'{len(visual_s)} claps were detected in the images and {len(audio_s)} in the sound, and '
            f'{counts.max(initial=0)} match: clap {MIN_PAIRS} times or more in view of the camera (ten times are good) '
            'and hold the hands together for half a second after each clap.'
        )
        raise CalibrationError(msg)
    most = np.flatnonzero(counts == counts.max())
    first = values[most[np.abs(values[most] - expected_s).argmin()]]
    others = counts[np.abs(values - first) > 2 * AGREEMENT_S]
    if others.max(initial=0) > counts.max() - MIN_MARGIN:
        msg = (
            f'{counts.max()} claps match at an offset of {first:+.3f} s, and {others.max()} match at another offset: '
            'clap ten times or more at irregular intervals.'
        )
        raise CalibrationError(msg)
    middle = float(np.median(values[np.abs(values - first) <= AGREEMENT_S]))
    pairs = [(int(row), int(np.abs(apart[row] - middle).argmin())) for row in range(len(visual_s))]
    kept = np.array([pair for pair in pairs if abs(apart[pair] - middle) <= AGREEMENT_S], dtype=np.int64)
    offsets = apart[kept[:, 0], kept[:, 1]]
    median = float(np.median(offsets))
    # The median of n normal values has 1.2533 times the standard deviation of their mean.
    spread = MAD_TO_STD * float(np.median(np.abs(offsets - median)))
    std = 1.2533 * spread / np.sqrt(len(offsets))
    return SyncOffset(median, float(np.hypot(std, SYSTEMATIC_STD_S)), kept, offsets)
