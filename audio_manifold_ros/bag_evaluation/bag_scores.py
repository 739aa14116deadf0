# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scores of a series of predictions against what the camera saw, beside the controls, in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from audio_manifold_ros.bag_evaluation.time_series_plots import Curves, Panel
from audio_manifold_ros.bag_evaluation.time_shift_control import Elsewhere
from audio_manifold_ros.evaluation.metrics.classes import UNLABELLED
from audio_manifold_ros.evaluation.metrics.depth_metrics import NEAREST, DepthMetrics
from audio_manifold_ros.evaluation.metrics.full_resolution_scores import NativeScores
from audio_manifold_ros.evaluation.metrics.image_resize import sampled
from audio_manifold_ros.evaluation.metrics.metric_names import plain
from audio_manifold_ros.evaluation.metrics.metric_suite import Images, ScoreBoard
from audio_manifold_ros.evaluation.metrics.paper_metrics import image_miou
from audio_manifold_ros.inference.pipeline import nothing_near

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from audio_manifold_ros.evaluation.controls.pixel_prior import Prior
    from audio_manifold_ros.inference.bundle.manifest import Manifest
    from audio_manifold_ros.inference.bundle.prediction import NetworkOutput, Prediction

# By the suffix of the metric.
CURVE_WHO = {'': 'this model', '_prior': 'training prior', '_mono': 'one microphone'}
PANELS = (
    Panel('Depth: ABS_rel of each image (lower is better)', {who: f'abs_rel{s}' for s, who in CURVE_WHO.items()}),
    Panel('Depth: RMSE of each image (lower is better)', {who: f'rmse{s}' for s, who in CURVE_WHO.items()}),
    Panel('Depth: AUC_crr of each image (higher is better)', {who: f'auc_crr{s}' for s, who in CURVE_WHO.items()}),
    Panel('Classes: pixels right', {who: f'accuracy{s}' for s, who in CURVE_WHO.items()}, 1.0),
    Panel('Classes: mIoU of each image', {who: f'miou{s}' for s, who in CURVE_WHO.items()}, 1.0),
    Panel('Mean confidence of each image', {'this model': 'confidence'}, 1.0),
)
CURVE_NAMES = tuple(dict.fromkeys(name for panel in PANELS for name in panel.curves.values()))
SUFFIXES = {'model': '', 'prior': '_prior', 'mono': '_mono'}


@dataclass(frozen=True)
class _Scored:
    truth: Images
    said: dict[str, Images]
    confidence: NDArray[np.float32] | None


class BagEvaluation:
    """Counts predictions one by one, in order of time.

    Everything is scored as the node publishes it: a depth of NaN (sky, or nothing near) counts as 80 m, of the
    controls likewise. The control `shuffled` is what the model said `shift_s` seconds away in the same drive.

    Attributes:
        curves: Figures of each image over time.

    """

    def __init__(self, manifest: Manifest, prior: Prior | None, shift_s: float) -> None:
        """Start with no prediction.

        Args:
            manifest: Of the bundle.
            prior: Of the bundle, or None.
            shift_s: How far away the sound of another place is taken from.

        """
        self._manifest = manifest
        self._size = manifest.camera.height, manifest.camera.width
        self._prior = None if prior is None else published(manifest, Images(prior.depth_m, prior.labels))
        self._unit = 'm' if manifest.depth is None else manifest.depth.unit
        self._board = ScoreBoard(manifest.camera, self._unit)
        self._native = NativeScores(NEAREST[self._unit])
        self._elsewhere: Elsewhere[_Scored] = Elsewhere(shift_s)
        self._predictions = self._alone = 0
        self.curves = Curves(CURVE_NAMES)

    def add(self, time_s: float, prediction: Prediction, truth: Images | None, mono: Images | None) -> None:
        """Count a prediction.

        Args:
            time_s: Instant within the drive.
            prediction: As the node publishes it.
            truth: What the camera saw at that instant, of any size; None if nothing is known.
            mono: What the network says to one microphone copied to all; None if it was not asked.

        Raises:
            EvaluationError: The true labels hold an id that is no class.

        """
        self._predictions += 1
        confidence = prediction.confidence
        figures: dict[str, float | None] = {}
        if confidence is not None:
            figures['confidence'] = float(confidence.mean())
        if truth is not None:
            said = {'model': Images(prediction.depth_m, prediction.labels)}
            if self._prior is not None:
                said['prior'] = self._prior
            if mono is not None:
                said['mono'] = mono
            # Here and not by the board: windows wait for their control, and large images would fill the memory.
            self._native.add(truth, said)
            truth = self._in_size(truth)
            for who, images in said.items():
                figures.update(_figures(truth, images, SUFFIXES[who], NEAREST[self._unit]))
            scored = _Scored(truth, said, confidence)
            for window, other in self._elsewhere.add(prediction.stamp_ns, said['model'], scored):
                self._count(window, other)
        self.curves.add(time_s, figures)

    def result(self) -> dict[str, Any]:
        """Return all figures as plain values; call it once, at the end."""
        for window, other in self._elsewhere.rest():
            self._count(window, other)
        scores = {**self._board.result(), 'native': plain(self._native.result())}
        return {
            'predictions': self._predictions,
            'with_truth': scores['windows'],
            'scores': scores,
            'shuffled': {'shift_s': round(self._elsewhere.shift_s, 3), 'without_partner': self._alone},
            'curves': self.curves.to_plain(),
        }

    def _count(self, window: _Scored, other: Images | None) -> None:
        said = window.said if other is None else {**window.said, 'shuffled': other}
        self._alone += other is None
        comparable = _comparable(window.truth, said['model'])
        self._board.add(window.truth, said, window.confidence if comparable else None)

    def _in_size(self, truth: Images) -> Images:
        depth_m, labels = truth.depth_m, truth.labels
        return Images(
            None if depth_m is None else sampled(depth_m, *self._size),
            None if labels is None else sampled(labels, *self._size),
        )


def published(manifest: Manifest, said: Images | NetworkOutput) -> Images:
    """Return images as the node publishes them: depth NaN where nothing is near, no head that the bundle lacks.

    Depth of an unknown factor is left out: there is no truth of its kind.
    """
    labels = said.labels if 'segmentation' in manifest.modalities else None
    depth_m = said.depth_m if 'depth' in manifest.metric_modalities else None
    if depth_m is not None:
        far = nothing_near(manifest, depth_m.astype(np.float32), labels)
        depth_m = np.where(far, np.float32(np.nan), depth_m)
    return Images(depth_m, labels)


def _comparable(truth: Images, said: Images) -> bool:
    depth = truth.depth_m is not None and said.depth_m is not None
    return depth or (truth.labels is not None and said.labels is not None)


def _figures(truth: Images, said: Images, suffix: str, near_m: float) -> Mapping[str, float | None]:
    """Return the figures of one image."""
    found: dict[str, float | None] = {}
    if truth.depth_m is not None and said.depth_m is not None:
        metrics = DepthMetrics(near_m)
        metrics.add(truth.depth_m, said.depth_m)
        result = metrics.result()
        found |= {key: result[key] for key in ('abs_rel', 'rmse', 'auc_crr')}
    if truth.labels is not None and said.labels is not None:
        known = truth.labels != UNLABELLED
        found['accuracy'] = float((truth.labels == said.labels)[known].mean()) if known.any() else None
        found['miou'] = image_miou(truth.labels, said.labels)
    return {f'{key}{suffix}': value for key, value in found.items()}
