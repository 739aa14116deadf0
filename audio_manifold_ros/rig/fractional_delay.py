# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Removal of fractional delays, one per channel, from a stream or from a whole signal.

The value of a band-limited signal between its samples is a sum of samples weighted by a sinc. A Kaiser window makes the
sum finite. Up to 93 % of half the sample rate the error is below 1e-4 of the amplitude and 0.01 samples.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import Samples
from audio_manifold_ros.common.errors import RigError

HALF_LENGTH = 40
STOPBAND_DB = 80.0
# A longer delay is not one between channels of one device.
MAX_DELAY_S = 0.5


class FractionalDelay:
    """Alignment of delayed channels.

    A channel with a delay of d samples holds at n the sound of n - d, so that the output at n is the channel at n + d.
    An output that would need samples before the first or after the last one is not computed.

    Attributes:
        before: Number of input samples before an output sample.
        after: Number of input samples after it.

    """

    def __init__(self, delays_samples: NDArray[np.float64], sample_rate_hz: int) -> None:
        """Design the kernels.

        Args:
            delays_samples: Delay of each channel (channel,).
            sample_rate_hz: Rate of the samples.

        Raises:
            RigError: A delay is longer than half a second.

        """
        max_delay = MAX_DELAY_S * sample_rate_hz
        if not np.all(np.abs(delays_samples) <= max_delay):
            msg = f'Delays of {np.round(delays_samples, 1).tolist()} samples: give {max_delay:g} at most.'
            raise RigError(msg)
        self._integer_delays = np.floor(delays_samples).astype(int)
        parts = delays_samples - self._integer_delays
        self._kernels = [None if part == 0 else _kernel(float(part)) for part in parts]
        self.before = max(HALF_LENGTH - 1 - int(self._integer_delays.min()), 0)
        self.after = max(HALF_LENGTH + int(self._integer_delays.max()), 0)
        self._history: Samples | None = None

    def reset(self) -> None:
        """Forget the stream. No output spans the samples before and after a reset."""
        self._history = None

    def process(self, samples: Samples) -> Samples:
        """Return the complete outputs (channel, m) for the next samples (channel, n) of a stream.

        After a reset the first output belongs to sample number `before`.
        """
        buffered = samples if self._history is None else np.concatenate([self._history, samples], axis=1)
        keep = min(buffered.shape[1], self.before + self.after)
        self._history = buffered[:, buffered.shape[1] - keep :]
        return self.apply(buffered)

    def apply(self, samples: Samples) -> Samples:
        """Return aligned audio (channel, n - before - after) of audio (channel, n), from sample `before` on."""
        length = samples.shape[1] - self.before - self.after
        if length <= 0:
            return np.empty((len(samples), 0), dtype=np.float32)
        out = np.empty((len(samples), length), dtype=np.float32)
        for channel, (delay, kernel) in enumerate(zip(self._integer_delays, self._kernels, strict=True)):
            start = self.before + int(delay)
            if kernel is None:
                out[channel] = samples[channel, start : start + length]
            else:
                first = start - HALF_LENGTH + 1
                out[channel] = np.correlate(
                    samples[channel, first : first + length + 2 * HALF_LENGTH - 1], kernel, 'valid'
                )
        return out


def _kernel(part: float) -> Samples:
    """Return the weights (2 · HALF_LENGTH,) of the samples around an instant that is `part` of a sample after one."""
    places = np.arange(1 - HALF_LENGTH, HALF_LENGTH + 1) - part
    # Shape of the Kaiser window for this stop-band attenuation (Kaiser 1974), valid from 50 dB.
    beta = 0.1102 * (STOPBAND_DB - 8.7)
    window = np.i0(beta * np.sqrt(np.maximum(1 - (places / HALF_LENGTH) ** 2, 0.0)))
    weights = np.sinc(places) * window
    return np.asarray(weights / weights.sum(), dtype=np.float32)
