# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scores at the resolution of the ground truth, if it differs from that of the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from audio_manifold_ros.common.image_resize import resize_nearest
from audio_manifold_ros.evaluation.metrics.depth_metrics import NEAR_M, DepthMetrics, fill_invalid_with_far
from audio_manifold_ros.evaluation.metrics.metric_names import suffixed
from audio_manifold_ros.evaluation.metrics.segmentation_metrics import SegmentationMetrics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from audio_manifold_ros.evaluation.metrics.depth_and_labels import DepthAndLabels


class FullResolutionScores:
    """Scores of predictions enlarged to the size of the ground truth.

    Depth is enlarged bilinearly, classes by the nearest pixel.
    """

    def __init__(self, near_m: float = NEAR_M) -> None:
        """Start without windows. Depth is clipped to at least `near_m`."""
        self._near_m = near_m
        self._depth: dict[str, DepthMetrics] = {}
        self._labels: dict[str, SegmentationMetrics] = {}
        self._depth_size: tuple[int, ...] = ()
        self._labels_size: tuple[int, ...] = ()

    def add(self, ground_truth: DepthAndLabels, predicted: Mapping[str, DepthAndLabels]) -> None:
        """Add one window (see `MetricSuite.add`). Images that have the size of the predictions are skipped."""
        for variant, images in predicted.items():
            self._add_depth(variant, ground_truth.depth_m, images.depth_m)
            self._add_labels(variant, ground_truth.labels, images.labels)

    def _add_depth(
        self,
        variant: str,
        ground_truth_m: NDArray[np.floating[Any]] | None,
        predicted_m: NDArray[np.floating[Any]] | None,
    ) -> None:
        if ground_truth_m is None or predicted_m is None or ground_truth_m.shape == predicted_m.shape:
            return
        self._depth_size = ground_truth_m.shape
        enlarged_m = resize_depth_bilinear(predicted_m, *self._depth_size)
        self._depth.setdefault(variant, DepthMetrics(self._near_m)).add(ground_truth_m, enlarged_m)

    def _add_labels(
        self, variant: str, ground_truth: NDArray[np.uint8] | None, predicted: NDArray[np.uint8] | None
    ) -> None:
        if ground_truth is None or predicted is None or ground_truth.shape == predicted.shape:
            return
        self._labels_size = ground_truth.shape
        enlarged = resize_nearest(predicted, *self._labels_size)
        self._labels.setdefault(variant, SegmentationMetrics()).add(ground_truth, enlarged)

    def result(self) -> dict[str, dict[str, float | list[int]]]:
        """Return size and scores of each modality with a ground truth of another size.

        Keys are those of `MetricSuite.result`: metric, then control.
        """
        found: dict[str, dict[str, float | list[int]]] = {}
        if self._depth:
            found['depth'] = {'size': list(self._depth_size)}
            for variant, metrics in self._depth.items():
                found['depth'] |= {suffixed(key, variant): value for key, value in metrics.result().items()}
        if self._labels:
            found['segmentation'] = {'size': list(self._labels_size)}
            for variant, counts in self._labels.items():
                found['segmentation'] |= {suffixed(key, variant): value for key, value in counts.result().items()}
        return found


def resize_depth_bilinear(depth_m: NDArray[np.floating[Any]], rows: int, columns: int) -> NDArray[np.float32]:
    """Return predicted depth (row, column) in metres at another size, interpolated bilinearly. NaN counts as 80 m."""
    import cv2

    filled = fill_invalid_with_far(depth_m.astype(np.float32))
    return np.asarray(cv2.resize(filled, (columns, rows), interpolation=cv2.INTER_LINEAR), dtype=np.float32)
