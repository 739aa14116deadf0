# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Latency percentiles of the stages of recent predictions."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from statistics import median

import numpy as np

PERCENTILES = (50, 95, 99)


@dataclass(frozen=True)
class Percentiles:
    """Median, 95th and 99th percentile in milliseconds."""

    p50_ms: float
    p95_ms: float
    p99_ms: float

    @classmethod
    def from_values(cls, values_ms: list[float]) -> Percentiles:
        """Compute the percentiles of at least one value in milliseconds."""
        return cls(*(float(v) for v in np.percentile(values_ms, PERCENTILES)))


class StageLatency:
    """Durations of named stages over the last `window` predictions. Thread-safe."""

    def __init__(self, window: int = 300) -> None:
        """Create an empty record."""
        self._window = window
        self._values_ms: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def add(self, stage: str, seconds: float) -> None:
        """Record one duration."""
        with self._lock:
            self._values_ms.setdefault(stage, deque(maxlen=self._window)).append(seconds * 1e3)

    def median_s(self, stage: str) -> float:
        """Return the median of one stage, 0 before its first duration."""
        with self._lock:
            values_ms = list(self._values_ms.get(stage, ()))
        return median(values_ms) / 1e3 if values_ms else 0.0

    def percentiles(self) -> dict[str, Percentiles]:
        """Return the percentiles of each stage, in the order in which the stages were first added."""
        with self._lock:
            copies = {stage: list(values) for stage, values in self._values_ms.items()}
        return {stage: Percentiles.from_values(values) for stage, values in copies.items()}
