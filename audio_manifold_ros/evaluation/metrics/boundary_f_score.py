# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Boundary F-score of depth edges and class borders.

An edge pixel is correct if the other image has an edge within a tolerance, which is a fraction of the image diagonal
(Martin et al., PAMI 2004; per class: Csurka et al., BMVC 2013, with 0.75 %). Audio has a lower angular resolution than
a camera, so the score with four times that tolerance is reported as well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import Mask
from audio_manifold_ros.evaluation.metrics.depth_metrics import FAR_M, NEAR_M, fill_invalid_with_far
from audio_manifold_ros.evaluation.metrics.ratios import harmonic_mean, ratio

# Fractions of the diagonal, rounded up to whole pixels: 2 and 6 pixels at 128 × 128.
TOLERANCES = {'': 0.0075, '_wide': 0.03}
# Two neighbouring pixels form a depth edge if the ratio of their depths is at least this.
EDGE_RATIO = 1.25


class BoundaryFScore:
    """Running counts of edge pixels and of those that match an edge of the other image."""

    def __init__(self) -> None:
        """Start without images."""
        self.true_pixels = self.predicted_pixels = 0
        self._true_matched = np.zeros(len(TOLERANCES), dtype=np.int64)
        self._predicted_matched = np.zeros(len(TOLERANCES), dtype=np.int64)

    def add(
        self, ground_truth: Mask, near_ground_truth: Sequence[Mask], predicted: Mask, near_predicted: Sequence[Mask]
    ) -> None:
        """Add one image.

        Args:
            ground_truth: bool (row, column), ground-truth edges.
            near_ground_truth: For each tolerance the pixels near a ground-truth edge (see `tolerance_masks`).
            predicted: bool (row, column), predicted edges.
            near_predicted: For each tolerance the pixels near a predicted edge.

        """
        self.true_pixels += int(np.count_nonzero(ground_truth))
        self.predicted_pixels += int(np.count_nonzero(predicted))
        self._true_matched += [np.count_nonzero(ground_truth & around) for around in near_predicted]
        self._predicted_matched += [np.count_nonzero(predicted & around) for around in near_ground_truth]

    def result(self) -> dict[str, float]:
        """Return `precision`, `recall` and their harmonic mean `f` for each tolerance (`f`, `f_wide`).

        Precision is NaN without predicted edges, recall is NaN without ground-truth edges. `f` is then 0, or NaN if
        both are.
        """
        found: dict[str, float] = {}
        for index, name in enumerate(TOLERANCES):
            precision = ratio(self._predicted_matched[index], self.predicted_pixels)
            recall = ratio(self._true_matched[index], self.true_pixels)
            found[f'precision{name}'], found[f'recall{name}'] = precision, recall
            found[f'f{name}'] = harmonic_mean(precision, recall)
        return found


def tolerances_px(rows: int, columns: int) -> tuple[int, ...]:
    """Return the tolerances in whole pixels for an image of this size."""
    return tuple(math.ceil(fraction * math.hypot(rows, columns)) for fraction in TOLERANCES.values())


def tolerance_masks(edges: Mask) -> tuple[Mask, ...]:
    """Return for each tolerance a mask (row, column) of the pixels with an edge within that distance."""
    import cv2

    found = tuple(np.zeros_like(edges) for _ in TOLERANCES)
    tolerances = tolerances_px(*edges.shape)
    rows, columns = np.flatnonzero(edges.any(axis=1)), np.flatnonzero(edges.any(axis=0))
    if not rows.size:
        return found
    margin = max(tolerances)
    part = tuple(slice(max(int(index[0]) - margin, 0), int(index[-1]) + margin + 1) for index in (rows, columns))
    distance = cv2.distanceTransform((~edges[part]).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    for mask, tolerance in zip(found, tolerances, strict=True):
        # The distances are single-precision square roots, hence the margin.
        mask[part] = distance <= tolerance + 1e-3
    return found


def depth_edges(depth_m: NDArray[np.floating[Any]], valid: Mask, near_m: float = NEAR_M) -> Mask:
    """Return the near sides of depth edges, bool (row, column).

    Args:
        depth_m: (row, column) metres. Values are clipped to 1..80 m, NaN counts as 80 m.
        valid: bool (row, column), pixels with ground-truth depth. A pair with another pixel is no edge.
        near_m: Lower clipping limit.

    """
    log_depth = np.log(np.clip(fill_invalid_with_far(depth_m.astype(np.float32)), near_m, FAR_M))
    jump = np.float32(math.log(EDGE_RATIO))
    edges = np.zeros(depth_m.shape, dtype=np.bool_)
    for first, second in _neighbours():
        both = valid[first] & valid[second]
        step = log_depth[second] - log_depth[first]
        edges[first] |= both & (step >= jump)
        edges[second] |= both & (step <= -jump)
    return edges


def class_edges(labels: NDArray[np.uint8], valid: Mask) -> Mask:
    """Return the pixels that have a neighbour of another class, bool (row, column).

    Args:
        labels: uint8 (row, column), class ids.
        valid: bool (row, column), labelled pixels. A pair with another pixel is no edge.

    """
    edges = np.zeros(labels.shape, dtype=np.bool_)
    for first, second in _neighbours():
        border = (labels[first] != labels[second]) & valid[first] & valid[second]
        edges[first] |= border
        edges[second] |= border
    return edges


def _neighbours() -> tuple[tuple[tuple[slice, slice], tuple[slice, slice]], ...]:
    """Return slices of all pixels with a right or lower neighbour, each with the slices of those neighbours."""
    every, but_last, but_first = slice(None), slice(None, -1), slice(1, None)
    return ((every, but_last), (every, but_first)), ((but_last, every), (but_first, every))
