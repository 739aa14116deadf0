# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Structure metrics: positions of edges and detection of objects, which pixel metrics do not measure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from audio_manifold_ros.common.array_types import Mask
from audio_manifold_ros.common.class_ids import CLASS_NAMES, UNLABELLED
from audio_manifold_ros.evaluation.metrics.boundary_f_score import (
    TOLERANCES,
    BoundaryFScore,
    class_edges,
    depth_edges,
    tolerance_masks,
)
from audio_manifold_ros.evaluation.metrics.depth_metrics import NEAR_M, fill_invalid_with_far
from audio_manifold_ros.evaluation.metrics.metric_names import MODEL, suffixed
from audio_manifold_ros.evaluation.metrics.object_metrics import OBJECT_CLASSES, ObjectMetrics, extract_objects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from audio_manifold_ros.modalities.modality_images import ModalityImages
    from audio_manifold_ros.rig.camera import CameraModel

# Edges of a region, and for each tolerance the pixels near them.
Outline = tuple[Mask, tuple[Mask, ...]]


class StructureMetrics:
    """Running edge and object metrics. The edges of a ground truth are computed once for all variants."""

    def __init__(self, camera: CameraModel | None, near_m: float = NEAR_M) -> None:
        """Start without windows.

        Args:
            camera: Camera of windows without their own. Windows without any camera have no objects.
            near_m: Lower clipping limit of depth. There is no edge below it.

        """
        self._near_m = near_m
        self._camera = camera
        self._depth: dict[str, BoundaryFScore] = {}
        self._classes: dict[str, dict[int, BoundaryFScore]] = {}
        self._objects: dict[str, dict[str, ObjectMetrics]] = {}

    def add(
        self,
        ground_truth: ModalityImages,
        predicted: Mapping[str, ModalityImages],
        camera: CameraModel | None = None,
    ) -> None:
        """Add one window (see `MetricSuite.add`) with images of one size."""
        used = camera or self._camera
        if ground_truth.depth_m is not None:
            self._add_depth(ground_truth.depth_m, predicted)
        if ground_truth.labels is not None:
            self._add_classes(ground_truth.labels, predicted)
            if used is not None:
                self._add_objects(ground_truth.labels, ground_truth.depth_m, predicted, used)

    def result(self) -> dict[str, float]:
        """Return the figures. A key is metric, then control (`cars_recall`, `depth_edges_f_wide_prior`).

        The prefixes `depth_edges_` and `class_edges_` are followed by `precision`, `recall` and `f` (see
        `BoundaryFScore.result`). Those of `class_edges_` are means over the classes with an edge in the ground truth.
        `class_edges_f_` is followed by a class. The prefixes `cars_` and `vehicles_` are followed by the keys of
        `ObjectMetrics.result`.
        """
        found: dict[str, float] = {}
        for variant, counts in self._depth.items():
            found |= {suffixed(f'depth_edges_{key}', variant): value for key, value in counts.result().items()}
        for variant, classes in self._classes.items():
            found |= {suffixed(f'class_edges_{key}', variant): value for key, value in _class_figures(classes).items()}
        for variant, kinds in self._objects.items():
            for kind, objects in kinds.items():
                figures = objects.result()
                found |= {
                    suffixed(f'{kind}_{key}', variant): value
                    for key, value in figures.items()
                    if key != 'true' or variant == MODEL
                }
        return found

    def _add_depth(self, ground_truth_m: NDArray[np.floating[Any]], predicted: Mapping[str, ModalityImages]) -> None:
        valid = ~np.isnan(ground_truth_m)
        true = _outline(depth_edges(ground_truth_m, valid, self._near_m))
        for variant, images in predicted.items():
            if images.depth_m is not None:
                prediction = _outline(depth_edges(images.depth_m, valid, self._near_m))
                self._depth.setdefault(variant, BoundaryFScore()).add(*true, *prediction)

    def _add_classes(self, ground_truth: NDArray[np.uint8], predicted: Mapping[str, ModalityImages]) -> None:
        valid = ground_truth != UNLABELLED
        true = _outlines(ground_truth, valid)
        nothing = _outline(np.zeros(ground_truth.shape, dtype=np.bool_))
        for variant, images in predicted.items():
            if images.labels is not None:
                prediction = _outlines(images.labels, valid)
                counts = self._classes.setdefault(variant, {})
                for class_id in true.keys() | prediction.keys():
                    outlines = *true.get(class_id, nothing), *prediction.get(class_id, nothing)
                    counts.setdefault(class_id, BoundaryFScore()).add(*outlines)

    def _add_objects(
        self,
        ground_truth: NDArray[np.uint8],
        ground_truth_m: NDArray[np.floating[Any]] | None,
        predicted: Mapping[str, ModalityImages],
        camera: CameraModel,
    ) -> None:
        valid = ground_truth != UNLABELLED
        for kind in OBJECT_CLASSES:
            true = extract_objects(ground_truth, ground_truth_m, kind, camera)
            for variant, images in predicted.items():
                if images.labels is not None:
                    labels = np.where(valid, images.labels, np.uint8(UNLABELLED))
                    depth_m = None if images.depth_m is None else fill_invalid_with_far(images.depth_m)
                    prediction = extract_objects(labels, depth_m, kind, camera)
                    self._objects.setdefault(variant, {}).setdefault(kind, ObjectMetrics()).add(true, prediction)


def _outline(edges: Mask) -> Outline:
    return edges, tolerance_masks(edges)


def _outlines(labels: NDArray[np.uint8], valid: Mask) -> dict[int, Outline]:
    """Return the outline of each class that has edges."""
    edges = class_edges(labels, valid)
    edge_classes = np.unique(labels[edges])
    return {int(c): _outline(edges & (labels == c)) for c in edge_classes[edge_classes < len(CLASS_NAMES)]}


def _class_figures(classes: Mapping[int, BoundaryFScore]) -> dict[str, float]:
    present = {class_id: counts.result() for class_id, counts in sorted(classes.items()) if counts.true_pixels}
    if not present:
        return {}
    # A class that is never predicted has no precision. The mean is over the other classes, its F-score is 0.
    keys = [f'{name}{tolerance}' for tolerance in TOLERANCES for name in ('precision', 'recall', 'f')]
    means = {key: _mean([found[key] for found in present.values()]) for key in keys}
    named = {f'f_{CLASS_NAMES[class_id].replace(" ", "_")}': found['f'] for class_id, found in present.items()}
    return {**means, **named}


def _mean(values: list[float]) -> float:
    valid = [value for value in values if not np.isnan(value)]
    return float(np.mean(valid)) if valid else float('nan')
