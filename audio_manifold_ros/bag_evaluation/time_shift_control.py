# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Control with time-shifted audio: ground truth is compared with the prediction for another time of the drive."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from audio_manifold_ros.common.units import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audio_manifold_ros.modalities.modality_images import ModalityImages

T = TypeVar('T')
MAX_SHIFT_S = 20.0


@dataclass(frozen=True)
class _Window(Generic[T]):
    stamp_ns: int
    predicted: ModalityImages
    payload: T


class TimeShiftedControl(Generic[T]):
    """Pairs each window with the prediction of a window a fixed time earlier, or later for the first windows.

    This equals the prediction for other audio without running the network again. Predictions of the last `shift_s`
    seconds are kept.
    """

    def __init__(self, shift_s: float) -> None:
        """Start without windows."""
        self.shift_s = shift_s
        self._shift_ns = round(shift_s * NS_PER_S)
        self._past: deque[_Window[T]] = deque()
        self._unpaired: deque[_Window[T]] = deque()

    def add(self, stamp_ns: int, predicted: ModalityImages, payload: T) -> Iterator[tuple[T, ModalityImages | None]]:
        """Add a window. Yield each window that has a partner now, with the prediction of the partner."""
        window = _Window(stamp_ns, predicted, payload)
        if self._past and stamp_ns < self._past[-1].stamp_ns:
            # The audio clock was set back, so the distance to earlier windows is unknown.
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

    def drain(self) -> Iterator[tuple[T, ModalityImages | None]]:
        """Yield the windows without a partner."""
        while self._unpaired:
            yield self._unpaired.popleft().payload, None


def choose_shift_s(span_s: float) -> float:
    """Return the time shift: 20 s, or half of the predicted time if that is less."""
    return min(MAX_SHIFT_S, span_s / 2)
