# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Time of samples: a line through jittering block stamps, tracked by a Kalman filter."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from statistics import median

from audio_manifold_ros.common.errors import AudioError
from audio_manifold_ros.common.units import NS_PER_S

# A stamp that is farther off the line starts the line again at once.
CLOCK_STEP_NS = NS_PER_S // 2
# Stamps that are farther off the line, but less than `CLOCK_STEP_NS`, are late, or show a step of the clock. It is a
# step if they are all off by the same amount for `STEP_CONFIRM_S`. 5 ms of jitter do not reach the limit.
OUTLIER_S = 25e-3
STEP_CONFIRM_S = 0.75
STEP_SPREAD_S = 50e-3
MIN_STEP_STAMPS = 3
JITTER_S = 5e-3
RATE_TOLERANCE = 1e-4
OFFSET_WANDER = 1e-5
RATE_WANDER = 1e-7


@dataclass
class _ClockFilter:
    """Kalman filter with two states: time error (s) of a nominal line, and its rate (s/s)."""

    anchor_sample: int
    anchor_ns: int
    last_sample: int
    offset_s: float = 0.0
    slope: float = 0.0
    offset_variance: float = JITTER_S**2
    covariance: float = 0.0
    slope_variance: float = RATE_TOLERANCE**2

    def nominal_ns(self, sample_index: int, rate_hz: int) -> int:
        return self.anchor_ns + (sample_index - self.anchor_sample) * NS_PER_S // rate_hz

    def predict(self, seconds: float) -> None:
        self.offset_s += self.slope * seconds
        self.offset_variance += 2 * seconds * self.covariance + seconds**2 * self.slope_variance
        self.offset_variance += OFFSET_WANDER**2 * seconds
        self.covariance += seconds * self.slope_variance
        self.slope_variance += RATE_WANDER**2 * seconds

    def update_state(self, error_s: float) -> None:
        total = self.offset_variance + JITTER_S**2
        offset_gain, slope_gain = self.offset_variance / total, self.covariance / total
        self.offset_s += offset_gain * error_s
        self.slope += slope_gain * error_s
        self.slope_variance -= slope_gain * self.covariance
        self.covariance *= 1 - offset_gain
        self.offset_variance *= 1 - offset_gain


class SampleClock:
    """Line through (sample index, stamp) of a stream.

    Callbacks are late by milliseconds, and devices are fast or slow by up to some hundred parts per million. Each
    stamp therefore moves the line only a little. A stamp more than half a second off the line is a step of the clock
    or a new stream. The line starts again there. A smaller step, as NTP and PTP make them, is recognised when all
    stamps of 0.75 s are off the line by the same amount. The line is shifted by that amount, and keeps its slope.
    Single late stamps do not move the line.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        """Start without a line.

        Raises:
            AudioError: The rate is not positive.

        """
        if sample_rate_hz < 1:
            msg = f'Sample clock: sample_rate_hz is {sample_rate_hz!r}: give a positive rate.'
            raise AudioError(msg)
        self._rate_hz = sample_rate_hz
        self._line: _ClockFilter | None = None
        # Sample index and error (s) of the newest stamps, as long as all of them are outliers.
        self._outliers: deque[tuple[int, float]] = deque()

    @property
    def drift_ppm(self) -> float:
        """Deviation of the device's sample clock from its nominal rate. Positive is fast. 0 before the first update."""
        return 0.0 if self._line is None else -1e6 * self._line.slope

    def reset(self) -> None:
        """Drop the line."""
        self._line = None
        self._outliers.clear()

    def update(self, sample_index: int, stamp_ns: int) -> None:
        """Correct the line by one observation: the sample at `sample_index` was recorded at `stamp_ns`."""
        line = self._line
        if (
            line is None
            or sample_index < line.last_sample
            or abs(stamp_ns - self.stamp_ns(sample_index)) > CLOCK_STEP_NS
        ):
            slope = 0.0 if line is None else line.slope
            self._line = _ClockFilter(sample_index, stamp_ns, sample_index, slope=slope)
            self._outliers.clear()
            return
        line.predict((sample_index - line.last_sample) / self._rate_hz)
        line.last_sample = sample_index
        error_s = (stamp_ns - line.nominal_ns(sample_index, self._rate_hz)) / NS_PER_S - line.offset_s
        if abs(error_s) > OUTLIER_S:
            self._add_outlier(line, sample_index, error_s)
        else:
            self._outliers.clear()
            line.update_state(error_s)

    def _add_outlier(self, line: _ClockFilter, sample_index: int, error_s: float) -> None:
        """Remember a stamp far off the line, and shift the line if the stamps agree on a step of the clock."""
        outliers = self._outliers
        outliers.append((sample_index, error_s))
        while len(outliers) > MIN_STEP_STAMPS and sample_index - outliers[1][0] >= STEP_CONFIRM_S * self._rate_hz:
            outliers.popleft()
        errors_s = [error for _, error in outliers]
        is_long = sample_index - outliers[0][0] >= STEP_CONFIRM_S * self._rate_hz
        if is_long and len(outliers) >= MIN_STEP_STAMPS and max(errors_s) - min(errors_s) < STEP_SPREAD_S:
            line.offset_s += median(errors_s)
            # The amount is known to about the jitter of one stamp. The slope is not affected by a step.
            line.offset_variance = JITTER_S**2
            line.covariance = 0.0
            outliers.clear()

    def stamp_ns(self, sample_index: int) -> int:
        """Return the time (ns) of a sample, before or after the last update.

        Raises:
            AudioError: There was no update yet.

        """
        if self._line is None:
            msg = f'Sample clock: no block has arrived, the time of sample {sample_index!r} is unknown.'
            raise AudioError(msg)
        line = self._line
        ahead_s = (sample_index - line.last_sample) / self._rate_hz
        return line.nominal_ns(sample_index, self._rate_hz) + round((line.offset_s + line.slope * ahead_s) * NS_PER_S)
