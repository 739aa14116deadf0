# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How long each stage took lately."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

import numpy as np

PERCENTILES = (50, 95, 99)


@dataclass(frozen=True)
class Percentiles:
    """Milliseconds that half, 95 % and 99 % of the recent values did not exceed."""

    p50_ms: float
    p95_ms: float
    p99_ms: float

    @classmethod
    def from_values(cls, values_ms: list[float]) -> Percentiles:
        """Compute them from at least one value."""
        return cls(*(float(v) for v in np.percentile(values_ms, PERCENTILES)))


class StageLatency:
    """Durations of named stages over the last `window` predictions; safe between two threads."""

    def __init__(self, window: int = 300) -> None:
        """Begin empty."""
        self._window = window
        self._values_ms: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def add(self, stage: str, seconds: float) -> None:
        """Record one duration."""
        with self._lock:
            self._values_ms.setdefault(stage, deque(maxlen=self._window)).append(seconds * 1e3)

    def percentiles(self) -> dict[str, Percentiles]:
        """Return what is known of each stage, in the order in which stages were first seen."""
        with self._lock:
            copies = {stage: list(values) for stage, values in self._values_ms.items()}
        return {stage: Percentiles.from_values(values) for stage, values in copies.items()}
