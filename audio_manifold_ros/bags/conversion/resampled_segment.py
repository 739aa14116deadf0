# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One run of audio without losses, at the rate that is wanted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.audio.resampler import Resampler
from audio_manifold_ros.common.pcm16 import float_to_int16, int16_to_float


class ResampledSegment:
    """Resamples a run in pieces by the filter of the node: the result does not depend on how it is cut.

    Where the rates agree, samples pass as they are. Else output index k lies at input index
    k · input_rate / output_rate, to within half a sample, and the first and last milliseconds, where the filter
    would hear the silence beyond the edges of the run, are left out.
    """

    def __init__(self, first_sample: int, channels: int, input_rate_hz: int, output_rate_hz: int) -> None:
        """Begin at an input index.

        Raises:
            AudioError: The ratio of the rates has no short form.

        """
        self._next_output = first_sample
        self._skip = 0
        self._resampler: Resampler | None = None
        if input_rate_hz != output_rate_hz:
            self._resampler = Resampler(input_rate_hz, output_rate_hz, channels)
            self._next_output = round(first_sample * output_rate_hz / input_rate_hz)
            self._skip = -(-self._resampler.delay_samples * output_rate_hz // input_rate_hz)

    def push(self, samples: NDArray[np.int16] | NDArray[np.float32]) -> tuple[NDArray[np.int16], int]:
        """Take the next samples (channel, n), and return those that are complete with the output index of the first.

        int16 are steps, float32 have full scale ±1; the result is int16, rounded and clipped.
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
