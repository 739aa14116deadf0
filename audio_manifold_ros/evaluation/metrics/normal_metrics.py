# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Angular errors of surface normals over a test set of any size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray, Mask
from audio_manifold_ros.common.errors import EvaluationError
from audio_manifold_ros.inference.bundle.correctness import angle_deg

# Limits of the fractions, in degrees (Fouhey et al., ICCV 2013).
LIMITS_DEG = {'within_11_25': 11.25, 'within_22_5': 22.5, 'within_30': 30.0}
# The mean angle to a random direction.
MISSING_DEG = 90.0
BIN_DEG = 0.05
BINS = round(180 / BIN_DEG)


class NormalMetrics:
    """Histograms of angular errors over all pixels with ground truth and over further regions.

    Pixels with a NaN ground truth are ignored. A NaN prediction counts as 90°. The median is exact to 0.05°, all other
    figures are exact.
    """

    def __init__(self) -> None:
        """Start without images."""
        self._counts: dict[str, NDArray[np.int64]] = {}
        self._sums: dict[str, dict[str, float]] = {}

    def add(
        self,
        ground_truth: NDArray[np.floating[Any]],
        predicted: NDArray[np.floating[Any]],
        regions: Mapping[str, Mask] | None = None,
    ) -> None:
        """Add one image.

        Args:
            ground_truth: (row, column, 3), unit vectors, NaN invalid.
            predicted: The same shape.
            regions: Masks (row, column) by name. The whole image is counted under the empty name.

        Raises:
            EvaluationError: The shapes differ.

        """
        if ground_truth.shape != predicted.shape or ground_truth.ndim != 3 or ground_truth.shape[2] != 3:
            msg = (
                f'Normals of shape {predicted.shape} do not match the ground truth of shape {ground_truth.shape}: '
                'give two images (row, column, 3) of one size.'
            )
            raise EvaluationError(msg)
        valid = ~np.isnan(ground_truth[..., 0])
        angles = np.nan_to_num(angle_deg(ground_truth[valid], predicted[valid]), nan=MISSING_DEG)
        self._count('', angles)
        for name, mask in (regions or {}).items():
            self._count(name, angles[mask[valid]])

    @property
    def regions(self) -> tuple[str, ...]:
        """Names of the counted regions. The empty name is the whole image."""
        return tuple(self._counts)

    def result(self, region: str = '') -> dict[str, float]:
        """Return mean and median angle in degrees, the fractions within each limit, and the number of pixels.

        All but the number are NaN without pixels.
        """
        counts = self._counts.get(region, np.zeros(BINS, dtype=np.int64))
        sums, pixels = self._sums.get(region, {}), int(counts.sum())
        means = {key: sums[key] / pixels if pixels else float('nan') for key in ('mean_angle_deg', *LIMITS_DEG)}
        mean = means.pop('mean_angle_deg')
        return {'mean_angle_deg': mean, 'median_angle_deg': _median_deg(counts), **means, 'pixels': pixels}

    def _count(self, region: str, angles: FloatArray) -> None:
        counts = self._counts.setdefault(region, np.zeros(BINS, dtype=np.int64))
        sums = self._sums.setdefault(region, dict.fromkeys(('mean_angle_deg', *LIMITS_DEG), 0.0))
        bins = np.minimum((angles / BIN_DEG).astype(np.int64), BINS - 1)
        counts += np.bincount(bins, minlength=BINS)
        sums['mean_angle_deg'] += float(angles.sum())
        for key, limit_deg in LIMITS_DEG.items():
            sums[key] += int(np.count_nonzero(angles <= limit_deg))


def _median_deg(counts: NDArray[np.int64]) -> float:
    cumulated = counts.cumsum()
    if not cumulated[-1]:
        return float('nan')
    half = cumulated[-1] / 2
    index = int(np.searchsorted(cumulated, half))
    before = cumulated[index] - counts[index]
    return float((index + (half - before) / counts[index]) * BIN_DEG)
