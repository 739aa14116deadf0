# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""All scores of a test set or a drive, beside their controls, in one nested dictionary."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.evaluation.classes import CLASS_NAMES, SKY, region_masks
from audio_manifold_ros.evaluation.confidence_report import ConfidenceReport
from audio_manifold_ros.evaluation.depth_metrics import DepthMetrics, relative_error
from audio_manifold_ros.evaluation.errors import EvaluationError
from audio_manifold_ros.evaluation.segmentation_metrics import SegmentationMetrics
from audio_manifold_ros.inference.confidence_fit import depth_right, labels_right

MODEL = 'model'
CONTROLS = ('prior', 'shuffled', 'mono')
DIGITS = 5


@dataclass(frozen=True)
class Images:
    """Depth and labels of one instant, true or predicted.

    Attributes:
        depth_m: (row, column) metres, NaN invalid; None if there is none.
        labels: uint8 (row, column), 255 unlabelled; None if there are none.

    """

    depth_m: NDArray[np.floating[Any]] | None
    labels: NDArray[np.uint8] | None


class ScoreBoard:
    """Counts windows one by one, for the model and any controls; memory does not grow with their number."""

    def __init__(self) -> None:
        """Start with no window."""
        self._windows = 0
        self._depth: dict[str, DepthMetrics] = {}
        self._segmentation: dict[str, SegmentationMetrics] = {}
        self._confidence = ConfidenceReport()
        self._has_confidence = False

    def add(
        self, truth: Images, predicted: Mapping[str, Images], confidence: NDArray[np.floating[Any]] | None = None
    ) -> None:
        """Count one window.

        Args:
            truth: What the camera saw.
            predicted: What the `model` and the controls `prior`, `shuffled`, `mono` say, as far as there are any.
            confidence: (row, column) 0..1, of the model.

        Raises:
            EvaluationError: An image has the wrong size, or a control is unknown.

        """
        unknown = sorted(set(predicted) - {MODEL, *CONTROLS})
        if unknown:
            msg = f'Predictions of {unknown}: give {[MODEL, *CONTROLS]}.'
            raise EvaluationError(msg)
        regions = region_masks(truth.labels) if truth.labels is not None else {}
        for variant, images in predicted.items():
            if truth.depth_m is not None and images.depth_m is not None:
                self._depth.setdefault(variant, DepthMetrics()).add(truth.depth_m, images.depth_m, regions)
            if truth.labels is not None and images.labels is not None:
                self._segmentation.setdefault(variant, SegmentationMetrics()).add(truth.labels, images.labels)
        if confidence is not None and MODEL in predicted:
            self._confidence.add(confidence, *_rightness(truth, predicted[MODEL]))
            self._has_confidence = True
        self._windows += 1

    def result(self) -> dict[str, Any]:
        """Return `windows`, `depth`, `segmentation` and `confidence` as plain values for JSON.

        A key of `depth` is metric, region and control (`abs_rel`, `abs_rel_vehicles`, `abs_rel_vehicles_prior`), one of
        `segmentation` is `miou`, `accuracy` or `iou_` and a class that occurs in the truth, then the control
        (`iou_car_shuffled`). Without a suffix it is the model's. A figure without any pixel is None.
        """
        scores: dict[str, Any] = {'windows': self._windows, 'depth': {}, 'segmentation': {}}
        for variant in (MODEL, *CONTROLS):
            if variant in self._depth:
                scores['depth'].update(_depth_scores(self._depth[variant], variant))
            if variant in self._segmentation:
                scores['segmentation'].update(_segmentation_scores(self._segmentation[variant], variant))
        if self._has_confidence:
            scores['confidence'] = self._confidence.result()
        plain: dict[str, Any] = _plain(scores)
        return plain


def _suffixed(variant: str) -> str:
    return '' if variant == MODEL else f'_{variant}'


def _depth_scores(metrics: DepthMetrics, variant: str) -> dict[str, float]:
    return {
        f'{metric}{region and "_" + region}{_suffixed(variant)}': value
        for region in metrics.regions
        for metric, value in metrics.result(region).items()
        if metric != 'pixels' or variant == MODEL
    }


def _segmentation_scores(metrics: SegmentationMetrics, variant: str) -> dict[str, float]:
    scores = {'miou': metrics.miou(), 'accuracy': metrics.accuracy()}
    names = zip(CLASS_NAMES, metrics.iou().tolist(), metrics.present.tolist(), strict=True)
    scores.update({f'iou_{name.replace(" ", "_")}': iou for name, iou, present in names if present})
    return {f'{key}{_suffixed(variant)}': value for key, value in scores.items()}


def _rightness(truth: Images, predicted: Images) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Return which pixels are right in every modality, as the node publishes them, and the relative error of depth."""
    right: list[NDArray[np.float64]] = []
    error = None
    if truth.depth_m is not None and predicted.depth_m is not None:
        published = predicted.depth_m
        if predicted.labels is not None:
            published = np.where(predicted.labels == SKY, np.nan, published)
        right.append(depth_right(published, truth.depth_m))
        error = relative_error(truth.depth_m, predicted.depth_m)
    if truth.labels is not None and predicted.labels is not None:
        right.append(labels_right(predicted.labels, truth.labels))
    if not right:
        msg = 'Confidence without a truth to compare with: give depth or labels of both.'
        raise EvaluationError(msg)
    return np.prod(right, axis=0), error


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    if isinstance(value, float):
        return round(value, DIGITS) if math.isfinite(value) else None
    return value
