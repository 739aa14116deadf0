# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Conversion from time to sample index over a complete recording."""

from __future__ import annotations

from array import array

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.audio.sample_clock import SampleClock
from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.common.units import NS_PER_S


class SampleTimeline:
    """The line of `SampleClock`, fitted forward and backward.

    A node has only the stamps so far. A recording also has the stamps that follow. At every chunk the forward line
    and the backward line are averaged, each weighted by the number of its stamps. The first second of a recording is
    therefore as accurate as its middle.

    Attributes:
        drift_ppm: Deviation of the sample clock from its nominal rate at the end. Positive is fast.

    """

    def __init__(self, sample_rate_hz: int) -> None:
        """Start without stamps."""
        self._rate_hz = sample_rate_hz
        self._samples, self._stamps_ns = array('q'), array('q')
        self._end_sample = 0
        self._fitted_curve: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
        self.drift_ppm = 0.0

    def add(self, first_sample: int, stamp_ns: int, length: int) -> None:
        """Add a chunk. The indices increase."""
        self._samples.append(first_sample)
        self._stamps_ns.append(stamp_ns)
        self._end_sample = first_sample + length
        self._fitted_curve = None

    @property
    def start_ns(self) -> int:
        """Stamp of the first chunk."""
        return self._stamps_ns[0]

    def span_ns(self) -> tuple[int, int]:
        """Return the time of the first sample and the time after the last.

        Raises:
            BagError: The clock of the audio went back during the recording.

        """
        _, times_ns = self._get_fit()
        return self.start_ns + round(times_ns[0]), self.start_ns + round(times_ns[-1])

    def jitter_ns(self) -> NDArray[np.float64]:
        """Return the deviation of the stamp of each chunk from the line, float64 (chunk,). Positive is late."""
        _, times_ns = self._get_fit()
        return np.asarray(self._relative() - times_ns[:-1], dtype=np.float64)

    def sample_at(self, time_ns: int) -> float:
        """Return the sample index at a time. A fraction is between two samples.

        Times outside the recording are extrapolated at the nominal rate.

        Raises:
            BagError: The clock of the audio went back during the recording.

        """
        samples, times_ns = self._get_fit()
        at_ns = float(time_ns - self.start_ns)
        if at_ns < times_ns[0]:
            return float(samples[0] + (at_ns - times_ns[0]) * self._rate_hz / NS_PER_S)
        if at_ns > times_ns[-1]:
            return float(samples[-1] + (at_ns - times_ns[-1]) * self._rate_hz / NS_PER_S)
        return float(np.interp(at_ns, times_ns, samples))

    def _relative(self) -> NDArray[np.int64]:
        # Nanoseconds since the epoch exceed the precision of a float.
        return np.frombuffer(self._stamps_ns, dtype=np.int64) - self.start_ns

    def _get_fit(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if self._fitted_curve is None:
            self._fitted_curve = self._fit()
        return self._fitted_curve

    def _fit(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        samples = np.frombuffer(self._samples, dtype=np.int64).copy()
        forward, self.drift_ppm = self._fit_direction(samples, self._relative())
        backward, _ = self._fit_direction(-samples[::-1], -self._relative()[::-1])
        stamp_counts = np.arange(1, len(samples) + 1)
        times_ns = (stamp_counts * forward - stamp_counts[::-1] * backward[::-1]) / (len(samples) + 1)
        back = np.flatnonzero(np.diff(times_ns) <= 0)
        if len(back):
            at = int(back[0])
            msg = (
                f'The clock of the audio goes back by {(times_ns[at] - times_ns[at + 1]) / NS_PER_S:.3f} s after '
                f'{times_ns[at] / NS_PER_S:.1f} s: cut the bag there and convert its parts.'
            )
            raise BagError(msg)
        end_ns = times_ns[-1] + (self._end_sample - samples[-1]) * NS_PER_S / self._rate_hz
        return np.append(samples, self._end_sample).astype(np.float64), np.append(times_ns, end_ns)

    def _fit_direction(
        self, samples: NDArray[np.int64], stamps_ns: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], float]:
        clock = SampleClock(self._rate_hz)
        times_ns = np.empty(len(samples))
        for i, (sample, stamp_ns) in enumerate(zip(samples.tolist(), stamps_ns.tolist(), strict=True)):
            clock.update(sample, stamp_ns)
            times_ns[i] = clock.stamp_ns(sample)
        return times_ns, clock.drift_ppm
