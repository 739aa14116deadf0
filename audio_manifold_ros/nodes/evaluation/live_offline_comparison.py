# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Comparison of the predictions of a running node with those of offline inference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.modalities.registry import DEPTH, NORMALS, SEGMENTATION

if TYPE_CHECKING:
    from audio_manifold_ros.inference.bundle.prediction import Prediction

Image = NDArray[Any]
TOLERANCE = 1e-4
# Counts of pixels that differ. All other differences are the largest of all pairs.
COUNTS = ('labels_differ', 'holes_differ')
# Largest value of each difference of predictions that agree.
LIMITS = {
    **dict.fromkeys(COUNTS, 0.0),
    'worst_depth_m': TOLERANCE,
    'worst_normal': TOLERANCE,
    'worst_confidence': TOLERANCE,
}


class LiveOfflineComparison:
    """Counts and largest differences of pairs of predictions.

    Attributes:
        missing: Number of offline predictions that the node did not publish.
        unexpected: Number of predictions of the node without an offline prediction.

    """

    def __init__(self) -> None:
        """Start with no pair."""
        self._compared = self._stamps_differ = 0
        self._differences = dict.fromkeys(LIMITS, 0.0)
        self.missing = self.unexpected = 0

    def add(self, offline: Prediction, live: Prediction) -> None:
        """Compare two predictions of the same window. Both have the same heads."""
        self._compared += 1
        self._stamps_differ += offline.stamp_ns != live.stamp_ns
        live_images = live.by_modality()
        for modality, image in offline.by_modality().items():
            self._update(DIFFERENCES[modality](image, live_images[modality]))
        if offline.confidence is not None and live.confidence is not None:
            self._update({'worst_confidence': _largest_difference(offline.confidence, live.confidence)})

    def result(self) -> dict[str, bool | int | float]:
        """Return the counts and the largest differences as values for JSON.

        `agrees` is true if every prediction has a partner with the same stamp, the same classes, the same pixels
        without depth, and depth and confidence within 1e-4.
        """
        differences = {key: int(value) if key in COUNTS else value for key, value in self._differences.items()}
        counts = (self.missing, self.unexpected, self._stamps_differ)
        close = all(value <= LIMITS[key] for key, value in differences.items())
        return {
            'agrees': self._compared > 0 and not any(counts) and close,
            'compared': self._compared,
            'missing': self.missing,
            'unexpected': self.unexpected,
            'stamps_differ': self._stamps_differ,
            **differences,
        }

    def _update(self, found: Mapping[str, float]) -> None:
        for key, value in found.items():
            before = self._differences[key]
            self._differences[key] = before + value if key in COUNTS else max(before, value)


def _largest_difference(first: Image, second: Image) -> float:
    both = np.isfinite(first) & np.isfinite(second)
    return float(np.abs(first[both].astype(np.float64) - second[both]).max(initial=0.0))


def _depth_differences(offline: Image, live: Image) -> Mapping[str, float]:
    holes = int((np.isnan(offline) != np.isnan(live)).sum())
    return {'holes_differ': holes, 'worst_depth_m': _largest_difference(offline, live)}


def _label_differences(offline: Image, live: Image) -> Mapping[str, float]:
    return {'labels_differ': int((offline != live).sum())}


def _normal_differences(offline: Image, live: Image) -> Mapping[str, float]:
    holes = int((np.isnan(offline) != np.isnan(live)).any(axis=-1).sum())
    return {'holes_differ': holes, 'worst_normal': _largest_difference(offline, live)}


# By modality, counts of different pixels and largest differences of two images.
DIFFERENCES: Mapping[str, Callable[[Image, Image], Mapping[str, float]]] = {
    DEPTH: _depth_differences,
    SEGMENTATION: _label_differences,
    NORMALS: _normal_differences,
}
