# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scores at the resolution of the true images, where it is not that of the network."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from audio_manifold_ros.bags.image_messages import sampled
from audio_manifold_ros.evaluation.depth_metrics import FAR_M, DepthMetrics
from audio_manifold_ros.evaluation.segmentation_metrics import SegmentationMetrics

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.evaluation.scores import Images

DIGITS = 5


class NativeScores:
    """Enlarges predictions, depth bilinearly and classes by the nearest pixel, and compares them there."""

    def __init__(self) -> None:
        """Start with no window."""
        self._depth = DepthMetrics()
        self._labels = SegmentationMetrics()
        self._depth_size: tuple[int, ...] | None = None
        self._labels_size: tuple[int, ...] | None = None

    def add(self, truth: Images, predicted: Images) -> None:
        """Count one window of which at least one image has another size than its truth."""
        if _differs(truth.depth_m, predicted.depth_m):
            self._depth_size = truth.depth_m.shape  # type: ignore[union-attr]
            self._depth.add(truth.depth_m, _enlarged(predicted.depth_m, *self._depth_size))  # type: ignore[arg-type]
        if _differs(truth.labels, predicted.labels):
            self._labels_size = truth.labels.shape  # type: ignore[union-attr]
            self._labels.add(truth.labels, sampled(predicted.labels, *self._labels_size))  # type: ignore[arg-type]

    def result(self) -> dict[str, Any]:
        """Return size and scores of each kind of image that is not of the network's size, as plain values."""
        found: dict[str, Any] = {}
        if self._depth_size is not None:
            found['depth'] = {'size': list(self._depth_size), **_plain(self._depth.result())}
        if self._labels_size is not None:
            scores = {'miou': self._labels.miou(), 'accuracy': self._labels.accuracy()}
            found['segmentation'] = {'size': list(self._labels_size), **_plain(scores)}
        return found


def _differs(truth: NDArray[Any] | None, predicted: NDArray[Any] | None) -> bool:
    return truth is not None and predicted is not None and truth.shape != predicted.shape


def _enlarged(depth_m: NDArray[np.floating[Any]], rows: int, columns: int) -> NDArray[np.float32]:
    import cv2

    whole = np.nan_to_num(depth_m.astype(np.float32), nan=FAR_M)
    return np.asarray(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _plain(values: dict[str, float]) -> dict[str, float | None]:
    return {key: round(value, DIGITS) if math.isfinite(value) else None for key, value in values.items()}
