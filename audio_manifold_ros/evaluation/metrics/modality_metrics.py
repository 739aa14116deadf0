# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Running metrics of each modality, and the published form and the enlargement of its predictions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import Mask
from audio_manifold_ros.common.class_ids import SKY
from audio_manifold_ros.common.image_resize import resize_nearest
from audio_manifold_ros.evaluation.metrics.depth_metrics import DepthMetrics, fill_invalid_with_far
from audio_manifold_ros.evaluation.metrics.normal_metrics import NormalMetrics
from audio_manifold_ros.evaluation.metrics.segmentation_metrics import SegmentationMetrics
from audio_manifold_ros.modalities.modality_images import ModalityImages
from audio_manifold_ros.modalities.registry import DEPTH, NORMALS, SEGMENTATION

Image = NDArray[Any]


@dataclass(frozen=True)
class ModalityMetrics:
    """Functions on the running metrics of a modality, which are of a class of its own.

    Attributes:
        make: Returns empty metrics for a lower clipping limit of depth in metres.
        add: Adds ground truth and prediction, with masks of regions by name.
        figures: Returns the figures by name: metric, then region, for the whole image without a region.
        published: Returns the image of a prediction as the node publishes it.
        enlarge: Returns a predicted image with another number of rows and columns.

    """

    make: Callable[[float], Any]
    add: Callable[[Any, Image, Image, Mapping[str, Mask]], None]
    figures: Callable[[Any], dict[str, float]]
    published: Callable[[ModalityImages], Image | None]
    enlarge: Callable[[Image, int, int], Image]


def _region_figures(metrics: DepthMetrics | NormalMetrics) -> dict[str, float]:
    return {
        f'{metric}_{region}' if region else metric: value
        for region in metrics.regions
        for metric, value in metrics.result(region).items()
    }


def _published_depth(predicted: ModalityImages) -> Image | None:
    if predicted.depth_m is None or predicted.labels is None:
        return predicted.depth_m
    return np.where(predicted.labels == SKY, np.nan, predicted.depth_m)


def _published_normals(predicted: ModalityImages) -> Image | None:
    if predicted.normals is None or predicted.labels is None:
        return predicted.normals
    return np.where((predicted.labels == SKY)[..., None], np.nan, predicted.normals)


def _add_labels(
    metrics: SegmentationMetrics, ground_truth: Image, predicted: Image, regions: Mapping[str, Mask]
) -> None:
    del regions
    metrics.add(ground_truth, predicted)


def resize_depth_bilinear(depth_m: NDArray[np.floating[Any]], rows: int, columns: int) -> NDArray[np.float32]:
    """Return predicted depth (row, column) in metres at another size, interpolated bilinearly. NaN counts as 80 m."""
    import cv2

    filled = fill_invalid_with_far(depth_m.astype(np.float32))
    return np.asarray(cv2.resize(filled, (columns, rows), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


MODALITY_METRICS: Mapping[str, ModalityMetrics] = {
    DEPTH: ModalityMetrics(DepthMetrics, DepthMetrics.add, _region_figures, _published_depth, resize_depth_bilinear),
    SEGMENTATION: ModalityMetrics(
        lambda _near_m: SegmentationMetrics(),
        _add_labels,
        SegmentationMetrics.result,
        lambda predicted: predicted.labels,
        resize_nearest,
    ),
    NORMALS: ModalityMetrics(
        lambda _near_m: NormalMetrics(), NormalMetrics.add, _region_figures, _published_normals, resize_nearest
    ),
}
