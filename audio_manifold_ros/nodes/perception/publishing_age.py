# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Age that an image will have when its messages are handed to DDS."""

from __future__ import annotations

from collections import deque
from statistics import median

RECENT = 5


class PublishingAge:
    """Adds the time that recent messages took to the age of a prediction. The median leaves out a stall."""

    def __init__(self) -> None:
        """Start without times."""
        self._times_s: deque[float] = deque(maxlen=RECENT)

    def add(self, seconds: float) -> None:
        """Add the time that the messages of an image took."""
        self._times_s.append(seconds)

    def expected_s(self, age_s: float) -> float:
        """Return the age when the messages of an image that is `age_s` old now will be made."""
        return age_s + (median(self._times_s) if self._times_s else 0.0)
