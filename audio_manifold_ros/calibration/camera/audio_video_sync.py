# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How far two clocks are apart, from instants that both have seen; some are seen by one of them only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.common.errors import CalibrationError

# Pairs that agree so far belong together; another agreement is one that lies farther away than twice this.
AGREEMENT_S, MAX_OFFSET_S = 0.025, 10.0
MIN_PAIRS, MIN_MARGIN = 5, 2
# What all claps have in common: hands that are faster or slower at the end than before, and the way of the sound.
SYSTEMATIC_STD_S = 1.5e-3


@dataclass(frozen=True)
class SyncOffset:
    """The result.

    Attributes:
        offset_s: Seen less heard, the median.
        std_s: Standard deviation of this.
        pairs: Places in the lists of what was seen and heard (pair, 2).
        offsets_s: Of each pair (pair,).

    """

    offset_s: float
    std_s: float
    pairs: NDArray[np.int64]
    offsets_s: FloatArray


def estimate_sync_offset(visual_s: FloatArray, audio_s: FloatArray, expected_s: float) -> SyncOffset:
    """Find the offset on which most pairs agree.

    Args:
        visual_s: Instants on the clock of the camera (seen,).
        audio_s: Instants on that of the microphones (heard,), the way of the sound taken off.
        expected_s: What the offset is thought to be: decides between two agreements of as many pairs.

    Raises:
        CalibrationError: Too few pairs agree, or as many agree on something else.

    """
    apart = visual_s[:, None] - audio_s
    values = np.sort(apart[np.abs(apart) < MAX_OFFSET_S])
    counts = np.searchsorted(values, values + AGREEMENT_S, 'right') - np.searchsorted(
        values, values - AGREEMENT_S, 'left'
    )
    if not len(values) or counts.max() < MIN_PAIRS:
        msg = (
            f'{len(visual_s)} claps were seen and {len(audio_s)} heard, and {counts.max(initial=0)} fit together: clap '
            f'{MIN_PAIRS} times or more in view of the camera, ten times are good, and hold the hands together for '
            'half a second after each.'
        )
        raise CalibrationError(msg)
    most = np.flatnonzero(counts == counts.max())
    first = values[most[np.abs(values[most] - expected_s).argmin()]]
    others = counts[np.abs(values - first) > 2 * AGREEMENT_S]
    if others.max(initial=0) > counts.max() - MIN_MARGIN:
        msg = (
            f'{counts.max()} claps fit together at {first:+.3f} s, and {others.max()} at another offset: clap '
            'irregularly, ten times or more.'
        )
        raise CalibrationError(msg)
    middle = float(np.median(values[np.abs(values - first) <= AGREEMENT_S]))
    pairs = [(int(row), int(np.abs(apart[row] - middle).argmin())) for row in range(len(visual_s))]
    kept = np.array([pair for pair in pairs if abs(apart[pair] - middle) <= AGREEMENT_S], dtype=np.int64)
    offsets = apart[kept[:, 0], kept[:, 1]]
    median = float(np.median(offsets))
    # A median of n normal values has 1.2533 times the deviation of their mean.
    spread = 1.4826 * float(np.median(np.abs(offsets - median)))
    std = 1.2533 * spread / np.sqrt(len(offsets))
    return SyncOffset(median, float(np.hypot(std, SYSTEMATIC_STD_S)), kept, offsets)
