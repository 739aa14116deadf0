# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Comparison of the predictions of a running node with those of offline inference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from audio_manifold_ros.inference.bundle.prediction import Prediction

TOLERANCE = 1e-4


class LiveOfflineComparison:
    """Counts and largest differences of pairs of predictions.

    Attributes:
        missing: Number of offline predictions that the node did not publish.
        unexpected: Number of predictions of the node without an offline prediction.

    """

    def __init__(self) -> None:
        """Start with no pair."""
        self._compared = self._stamps_differ = self._labels_differ = self._holes_differ = 0
        self._max_depth_difference_m = self._max_confidence_difference = 0.0
        self.missing = self.unexpected = 0

    def add(self, offline: Prediction, live: Prediction) -> None:
        """Compare two predictions of the same window. Both have the same heads."""
        self._compared += 1
        self._stamps_differ += offline.stamp_ns != live.stamp_ns
        if offline.depth_m is not None and live.depth_m is not None:
            self._holes_differ += int((np.isnan(offline.depth_m) != np.isnan(live.depth_m)).sum())
            both = np.isfinite(offline.depth_m) & np.isfinite(live.depth_m)
            difference_m = np.abs(offline.depth_m[both].astype(np.float64) - live.depth_m[both])
            self._max_depth_difference_m = max(self._max_depth_difference_m, float(difference_m.max(initial=0.0)))
        if offline.confidence is not None and live.confidence is not None:
            difference = np.abs(offline.confidence.astype(np.float64) - live.confidence)
            self._max_confidence_difference = max(self._max_confidence_difference, float(difference.max(initial=0.0)))
        if offline.labels is not None and live.labels is not None:
            self._labels_differ += int((offline.labels != live.labels).sum())

    def result(self) -> dict[str, bool | int | float]:
        """Return the counts and the largest differences as values for JSON.

        `agrees` is true if every prediction has a partner with the same stamp, the same classes, the same pixels
        without depth, and depth and confidence within 1e-4.
        """
        counts = (
            self.missing,
            self.unexpected,
            self._stamps_differ,
            self._labels_differ,
            self._holes_differ,
        )
        close = self._max_depth_difference_m <= TOLERANCE and self._max_confidence_difference <= TOLERANCE
        return {
            'agrees': self._compared > 0 and not any(counts) and close,
            'compared': self._compared,
            'missing': self.missing,
            'unexpected': self.unexpected,
            'stamps_differ': self._stamps_differ,
            'labels_differ': self._labels_differ,
            'holes_differ': self._holes_differ,
            'worst_depth_m': self._max_depth_difference_m,
            'worst_confidence': self._max_confidence_difference,
        }
