# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The control of shuffled audio, where there is only one drive: what was said of another place in it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from audio_manifold_ros.common.units import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audio_manifold_ros.evaluation.metrics.depth_and_labels import DepthAndLabels

T = TypeVar('T')
MAX_SHIFT_S = 20.0


@dataclass(frozen=True)
class _Window(Generic[T]):
    stamp_ns: int
    predicted: DepthAndLabels
    payload: T


class TimeShiftedControl(Generic[T]):
    """Gives each window the prediction of one that lies a fixed time before it; those at the start, of one after it.

    The same network was given other sound, so that nothing has to be computed again. Predictions of the last
    `shift_s` seconds are kept.
    """

    def __init__(self, shift_s: float) -> None:
        """Begin without windows."""
        self.shift_s = shift_s
        self._shift_ns = round(shift_s * NS_PER_S)
        self._past: deque[_Window[T]] = deque()
        self._unpaired: deque[_Window[T]] = deque()

    def add(self, stamp_ns: int, predicted: DepthAndLabels, payload: T) -> Iterator[tuple[T, DepthAndLabels | None]]:
        """Take in a window, and yield all that have a partner now, each once, with what was said of the partner."""
        window = _Window(stamp_ns, predicted, payload)
        if self._past and stamp_ns < self._past[-1].stamp_ns:
            # The clock of the audio was set back: what came before is no known time away.
            yield from self.drain()
            self._past.clear()
        self._past.append(window)
        while len(self._past) > 1 and self._past[1].stamp_ns <= stamp_ns - self._shift_ns:
            self._past.popleft()
        if self._past[0].stamp_ns <= stamp_ns - self._shift_ns:
            yield payload, self._past[0].predicted
        else:
            self._unpaired.append(window)
        while self._unpaired and self._unpaired[0].stamp_ns <= stamp_ns - self._shift_ns:
            yield self._unpaired.popleft().payload, predicted

    def drain(self) -> Iterator[tuple[T, DepthAndLabels | None]]:
        """Yield the windows that have found no partner."""
        while self._unpaired:
            yield self._unpaired.popleft().payload, None


def choose_shift_s(span_s: float) -> float:
    """Return how far away another place is taken from: 20 s, or half of the time that is predicted for."""
    return min(MAX_SHIFT_S, span_s / 2)
