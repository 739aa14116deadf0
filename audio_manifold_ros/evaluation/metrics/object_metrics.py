# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Object metrics: connected regions of a class, matched by the direction of their centres."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.evaluation.metrics.depth_metrics import FAR_M
from audio_manifold_ros.evaluation.metrics.ratios import harmonic_mean, ratio
from audio_manifold_ros.evaluation.metrics.regions import REGION_CLASSES, class_table

if TYPE_CHECKING:
    from audio_manifold_ros.rig.camera import CameraModel

OBJECT_CLASSES = {'cars': ('car',), 'vehicles': REGION_CLASSES['vehicles']}
# Half of the angle that the DCASE challenges on sound event localisation allow.
MAX_ANGLE_DEG = 10.0
# Fraction of the image: 16 pixels of 128 × 128. Smaller ground-truth regions are ignored.
MIN_AREA_FRACTION = 0.001
# Distant cars are all near the end of the street, where the prior finds them too.
NEARBY_M = 20.0
NO_MATCH_DEG = 1e6
_TABLES = {kind: class_table(names) for kind, names in OBJECT_CLASSES.items()}


@dataclass(frozen=True)
class ImageObject:
    """Connected region of one class.

    Attributes:
        ray: Unit vector (right, down, forward) through the centre of the mask.
        distance_m: Median depth of the pixels along the optical axis, at most 80 m; NaN without depth.
        area_fraction: Fraction of the pixels of the image.

    """

    ray: tuple[float, float, float]
    distance_m: float
    area_fraction: float

    @property
    def azimuth_deg(self) -> float:
        """Angle of the centre to the right of the optical axis."""
        return math.degrees(math.atan2(self.ray[0], self.ray[2]))


class ObjectMetrics:
    """Running counts of true, predicted and matched objects.

    Objects are matched one to one: the most pairs first, then the smallest sum of angles (Hungarian method). The angle
    of a pair is at most 10°. A prediction that matches only a smaller ground-truth region is ignored.
    """

    def __init__(self) -> None:
        """Start without images."""
        self._true = self._predicted = self._found = self._ranged = 0
        self._nearby = self._nearby_found = 0
        self._azimuth_deg = self._distance = 0.0

    def add(self, true: Sequence[ImageObject], predicted: Sequence[ImageObject]) -> None:
        """Add one image.

        Args:
            true: All ground-truth regions.
            predicted: All predicted regions. Regions below the minimum area are skipped.

        """
        large = [item for item in true if item.area_fraction >= MIN_AREA_FRACTION]
        small = [item for item in true if item.area_fraction < MIN_AREA_FRACTION]
        predicted = [item for item in predicted if item.area_fraction >= MIN_AREA_FRACTION]
        pairs = match_objects(large, predicted)
        matched_indices = {index for _, index in pairs}
        rest = [item for index, item in enumerate(predicted) if index not in matched_indices]
        self._true += len(large)
        self._nearby += sum(item.distance_m <= NEARBY_M for item in large)
        self._predicted += len(predicted) - len(match_objects(small, rest))
        self._found += len(pairs)
        for first, second in pairs:
            target, prediction = large[first], predicted[second]
            self._nearby_found += target.distance_m <= NEARBY_M
            self._azimuth_deg += abs(prediction.azimuth_deg - target.azimuth_deg)
            if math.isfinite(target.distance_m) and math.isfinite(prediction.distance_m):
                self._distance += abs(prediction.distance_m - target.distance_m) / target.distance_m
                self._ranged += 1

    def result(self) -> dict[str, float]:
        """Return the figures by name.

        `recall` and `precision` are fractions of the ground-truth and of the predicted objects, `f` is their harmonic
        mean. `recall_nearby` is the recall of ground-truth objects at most 20 m away. `azimuth_error_deg` and
        `distance_error` (relative to the ground truth) are means over matched objects. The last two keys are
        the numbers of ground-truth and of predicted objects. A figure without any object is NaN.
        """
        recall, precision = ratio(self._found, self._true), ratio(self._found, self._predicted)
        return {
            'recall': recall,
            'recall_nearby': ratio(self._nearby_found, self._nearby),
            'precision': precision,
            'f': harmonic_mean(precision, recall),
            'azimuth_error_deg': ratio(self._azimuth_deg, self._found),
            'distance_error': ratio(self._distance, self._ranged),
            'true': self._true,
            'said': self._predicted,
        }


def extract_objects(
    labels: NDArray[np.uint8], depth_m: NDArray[np.floating[Any]] | None, kind: str, camera: CameraModel
) -> list[ImageObject]:
    """Return the connected regions (8-connectivity) of a kind of object in one image.

    Args:
        labels: uint8 (row, column), class ids.
        depth_m: The same shape, metres, NaN unknown; None without depth.
        kind: `cars`, or `vehicles` for all vehicle classes as one mask. Touching objects are one region.
        camera: Pinhole camera. It is scaled to the size of the image.

    """
    import cv2

    mask = _TABLES[kind][labels]
    if not mask.any():
        return []
    count, regions, figures, centres = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
    found = []
    for region in range(1, count):
        left, top, width, height, pixels = figures[region].tolist()
        part = slice(top, top + height), slice(left, left + width)
        distance_m = math.nan if depth_m is None else _median_m(depth_m[part][regions[part] == region])
        area_fraction = pixels / labels.size
        found.append(ImageObject(_ray(centres[region], labels.shape, camera), distance_m, area_fraction))
    return found


def match_objects(first: Sequence[ImageObject], second: Sequence[ImageObject]) -> list[tuple[int, int]]:
    """Return pairs of indices of both lists, each at most once: the most pairs first, then the smallest angles."""
    from scipy.optimize import linear_sum_assignment

    if not first or not second:
        return []
    cosines = np.array([item.ray for item in first]) @ np.array([item.ray for item in second]).T
    angles_deg = np.degrees(np.arccos(np.clip(cosines, -1, 1)))
    allowed = angles_deg <= MAX_ANGLE_DEG
    rows, columns = linear_sum_assignment(np.where(allowed, angles_deg, NO_MATCH_DEG))
    return [(row, column) for row, column in zip(rows.tolist(), columns.tolist(), strict=True) if allowed[row, column]]


def _ray(centre: FloatArray, shape: tuple[int, ...], camera: CameraModel) -> tuple[float, float, float]:
    column = (float(centre[0]) + 0.5) * camera.width / shape[1] - 0.5
    row = (float(centre[1]) + 0.5) * camera.height / shape[0] - 0.5
    x, y = (column - camera.cx) / camera.fx, (row - camera.cy) / camera.fy
    length = math.sqrt(x * x + y * y + 1)
    return x / length, y / length, 1 / length


def _median_m(depth_m: NDArray[np.floating[Any]]) -> float:
    valid = depth_m[~np.isnan(depth_m)]
    return min(float(np.median(valid)), FAR_M) if valid.size else math.nan
