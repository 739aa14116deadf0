# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scores of predictions on a bag against ground truth, and of the controls, in constant memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from audio_manifold_ros.bag_evaluation.image_curves import CONFIDENCE, CURVE_NAMES, image_values
from audio_manifold_ros.bag_evaluation.time_series_plots import TimeSeriesPlot
from audio_manifold_ros.bag_evaluation.time_shift_control import TimeShiftedControl
from audio_manifold_ros.common.image_resize import resize_nearest
from audio_manifold_ros.evaluation.metrics.depth_metrics import MIN_DEPTH_BY_UNIT
from audio_manifold_ros.evaluation.metrics.full_resolution_scores import FullResolutionScores
from audio_manifold_ros.evaluation.metrics.metric_names import MIRRORED, to_json_values
from audio_manifold_ros.evaluation.metrics.metric_suite import MetricSuite
from audio_manifold_ros.inference.postprocessing import published_images
from audio_manifold_ros.modalities.modality_images import ModalityImages, to_modality_images
from audio_manifold_ros.rig.derived_images import with_derived

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from audio_manifold_ros.evaluation.controls.pixel_prior import PixelPrior
    from audio_manifold_ros.inference.bundle.manifest import Manifest
    from audio_manifold_ros.inference.bundle.prediction import Prediction


@dataclass(frozen=True)
class _Scored:
    ground_truth: ModalityImages
    predicted: dict[str, ModalityImages]
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
            prior: Prior of the bundle, or None.
            shift_s: Time shift of the control `shuffled`.

        """
        self._manifest = manifest
        self._size = manifest.camera.height, manifest.camera.width
        self._prior = None if prior is None else as_published(manifest, prior)
        self._unit = 'm' if manifest.depth is None else manifest.depth.unit
        self._metric_suite = MetricSuite(manifest.camera, self._unit)
        self._full_resolution = FullResolutionScores(MIN_DEPTH_BY_UNIT[self._unit])
        self._shifted_control: TimeShiftedControl[_Scored] = TimeShiftedControl(shift_s)
        self._predictions = self._unpaired = 0
        self.curves = TimeSeriesPlot(CURVE_NAMES)

    def add(
        self,
        time_s: float,
        prediction: Prediction,
        ground_truth: ModalityImages | None,
        mirrored: ModalityImages | None,
    ) -> None:
        """Add a prediction.

        Args:
            time_s: Time within the drive.
            prediction: Prediction, as the node publishes it.
            ground_truth: Ground truth images of any size, or None.
            mirrored: Output of the network with left and right microphones exchanged, or None.

        Raises:
            EvaluationError: The ground truth labels contain an invalid class id.

        """
        self._predictions += 1
        confidence = prediction.confidence
        values: dict[str, float | None] = {}
        if confidence is not None:
            values[CONFIDENCE] = float(confidence.mean())
        if ground_truth is not None:
            predicted = {'model': to_modality_images(prediction.by_modality())}
            if self._prior is not None:
                predicted['prior'] = self._prior
            if mirrored is not None:
                predicted[MIRRORED] = mirrored
            # Full-resolution scores are computed immediately: windows that wait for their control would keep large
            # images in memory.
            self._full_resolution.add(ground_truth, predicted)
            ground_truth = self._in_size(ground_truth)
            for variant, images in predicted.items():
                values.update(image_values(ground_truth, images, variant, MIN_DEPTH_BY_UNIT[self._unit]))
            scored = _Scored(ground_truth, predicted, confidence)
            for window, other in self._shifted_control.add(prediction.stamp_ns, predicted['model'], scored):
                self._add_scored(window, other)
        self.curves.add(time_s, values)

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

    def _add_scored(self, window: _Scored, other: ModalityImages | None) -> None:
        predicted = window.predicted if other is None else {**window.predicted, 'shuffled': other}
        self._unpaired += other is None
        comparable = _comparable(window.ground_truth, predicted['model'])
        self._metric_suite.add(window.ground_truth, predicted, window.confidence if comparable else None)

    def _in_size(self, ground_truth: ModalityImages) -> ModalityImages:
        images = {name: resize_nearest(image, *self._size) for name, image in ground_truth.by_modality().items()}
        return with_derived(to_modality_images(images), self._manifest.camera, self._manifest.modalities)


def as_published(manifest: Manifest, predicted: ModalityImages) -> ModalityImages:
    """Return images as the node publishes them: depth is NaN without an object in range, missing heads are None.

    Depth of unknown scale is omitted, because it has no ground truth.
    """
    published = published_images(manifest, predicted)
    return to_modality_images({name: published.image(name) for name in manifest.metric_modalities})


def _comparable(ground_truth: ModalityImages, predicted: ModalityImages) -> bool:
    return not ground_truth.by_modality().keys().isdisjoint(predicted.by_modality())
