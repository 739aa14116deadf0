# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Schedule of predictions: selects the newest window, limits the rate, and counts predictions that are left out."""

from __future__ import annotations

import math

from audio_manifold_ros.common.errors import InferenceError

# A spacing that is longer than the period by less than this factor is not enforced. Windows are a hop apart: a spacing
# of one hop and a little would leave out every other window.
MIN_SHORTFALL = 1.05


def check_rate_hz(rate_hz: float) -> None:
    """Check a prediction rate.

    Raises:
        InferenceError: The rate is not a positive number.

    """
    if not (math.isfinite(rate_hz) and rate_hz > 0):
        msg = f'The prediction rate is {rate_hz!r}: give a positive number of predictions a second.'
        raise InferenceError(msg)


class PredictionScheduler:
    """Due times at a constant distance on the sample index, each served by the newest window.

    Time is counted in samples, not on a clock. A stalled computer makes no predictions due for which there is no
    audio. A window serves all due times up to its end, and all but one of them are dropped. A prediction that is late
    by less than one period is therefore made from the newest window, and counted as late. One that is later is dropped.

    Attributes:
        min_spacing_samples: Minimum distance between windows that are served, if longer than the period: what the
            computer sustains. Predictions that become due in between are served by the next window, and all but one
            of them are dropped.
        lateness_hops: Windows from the first one that would have served the last prediction to the one that did.

    """

    def __init__(self, sample_rate_hz: int, hop_samples: int, rate_hz: float) -> None:
        """Start with a prediction due immediately.

        Args:
            sample_rate_hz: Rate of the index.
            hop_samples: Distance between windows. Predictions are not due more often.
            rate_hz: Largest number of predictions per second.

        Raises:
            InferenceError: The rate is not positive.

        """
        self._sample_rate_hz = sample_rate_hz
        self._hop_samples = hop_samples
        self._due: float | None = None
        self._slot = 0.0
        self.min_spacing_samples = 0.0
        self.lateness_hops = 0
        self._rate_hz, self._period_samples = rate_hz, self._compute_period_samples(rate_hz)

    @property
    def rate_hz(self) -> float:
        """Largest number of predictions per second. May be changed at any time."""
        return self._rate_hz

    @rate_hz.setter
    def rate_hz(self, rate_hz: float) -> None:
        period_samples = self._compute_period_samples(rate_hz)
        if self._due is not None:
            # The next due time keeps its distance to the last one served, at the new rate.
            self._due += period_samples - self._period_samples
        self._rate_hz, self._period_samples = rate_hz, period_samples

    @property
    def limited(self) -> bool:
        """True if the computer sustains less than the requested rate."""
        return self.min_spacing_samples > MIN_SHORTFALL * self._period_samples

    @property
    def period_s(self) -> float:
        """Seconds between predictions, at the rate that the computer sustains."""
        return max(self._period_samples, self.min_spacing_samples) / self._sample_rate_hz

    def limit(self, rate_hz: float) -> None:
        """Set the rate that the computer sustains."""
        self.min_spacing_samples = self._sample_rate_hz / rate_hz

    def reset(self) -> None:
        """Drop the due times. A prediction is due immediately."""
        self._due = None

    def take(self, end_sample: int) -> int:
        """Serve the predictions that are due up to `end_sample`, and return their number. 0 means: do not predict.

        The caller either predicts from the window that ends there, which drops all but one of them, or has no window
        without a gap, which skips all of them.
        """
        if self._due is None:
            self._due, self._slot, self.lateness_hops = end_sample + self._period_samples, end_sample, 0
            return 1
        if self.limited and end_sample - self._slot < self.min_spacing_samples:
            return 0
        count = max(math.floor((end_sample - self._due) / self._period_samples) + 1, 0)
        if count:
            last_due = self._due + (count - 1) * self._period_samples
            self._due = last_due + self._period_samples
            # Windows are a hop apart. What one of them comes too late, the next one may come earlier.
            next_slot = self._slot + self.min_spacing_samples if self.limited else end_sample
            self._slot = max(next_slot, end_sample - self._hop_samples)
            self.lateness_hops = math.floor((end_sample - last_due) / self._hop_samples)
        return count

    def _compute_period_samples(self, rate_hz: float) -> float:
        check_rate_hz(rate_hz)
        return max(self._sample_rate_hz / rate_hz, float(self._hop_samples))
