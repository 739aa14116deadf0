# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Images that belong together, as they arrive one by one."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_WAITING = 120


class FrameAssembler:
    """Joins messages of one stamp from several topics; the oldest that stay incomplete are forgotten."""

    def __init__(self, parts: frozenset[str]) -> None:
        """Wait for these parts of each stamp."""
        self._parts = parts
        self._waiting: OrderedDict[int, dict[str, Any]] = OrderedDict()

    def add(self, stamp_ns: int, part: str, value: Any) -> dict[str, Any] | None:
        """Add a part; return all of them when this was the last one that was missing."""
        found = self._waiting.setdefault(stamp_ns, {})
        found[part] = value
        if set(found) == self._parts:
            return self._waiting.pop(stamp_ns)
        while len(self._waiting) > MAX_WAITING:
            self._waiting.popitem(last=False)
        return None


@dataclass(frozen=True)
class GroundTruth:
    """What the camera saw: depth in metres, float32 (row, column), and class ids, uint8 (row, column)."""

    stamp_ns: int
    depth_m: NDArray[np.float32]
    labels: NDArray[np.uint8]


@dataclass(frozen=True)
class DemoFrame:
    """One prediction and, where there is one, the truth of the same instant.

    Attributes:
        stamp_ns: Instant that the images describe.
        depth_m: float32 (row, column), NaN invalid; None without that head.
        labels: uint8 (row, column), 255 unlabelled; None without that head.
        confidence: float32 (row, column), 0..1.
        spectrogram: uint8 (row, column), all microphones (see `nodes.spectrogram`).
        ground_truth: What the camera saw.

    """

    stamp_ns: int
    depth_m: NDArray[np.float32] | None
    labels: NDArray[np.uint8] | None
    confidence: NDArray[np.float32]
    spectrogram: NDArray[np.uint8]
    ground_truth: GroundTruth | None


class GroundTruthBuffer:
    """The true images of the last seconds, found by stamp."""

    def __init__(self, tolerance_s: float, length: int = 200) -> None:
        """Keep `length` images; one that is `tolerance_s` away from a prediction is its truth."""
        self._tolerance_ns = int(tolerance_s * 1e9)
        self._length = length
        self._images: list[GroundTruth] = []

    def add(self, ground_truth: GroundTruth) -> None:
        """Take in an image."""
        self._images.append(ground_truth)
        del self._images[: -self._length]

    def nearest(self, stamp_ns: int) -> GroundTruth | None:
        """Return the image nearest to an instant, or None if none is near enough."""
        best = min(self._images, key=lambda ground_truth: abs(ground_truth.stamp_ns - stamp_ns), default=None)
        return best if best is not None and abs(best.stamp_ns - stamp_ns) <= self._tolerance_ns else None


class FrameSampler:
    """Frames at even distances, never more than `capacity`: when it is full, every second one goes."""

    def __init__(self, rate_hz: float, capacity: int) -> None:
        """Begin with `rate_hz` frames a second."""
        self._interval_ns = int(1e9 / rate_hz)
        self._capacity = capacity
        self.frames: list[DemoFrame] = []

    def is_due(self, stamp_ns: int) -> bool:
        """Whether a frame of this instant would be kept."""
        return not self.frames or stamp_ns - self.frames[-1].stamp_ns >= self._interval_ns * 0.99

    def add(self, frame: DemoFrame) -> None:
        """Keep a frame."""
        self.frames.append(frame)
        if len(self.frames) > self._capacity:
            del self.frames[1::2]
            self._interval_ns *= 2
