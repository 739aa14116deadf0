# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scores of predictions on a bag against ground truth, and of the controls, in constant memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from audio_manifold_ros.bag_evaluation.time_series_plots import Panel, TimeSeriesPlot
from audio_manifold_ros.bag_evaluation.time_shift_control import TimeShiftedControl
from audio_manifold_ros.common.class_ids import UNLABELLED
from audio_manifold_ros.common.image_resize import resize_nearest
from audio_manifold_ros.evaluation.metrics.depth_and_labels import DepthAndLabels
from audio_manifold_ros.evaluation.metrics.depth_metrics import MIN_DEPTH_BY_UNIT, DepthMetrics
from audio_manifold_ros.evaluation.metrics.full_resolution_scores import FullResolutionScores
from audio_manifold_ros.evaluation.metrics.metric_names import to_json_values
from audio_manifold_ros.evaluation.metrics.metric_suite import MetricSuite
from audio_manifold_ros.evaluation.metrics.segmentation_metrics import image_miou
from audio_manifold_ros.inference.postprocessing import no_return_mask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from audio_manifold_ros.evaluation.controls.pixel_prior import PixelPrior
    from audio_manifold_ros.inference.bundle.manifest import Manifest
    from audio_manifold_ros.inference.bundle.prediction import NetworkOutput, Prediction

# Curve labels by metric suffix.
CURVE_LABELS = {'': 'this model', '_prior': 'training prior', '_mono': 'one microphone'}
PANELS = (
    Panel(
        'Depth: ABS_rel of each image (lower is better)',
        {variant: f'abs_rel{s}' for s, variant in CURVE_LABELS.items()},
    ),
    Panel('Depth: RMSE of each image (lower is better)', {variant: f'rmse{s}' for s, variant in CURVE_LABELS.items()}),
    Panel(
        'Depth: AUC_crr of each image (higher is better)',
        {variant: f'auc_crr{s}' for s, variant in CURVE_LABELS.items()},
    ),
    Panel(
        'Classes: pixel accuracy of each image', {variant: f'accuracy{s}' for s, variant in CURVE_LABELS.items()}, 1.0
    ),
    Panel('Classes: mIoU of each image', {variant: f'miou{s}' for s, variant in CURVE_LABELS.items()}, 1.0),
    Panel('Mean confidence of each image', {'this model': 'confidence'}, 1.0),
)
CURVE_NAMES = tuple(dict.fromkeys(name for panel in PANELS for name in panel.curves.values()))
SUFFIXES = {'model': '', 'prior': '_prior', 'mono': '_mono'}


@dataclass(frozen=True)
class _Scored:
    ground_truth: DepthAndLabels
    predicted: dict[str, DepthAndLabels]
    confidence: NDArray[np.float32] | None


class BagScores:
    """Scores of predictions that are added in order of time.

    Everything is scored as the node publishes it: depth of NaN (sky, or no object in range) counts as 80 m, also for
    the controls. The control `shuffled` is the prediction of the model `shift_s` seconds away in the same drive.

    Attributes:
        curves: Metrics of each image over time.

    """

    def __init__(self, manifest: Manifest, prior: PixelPrior | None, shift_s: float) -> None:
        """Start with no prediction.

        Args:
            manifest: Manifest of the bundle.
            prior: Training prior of the bundle, or None.
            shift_s: Time shift of the control `shuffled`.

        """
        self._manifest = manifest
        self._size = manifest.camera.height, manifest.camera.width
        self._prior = None if prior is None else as_published(manifest, DepthAndLabels(prior.depth_m, prior.labels))
        self._unit = 'm' if manifest.depth is None else manifest.depth.unit
        self._metric_suite = MetricSuite(manifest.camera, self._unit)
        self._full_resolution = FullResolutionScores(MIN_DEPTH_BY_UNIT[self._unit])
        self._shifted_control: TimeShiftedControl[_Scored] = TimeShiftedControl(shift_s)
        self._predictions = self._unpaired = 0
        self.curves = TimeSeriesPlot(CURVE_NAMES)

    def add(
        self, time_s: float, prediction: Prediction, ground_truth: DepthAndLabels | None, mono: DepthAndLabels | None
    ) -> None:
        """Add a prediction.

        Args:
            time_s: Time within the drive.
            prediction: Prediction, as the node publishes it.
            ground_truth: Ground truth images of any size, or None.
            mono: Output of the network for one microphone copied to all channels, or None.

        Raises:
            EvaluationError: The ground truth labels contain an invalid class id.

        """
        self._predictions += 1
        confidence = prediction.confidence
        image_values: dict[str, float | None] = {}
        if confidence is not None:
            image_values['confidence'] = float(confidence.mean())
        if ground_truth is not None:
            predicted = {'model': DepthAndLabels(prediction.depth_m, prediction.labels)}
            if self._prior is not None:
                predicted['prior'] = self._prior
            if mono is not None:
                predicted['mono'] = mono
            # Full-resolution scores are computed immediately: windows that wait for their control would keep large
            # images in memory.
            self._full_resolution.add(ground_truth, predicted)
            ground_truth = self._in_size(ground_truth)
            for variant, images in predicted.items():
                image_values.update(
                    _image_metrics(ground_truth, images, SUFFIXES[variant], MIN_DEPTH_BY_UNIT[self._unit])
                )
            scored = _Scored(ground_truth, predicted, confidence)
            for window, other in self._shifted_control.add(prediction.stamp_ns, predicted['model'], scored):
                self._add_scored(window, other)
        self.curves.add(time_s, image_values)

    def result(self) -> dict[str, Any]:
        """Return all scores as values for JSON. Call it once, at the end."""
        for window, other in self._shifted_control.drain():
            self._add_scored(window, other)
        scores = {**self._metric_suite.result(), 'native': to_json_values(self._full_resolution.result())}
        return {
            'predictions': self._predictions,
            'with_truth': scores['windows'],
            'scores': scores,
            'shuffled': {'shift_s': round(self._shifted_control.shift_s, 3), 'without_partner': self._unpaired},
            'curves': self.curves.to_dict(),
        }

    def _add_scored(self, window: _Scored, other: DepthAndLabels | None) -> None:
        predicted = window.predicted if other is None else {**window.predicted, 'shuffled': other}
        self._unpaired += other is None
        comparable = _comparable(window.ground_truth, predicted['model'])
        self._metric_suite.add(window.ground_truth, predicted, window.confidence if comparable else None)

    def _in_size(self, ground_truth: DepthAndLabels) -> DepthAndLabels:
        depth_m, labels = ground_truth.depth_m, ground_truth.labels
        return DepthAndLabels(
            None if depth_m is None else resize_nearest(depth_m, *self._size),
            None if labels is None else resize_nearest(labels, *self._size),
        )


def as_published(manifest: Manifest, predicted: DepthAndLabels | NetworkOutput) -> DepthAndLabels:
    """Return images as the node publishes them: depth is NaN without an object in range, missing heads are None.

    Depth of unknown scale is omitted, because it has no ground truth.
    """
    labels = predicted.labels if 'segmentation' in manifest.modalities else None
    depth_m = predicted.depth_m if 'depth' in manifest.metric_modalities else None
    if depth_m is not None:
        far = no_return_mask(manifest, depth_m.astype(np.float32), labels)
        depth_m = np.where(far, np.float32(np.nan), depth_m)
    return DepthAndLabels(depth_m, labels)


def _comparable(ground_truth: DepthAndLabels, predicted: DepthAndLabels) -> bool:
    depth = ground_truth.depth_m is not None and predicted.depth_m is not None
    return depth or (ground_truth.labels is not None and predicted.labels is not None)


def _image_metrics(
    ground_truth: DepthAndLabels, predicted: DepthAndLabels, suffix: str, near_m: float
) -> Mapping[str, float | None]:
    """Return the metrics of one image."""
    found: dict[str, float | None] = {}
    if ground_truth.depth_m is not None and predicted.depth_m is not None:
        metrics = DepthMetrics(near_m)
        metrics.add(ground_truth.depth_m, predicted.depth_m)
        result = metrics.result()
        found |= {key: result[key] for key in ('abs_rel', 'rmse', 'auc_crr')}
    if ground_truth.labels is not None and predicted.labels is not None:
        is_labelled = ground_truth.labels != UNLABELLED
        found['accuracy'] = (
            float((ground_truth.labels == predicted.labels)[is_labelled].mean()) if is_labelled.any() else None
        )
        found['miou'] = image_miou(ground_truth.labels, predicted.labels)
    return {f'{key}{suffix}': value for key, value in found.items()}
