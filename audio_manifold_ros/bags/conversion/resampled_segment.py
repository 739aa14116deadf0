# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Resampling of a segment of audio without losses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.audio.resampler import Resampler
from audio_manifold_ros.common.pcm16 import float_to_int16, int16_to_float


class ResampledSegment:
    """Resamples a segment in pieces with the filter of the node. The result does not depend on the pieces.

    If the rates are equal, samples are unchanged. Otherwise output index k is at input index
    k · input_rate / output_rate, to within half a sample. The first and last milliseconds are left out, because the
    filter would include the silence beyond the edges of the segment.
    """

    def __init__(self, first_sample: int, channels: int, input_rate_hz: int, output_rate_hz: int) -> None:
        """Start at an input index.

        Raises:
            AudioError: The ratio of the rates needs too many phases.

        """
        self._next_output = first_sample
        self._skip = 0
        self._resampler: Resampler | None = None
        if input_rate_hz != output_rate_hz:
            self._resampler = Resampler(input_rate_hz, output_rate_hz, channels)
            self._next_output = round(first_sample * output_rate_hz / input_rate_hz)
            self._skip = -(-self._resampler.delay_samples * output_rate_hz // input_rate_hz)

    def push(self, samples: NDArray[np.int16] | NDArray[np.float32]) -> tuple[NDArray[np.int16], int]:
        """Add the next samples (channel, n), and return the complete output with the index of its first sample.

        int16 are steps, float32 has full scale ±1. The result is int16, rounded and clipped.
        """
        samples_f32 = int16_to_float(samples)
        if self._resampler is not None:
            samples_f32 = self._resampler.process(samples_f32)
        return self._out(float_to_int16(samples_f32))

    def _out(self, samples: NDArray[np.int16]) -> tuple[NDArray[np.int16], int]:
        dropped = min(self._skip, samples.shape[1])
        self._skip -= dropped
        first = self._next_output + dropped
        self._next_output += samples.shape[1]
        return samples[:, dropped:], first
