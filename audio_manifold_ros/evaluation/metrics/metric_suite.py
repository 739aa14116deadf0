# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""All scores of a test set or a drive, with their controls, as one nested dictionary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray, Mask
from audio_manifold_ros.common.errors import EvaluationError
from audio_manifold_ros.evaluation.metrics.cell_correlation import CellCorrelation
from audio_manifold_ros.evaluation.metrics.confidence_report import ConfidenceFigures, ConfidenceReport
from audio_manifold_ros.evaluation.metrics.depth_metrics import MIN_DEPTH_BY_UNIT, relative_error
from audio_manifold_ros.evaluation.metrics.full_resolution_scores import FullResolutionScores
from audio_manifold_ros.evaluation.metrics.metric_conventions import MetricConventions
from audio_manifold_ros.evaluation.metrics.metric_names import (
    CONTROLS,
    MIRRORED,
    MODEL,
    PRIOR,
    SHUFFLED,
    suffixed,
    to_json_values,
)
from audio_manifold_ros.evaluation.metrics.modality_metrics import MODALITY_METRICS
from audio_manifold_ros.evaluation.metrics.published_depth import PublishedDepth
from audio_manifold_ros.evaluation.metrics.regions import region_masks
from audio_manifold_ros.evaluation.metrics.skill_score import skill_scores
from audio_manifold_ros.evaluation.metrics.street_statistics import StreetStatistics
from audio_manifold_ros.evaluation.metrics.structure_metrics import StructureMetrics
from audio_manifold_ros.inference.bundle.correctness import CORRECTNESS
from audio_manifold_ros.modalities.modality_images import ModalityImages
from audio_manifold_ros.modalities.registry import SEGMENTATION

if TYPE_CHECKING:
    from audio_manifold_ros.rig.camera import CameraModel

# Beginning of the keys with a number of pixels.
PIXELS = 'pixels'
# Variants whose edges and objects are counted, and that are scored in other conventions and at full resolution.
STRUCTURE_VARIANTS = (MODEL, PRIOR, SHUFFLED, MIRRORED)
Figures = dict[str, float | None]


class StreetFigures(TypedDict):
    """Figures over streets (see `StreetStatistics`).

    Attributes:
        streets: Number of streets.
        standard_errors: Standard errors of `depth` and `segmentation`, by the keys of these.
        against: By prior, skill of the model and shares of streets.
        confidence_correlation: Rank correlation of confidence and correctness within cells (see `CellCorrelation`).
            None without a confidence.

    """

    streets: int
    standard_errors: dict[str, Figures]
    against: dict[str, Figures]
    confidence_correlation: float | None


class _RequiredScores(TypedDict):
    windows: int
    depth_unit: str
    depth: Figures
    segmentation: Figures
    normals: Figures
    conventions: dict[str, Figures]
    structure: Figures
    native: dict[str, dict[str, object]]


class Scores(_RequiredScores, total=False):
    """Result of a metric suite, as plain values for JSON (see `MetricSuite.result`)."""

    confidence: ConfidenceFigures
    over_streets: StreetFigures
    shuffled_audio: str
    assumptions: list[str]
    vehicles: dict[str, Any]
    published: Figures


class MetricSuite:
    """Running metrics of the model and its controls. A window of a street takes less than 3 kB of memory."""

    def __init__(self, camera: CameraModel | None = None, depth_unit: str = 'm', *, structure: bool = True) -> None:
        """Start without windows.

        Args:
            camera: Camera of windows without their own. Windows without any camera have no objects.
            depth_unit: `m`, or `relative` for depth that is metres times an unknown factor.
            structure: Count edges and objects, and score in other conventions, which takes most of the time.

        """
        self._unit = depth_unit
        self._near_m = MIN_DEPTH_BY_UNIT[depth_unit]
        self._windows = 0
        self._metrics: dict[str, dict[str, Any]] = {modality: {} for modality in MODALITY_METRICS}
        self._confidence = ConfidenceReport()
        self._has_confidence = False
        self._cells = CellCorrelation()
        self._published = PublishedDepth(self._near_m)
        self._conventions = MetricConventions(self._near_m)
        self._structure = StructureMetrics(camera, self._near_m)
        self._native = FullResolutionScores(self._near_m)
        self._streets = StreetStatistics(self._near_m)
        self._with_structure = structure

    def add(
        self,
        ground_truth: ModalityImages,
        predicted: Mapping[str, ModalityImages],
        confidence: NDArray[np.floating[Any]] | None = None,
        native: ModalityImages | None = None,
        street: str = '',
        camera: CameraModel | None = None,
        further_regions: Mapping[str, Mask] | None = None,
    ) -> None:
        """Add one window.

        Args:
            ground_truth: Camera images.
            predicted: Images of the `model` and of any of the controls in `metric_names.CONTROLS`.
            confidence: (row, column) 0..1, of the model.
            native: Ground truth of another size, at which the predictions are scored as well.
            street: Name of the drive, for figures over streets. They are left out for windows without it.
            camera: Camera of the images, which locates objects. None for that of the suite.
            further_regions: Masks (row, column) that are counted with those of `region_masks`, the same names for every
                window.

        Raises:
            EvaluationError: An image has the wrong size, or a control is unknown.

        """
        unknown = sorted(set(predicted) - {MODEL, *CONTROLS})
        if unknown:
            msg = f'Predictions of {unknown} are unknown: give any of {[MODEL, *CONTROLS]}.'
            raise EvaluationError(msg)
        regions = {} if ground_truth.labels is None else region_masks(ground_truth.labels, ground_truth.depth_m)
        regions |= further_regions or {}
        for modality, true_image in ground_truth.by_modality().items():
            entry = MODALITY_METRICS[modality]
            for variant, images in predicted.items():
                image = images.image(modality)
                if image is not None:
                    counted = self._metrics[modality].setdefault(variant, entry.make(self._near_m))
                    entry.add(counted, true_image, image, regions)
        self._published.add(ground_truth, predicted)
        if street:
            self._streets.add(street, ground_truth, predicted, regions)
        if self._with_structure:
            chosen = {variant: images for variant, images in predicted.items() if variant in STRUCTURE_VARIANTS}
            self._conventions.add(ground_truth, chosen)
            self._structure.add(ground_truth, chosen, camera)
            if native is not None:
                self._native.add(native, chosen)
        if confidence is not None and MODEL in predicted:
            correct, error = _correctness(ground_truth, predicted[MODEL], self._near_m)
            self._confidence.add(confidence, correct, error)
            self._has_confidence = True
            if street:
                self._cells.add(confidence, correct)
        self._windows += 1

    def result(self) -> Scores:
        """Return plain values for JSON.

        `depth`, `segmentation` and `structure` map names to figures. A key of `depth` is metric, region and control
        (`abs_rel`, `abs_rel_vehicles`, `abs_rel_vehicles_prior`). A key of `segmentation` is `miou`, `accuracy` or
        `iou_` with a class that occurs in the ground truth, then the control (`iou_car_shuffled`). The keys of
        `structure` are those of `StructureMetrics.result` and `skill_scores`. A key without a suffix is a figure of the
        model. A figure without any pixel is null in JSON.

        `windows` is the number of windows. `depth_unit` is the unit of all depth values. `conventions` holds the
        figures of `MetricConventions`. `native` holds those of `FullResolutionScores`. `published` is present if there
        are depth and classes and holds those of `PublishedDepth`. `confidence` is present if any was added,
        `over_streets` if the windows have streets.
        """
        scores: dict[str, object] = {
            'windows': self._windows,
            'depth_unit': self._unit,
            **{modality: self._figures(modality) for modality in self._metrics},
            'conventions': self._conventions.result(self._metrics[SEGMENTATION]),
            'structure': {**self._structure.result(), **skill_scores(self._metrics)},
            'native': self._native.result(),
        }
        published = self._published.result()
        if published:
            scores['published'] = published
        if self._has_confidence:
            scores['confidence'] = self._confidence.result()
        if self._streets.streets:
            scores['over_streets'] = {
                'streets': self._streets.streets,
                'standard_errors': self._streets.standard_errors(),
                'against': self._streets.comparisons(),
                'confidence_correlation': self._cells.result(),
            }
        figures: Scores = to_json_values(scores)
        return figures

    def _figures(self, modality: str) -> dict[str, float]:
        """Return the figures of all variants. The numbers of pixels are those of the model."""
        return {
            suffixed(key, variant): value
            for variant, counted in self._metrics[modality].items()
            for key, value in MODALITY_METRICS[modality].figures(counted).items()
            if variant == MODEL or not key.startswith(PIXELS)
        }


def _correctness(
    ground_truth: ModalityImages, predicted: ModalityImages, near_m: float
) -> tuple[FloatArray, FloatArray | None]:
    """Return which pixels are correct in every modality, as published by the node, and the relative error of depth."""
    correct: list[FloatArray] = []
    for modality, true_image in ground_truth.by_modality().items():
        published = MODALITY_METRICS[modality].published(predicted)
        if published is not None:
            correct.append(CORRECTNESS[modality](published, true_image))
    if not correct:
        msg = 'Confidence needs a ground truth: give an image of one modality of both ground truth and prediction.'
        raise EvaluationError(msg)
    error = None
    if ground_truth.depth_m is not None and predicted.depth_m is not None:
        error = relative_error(ground_truth.depth_m, predicted.depth_m, near_m)
    return np.prod(correct, axis=0), error
