# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Curves of an evaluation over time: the metrics of single images of each modality, and their panels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from audio_manifold_ros.bag_evaluation.time_series_plots import Panel
from audio_manifold_ros.common.class_ids import UNLABELLED
from audio_manifold_ros.evaluation.metrics.depth_metrics import DepthMetrics
from audio_manifold_ros.evaluation.metrics.normal_metrics import NormalMetrics
from audio_manifold_ros.evaluation.metrics.segmentation_metrics import image_miou
from audio_manifold_ros.evaluation.reporting.metric_labels import BAG_VARIANTS
from audio_manifold_ros.modalities.registry import DEPTH, NORMALS, SEGMENTATION

if TYPE_CHECKING:
    from audio_manifold_ros.modalities.modality_images import ModalityImages

Image = NDArray[Any]
Values = Mapping[str, 'float | None']
CONFIDENCE = 'confidence'
# Suffix of the figures of each variant that has curves, and the label of its curves.
SUFFIXES = {'model': '', 'prior': '_prior', 'mirrored': '_mirrored'}
CURVE_LABELS = {suffix: BAG_VARIANTS[suffix] for suffix in SUFFIXES.values()}


@dataclass(frozen=True)
class ImageCurves:
    """Curves of a modality.

    Attributes:
        measure: Returns the metrics of one image from ground truth, prediction and the lower clipping limit of depth.
        titles: Title of the panel of each metric.
        max_value: Upper end of the axes; None for the largest value.

    """

    measure: Callable[[Image, Image, float], Values]
    titles: Mapping[str, str]
    max_value: float | None = None


def _measure_depth(ground_truth: Image, predicted: Image, near_m: float) -> Values:
    metrics = DepthMetrics(near_m)
    metrics.add(ground_truth, predicted)
    return metrics.result()


def _measure_labels(ground_truth: Image, predicted: Image, near_m: float) -> Values:
    del near_m
    is_labelled = ground_truth != UNLABELLED
    accuracy = float((ground_truth == predicted)[is_labelled].mean()) if is_labelled.any() else None
    return {'accuracy': accuracy, 'miou': image_miou(ground_truth, predicted)}


def _measure_normals(ground_truth: Image, predicted: Image, near_m: float) -> Values:
    del near_m
    metrics = NormalMetrics()
    metrics.add(ground_truth, predicted)
    return metrics.result()


IMAGE_CURVES: Mapping[str, ImageCurves] = {
    DEPTH: ImageCurves(
        _measure_depth,
        {
            'abs_rel': 'Depth: ABS_rel of each image (lower is better)',
            'rmse': 'Depth: RMSE of each image (lower is better)',
            'auc_crr': 'Depth: AUC_crr of each image (higher is better)',
        },
    ),
    SEGMENTATION: ImageCurves(
        _measure_labels,
        {'accuracy': 'Classes: pixel accuracy of each image', 'miou': 'Classes: mIoU of each image'},
        1.0,
    ),
    NORMALS: ImageCurves(
        _measure_normals, {'mean_angle_deg': 'Normals: mean angle of each image in degrees (lower is better)'}
    ),
}
PANELS = (
    *(
        Panel(title, {label: f'{metric}{suffix}' for suffix, label in CURVE_LABELS.items()}, curves.max_value)
        for curves in IMAGE_CURVES.values()
        for metric, title in curves.titles.items()
    ),
    Panel('Mean confidence of each image', {CURVE_LABELS['']: CONFIDENCE}, 1.0),
)
CURVE_NAMES = tuple(dict.fromkeys(name for panel in PANELS for name in panel.curves.values()))


def image_values(ground_truth: ModalityImages, predicted: ModalityImages, variant: str, near_m: float) -> Values:
    """Return the values of all curves of a variant for one image."""
    found: dict[str, float | None] = {}
    for modality, true_image in ground_truth.by_modality().items():
        image = predicted.image(modality)
        if image is not None:
            curves = IMAGE_CURVES[modality]
            values = curves.measure(true_image, image, near_m)
            found |= {f'{metric}{SUFFIXES[variant]}': values[metric] for metric in curves.titles}
    return found
