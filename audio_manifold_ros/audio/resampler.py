# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Streaming resampler from the device's sample rate to the model's: linear phase, no drift, milliseconds of delay.

Common resampling libraries filter in blocks of their own and return samples in bursts that are longer than the time
between two predictions. This resampler returns all output that the samples so far allow.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from audio_manifold_ros.common.array_types import FloatArray, Samples
from audio_manifold_ros.common.errors import AudioError

# End of the passband as a fraction of the lower Nyquist frequency, where the stopband starts.
PASSBAND_RATIO = 0.93
STOPBAND_ATTENUATION_DB = 100.0
# Input samples after which the phases of the output repeat. Rates with a longer period would need a huge table.
MAX_PERIOD_SAMPLES = 4000


class Resampler:
    """Resampler of one stream. Output sample k is at input sample k · input_rate / output_rate.

    The stream is assumed silent before its first sample. The division of the stream into calls changes the result
    by rounding only.

    Attributes:
        delay_samples: Largest number of input samples after an instant that its output needs.

    """

    def __init__(self, input_rate_hz: int, output_rate_hz: int, channels: int) -> None:
        """Design the filter.

        Raises:
            AudioError: The ratio of the rates needs too many phases.

        """
        self._table, self._half, self._period = _filter_table(input_rate_hz, output_rate_hz)
        self._buffered: Samples = np.zeros((channels, self._half), dtype=np.float32)
        self.delay_samples = self._half + self._period

    def process(self, samples: Samples) -> Samples:
        """Add the next samples float32 (channel, n) and return the complete output, (channel, m)."""
        buffered = np.concatenate([self._buffered, samples], axis=1)
        span, phases = self._table.shape
        periods = max(0, (buffered.shape[1] - span) // self._period + 1)
        self._buffered = buffered[:, periods * self._period :]
        if periods == 0:
            return np.empty((len(buffered), 0), dtype=np.float32)
        windows = sliding_window_view(buffered, span, axis=1)[:, : periods * self._period : self._period]
        return np.asarray((windows.reshape(-1, span) @ self._table).reshape(len(buffered), periods * phases))


def resample(samples: Samples, input_rate_hz: int, output_rate_hz: int) -> Samples:
    """Resample a recording float32 (channel, n) at once. It is assumed silent before and after.

    Returns:
        float32 (channel, ⌈n · output_rate / input_rate⌉), equal to the output of `Resampler`.

    Raises:
        AudioError: The ratio of the rates needs too many phases.

    """
    if input_rate_hz == output_rate_hz:
        return samples
    resampler = Resampler(input_rate_hz, output_rate_hz, len(samples))
    output_samples = -(-samples.shape[1] * output_rate_hz // input_rate_hz)
    silence = np.zeros((len(samples), resampler.delay_samples), dtype=np.float32)
    return resampler.process(np.concatenate([samples, silence], axis=1))[:, :output_samples]


@lru_cache(maxsize=8)
def _filter_table(input_rate_hz: int, output_rate_hz: int) -> tuple[Samples, int, int]:
    """Return the weights (input sample, output phase) of one period, the half length of the filter, and the period."""
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
        # The output is between input samples: `phase * period / phases` after the first of its period.
        quotient, remainder = divmod(phase * period, phases)
        weights = taps[remainder::phases][::-1]
        end = quotient + 2 * half + 1
        table[end - len(weights) : end, phase] = weights / weights.sum()
    return table, half, period


def _low_pass(half: int, cutoff: float) -> FloatArray:
    """Return a windowed sinc of 2 · half + 1 taps. The cutoff is a fraction of its Nyquist frequency.

    It uses numpy only: importing scipy.signal for two lines would take a fifth of a robot's memory and start-up time.
    """
    # Kaiser's shape parameter for this stopband attenuation (Kaiser 1974), valid from 50 dB.
    beta = 0.1102 * (STOPBAND_ATTENUATION_DB - 8.7)
    taps: FloatArray = np.sinc(cutoff * np.arange(-half, half + 1)) * np.kaiser(2 * half + 1, beta)
    return taps
