# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From the device's sample rate to the model's, in a stream: linear phase, no drift, milliseconds of delay.

A resampler that filters in blocks of its own (as the usual libraries do) hands out samples in bursts longer than the
time between two predictions; this one hands out what the samples so far allow.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import Samples
from audio_manifold_ros.common.errors import AudioError

# Up to this share of the lower Nyquist frequency nothing is changed; from the Nyquist frequency on nothing is left.
PASSBAND_RATIO = 0.93
STOPBAND_ATTENUATION_DB = 100.0
# Input samples from which the output repeats its phases: rates with a longer period would need a huge table.
MAX_PERIOD_SAMPLES = 4000


class Resampler:
    """Resamples one stream; output sample k lies at input sample k · input_rate / output_rate.

    Before its first sample the stream is taken as silent. Cuts of the stream into calls leave no trace beyond
    rounding.

    Attributes:
        delay_samples: Input samples that must follow an instant before its output is handed out, at most.

    """

    def __init__(self, input_rate_hz: int, output_rate_hz: int, channels: int) -> None:
        """Design the filter.

        Raises:
            AudioError: The ratio of the rates has no short form.

        """
        self._table, self._half, self._period = _filter_table(input_rate_hz, output_rate_hz)
        self._buffered: Samples = np.zeros((channels, self._half), dtype=np.float32)
        self.delay_samples = self._half + self._period

    def process(self, samples: Samples) -> Samples:
        """Take the next samples float32 (channel, n) and return what is complete, (channel, m)."""
        buffered = np.concatenate([self._buffered, samples], axis=1)
        span, phases = self._table.shape
        periods = max(0, (buffered.shape[1] - span) // self._period + 1)
        self._buffered = buffered[:, periods * self._period :]
        if periods == 0:
            return np.empty((len(buffered), 0), dtype=np.float32)
        windows = sliding_window_view(buffered, span, axis=1)[:, : periods * self._period : self._period]
        return np.asarray((windows.reshape(-1, span) @ self._table).reshape(len(buffered), periods * phases))


def resample(samples: Samples, input_rate_hz: int, output_rate_hz: int) -> Samples:
    """Resample a whole recording float32 (channel, n) at once; silence is taken to surround it.

    Returns:
        float32 (channel, ⌈n · output_rate / input_rate⌉), what the stream gives, to its end.

    Raises:
        AudioError: The ratio of the rates has no short form.

    """
    if input_rate_hz == output_rate_hz:
        return samples
    resampler = Resampler(input_rate_hz, output_rate_hz, len(samples))
    output_samples = -(-samples.shape[1] * output_rate_hz // input_rate_hz)
    silence = np.zeros((len(samples), resampler.delay_samples), dtype=np.float32)
    return resampler.process(np.concatenate([samples, silence], axis=1))[:, :output_samples]


@lru_cache(maxsize=8)
def _filter_table(input_rate_hz: int, output_rate_hz: int) -> tuple[Samples, int, int]:
    """Return the weights (input sample, output phase) of one period, the filter's half length, and the period."""
    divisor = math.gcd(input_rate_hz, output_rate_hz)
    phases, period = output_rate_hz // divisor, input_rate_hz // divisor
    if period > MAX_PERIOD_SAMPLES:
        msg = (
            f'From {input_rate_hz} Hz to {output_rate_hz} Hz the phases repeat only after {period} samples: '
            f'open the device with a rate that shares more with {output_rate_hz} Hz, for example 48000 or 44100 Hz.'
        )
        raise AudioError(msg)
    nyquist_hz = min(input_rate_hz, output_rate_hz) / 2
    width_hz = (1 - PASSBAND_RATIO) * nyquist_hz
    # Kaiser's estimate of the length, at the rate of the input.
    half = math.ceil((STOPBAND_ATTENUATION_DB - 7.95) / (2.285 * 2 * math.pi * width_hz / input_rate_hz) / 2) + 1
    taps = _low_pass(half * phases, 2 * (nyquist_hz - width_hz / 2) / (input_rate_hz * phases))
    table = np.zeros((period + 2 * half, phases), dtype=np.float32)
    for phase in range(phases):
        # The output lies between input samples: `phase * period / phases` after the first of its period.
        quotient, remainder = divmod(phase * period, phases)
        weights = taps[remainder::phases][::-1]
        end = quotient + 2 * half + 1
        table[end - len(weights) : end, phase] = weights / weights.sum()
    return table, half, period


def _low_pass(half: int, cutoff: float) -> NDArray[np.float64]:
    """Return a windowed sinc of 2 · half + 1 taps; the cutoff is a share of its Nyquist frequency.

    In numpy alone: scipy.signal would cost a robot a fifth of its memory and start-up for these two lines.
    """
    # Kaiser's shape for this depth of the stop band (Kaiser 1974), valid from 50 dB.
    beta = 0.1102 * (STOPBAND_ATTENUATION_DB - 8.7)
    taps: NDArray[np.float64] = np.sinc(cutoff * np.arange(-half, half + 1)) * np.kaiser(2 * half + 1, beta)
    return taps
