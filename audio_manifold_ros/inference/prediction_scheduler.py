# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""When to predict: newest window first, no faster than asked for, every window that falls out counted."""

from __future__ import annotations

import math

from audio_manifold_ros.common.errors import InferenceError


class PredictionScheduler:
    """Due instants at even distances on the sample index, served by the newest window there is.

    Time is counted in samples, not on a clock: a stalled computer makes no windows due that the audio has not
    brought. A window serves all instants that have come due up to its end; all but one of them are dropped. So a
    computer that needs longer than one period predicts from the newest window, and the loss is known.

    Attributes:
        min_spacing_samples: Least distance between windows that are served, where it is longer than the period: what the
            computer sustains. Instants that come due in between are served by the next window, and all but one of
            them are dropped.

    """

    def __init__(self, sample_rate_hz: int, hop_samples: int, rate_hz: float) -> None:
        """Start with an instant due at once.

        Args:
            sample_rate_hz: Rate of the index.
            hop_samples: Distance of the windows that can be predicted from; nothing comes due more often.
            rate_hz: Predictions a second, at most.

        Raises:
            InferenceError: The rate is not positive.

        """
        self._sample_rate_hz = sample_rate_hz
        self._hop_samples = hop_samples
        self._due: float | None = None
        self._served = 0
        self.min_spacing_samples = 0.0
        self._rate_hz, self._period_samples = rate_hz, self._compute_period_samples(rate_hz)

    @property
    def rate_hz(self) -> float:
        """Predictions a second, at most; may be changed at any time."""
        return self._rate_hz

    @rate_hz.setter
    def rate_hz(self, rate_hz: float) -> None:
        period_samples = self._compute_period_samples(rate_hz)
        if self._due is not None:
            # The next instant keeps its distance to the last one served, at the new rate.
            self._due += period_samples - self._period_samples
        self._rate_hz, self._period_samples = rate_hz, period_samples

    @property
    def limited(self) -> bool:
        """Whether the computer sustains less than what is asked for."""
        return self.min_spacing_samples > self._period_samples

    def reset(self) -> None:
        """Forget the instants; one is due at once."""
        self._due = None

    def take(self, end_sample: int) -> int:
        """Serve the instants that are due up to `end_sample`, and return how many they were; 0: do not predict.

        The caller predicts from the window that ends there (all but one instant are dropped), or has no window
        free of gaps (all are skipped).
        """
        if self._due is None:
            self._due, self._served = end_sample + self._period_samples, end_sample
            return 1
        if self.limited and end_sample - self._served < self.min_spacing_samples:
            return 0
        count = max(math.floor((end_sample - self._due) / self._period_samples) + 1, 0)
        self._due += count * self._period_samples
        self._served = end_sample if count else self._served
        return count

    def _compute_period_samples(self, rate_hz: float) -> float:
        if not (math.isfinite(rate_hz) and rate_hz > 0):
            msg = f'The prediction rate is {rate_hz!r}: give a positive number of predictions a second.'
            raise InferenceError(msg)
        return max(self._sample_rate_hz / rate_hz, float(self._hop_samples))
