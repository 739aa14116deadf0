# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Correlation of confidence and correctness within cells of the image, which position in the image cannot raise."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.inference.bundle.confidence_fit import cell_means

CELLS = 8
MIN_WINDOWS = 3
# Bound of the memory: 10 MB.
MAX_WINDOWS = 20_000


class CellCorrelation:
    """Means of confidence and correctness in 8 x 8 cells of each window, for at most `MAX_WINDOWS` windows."""

    def __init__(self) -> None:
        """Start without windows."""
        self._rows: list[NDArray[np.float32]] = []

    def add(self, confidence: NDArray[np.floating[Any]], correct: NDArray[np.floating[Any]]) -> None:
        """Add one window.

        Args:
            confidence: (row, column), 0..1. Rows and columns beyond a multiple of 8 are left out.
            correct: The same shape: 1 correct, 0 wrong, NaN unknown.

        """
        if len(self._rows) < MAX_WINDOWS and min(confidence.shape) >= CELLS:
            rows, columns = (size // CELLS * CELLS for size in confidence.shape)
            pair = np.stack([confidence[:rows, :columns], correct[:rows, :columns]])
            self._rows.append(cell_means(pair, CELLS).astype(np.float32).reshape(2, -1))

    def result(self) -> float:
        """Return Spearman's rank correlation over windows, computed in each cell, then averaged over the cells.

        Cells in which one of both is the same in all windows are left out. Without any other it is NaN.
        """
        if len(self._rows) < MIN_WINDOWS:
            return math.nan
        confidence, correct = np.stack(self._rows, axis=1).astype(np.float64)
        found = [rank_correlation(confidence[:, cell], correct[:, cell]) for cell in range(confidence.shape[1])]
        defined = [value for value in found if not math.isnan(value)]
        return float(np.mean(defined)) if defined else math.nan


def rank_correlation(first: FloatArray, second: FloatArray) -> float:
    """Return Spearman's rank correlation (value,) with mean ranks of ties. Pairs with a NaN are left out."""
    from scipy.stats import rankdata

    known = ~(np.isnan(first) | np.isnan(second))
    if known.sum() < MIN_WINDOWS:
        return math.nan
    ranks = [rankdata(values[known]) for values in (first, second)]
    deviations = [rank - rank.mean() for rank in ranks]
    scale = math.prod(float(deviation @ deviation) for deviation in deviations) ** 0.5
    return float(deviations[0] @ deviations[1]) / scale if scale else math.nan
