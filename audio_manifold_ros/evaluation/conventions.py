# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The same images scored by every convention in which the paper, its code and this project differ, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from audio_manifold_ros.evaluation.depth_metrics import FAR_M, DepthMetrics
from audio_manifold_ros.evaluation.paper_metrics import DEPTH_KEYS, PaperDepth, ReferenceDepth, ReferenceSegmentation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.evaluation.scores import Images

# The classes of the paper's tables 2 and 4, whose mean is their AVG.
PAPER_CLASSES = ('road', 'sidewalk', 'building', 'fence', 'vegetation', 'terrain', 'sky', 'car')
MODEL = 'model'


class Conventions:
    """Counts windows for the model and any controls.

    `paper` is equation 1, `reference` the published code, `median_scaled` what this project computes after each
    prediction is scaled by the ratio of medians, which forgives a wrong scale.
    """

    def __init__(self) -> None:
        """Start with no window."""
        self._paper: dict[str, PaperDepth] = {}
        self._reference: dict[str, ReferenceDepth] = {}
        self._scaled: dict[str, DepthMetrics] = {}
        self._labels: dict[str, ReferenceSegmentation] = {}

    def add(self, truth: Images, predicted: Mapping[str, Images]) -> None:
        """Count one window (see `ScoreBoard.add`).

        Raises:
            EvaluationError: An image has the wrong size.

        """
        for variant, images in predicted.items():
            if truth.depth_m is not None and images.depth_m is not None:
                self._paper.setdefault(variant, PaperDepth()).add(truth.depth_m, images.depth_m)
                self._reference.setdefault(variant, ReferenceDepth()).add(truth.depth_m, images.depth_m)
                scaled_m = median_scaled(truth.depth_m, images.depth_m)
                self._scaled.setdefault(variant, DepthMetrics()).add(truth.depth_m, scaled_m)
            if truth.labels is not None and images.labels is not None:
                self._labels.setdefault(variant, ReferenceSegmentation()).add(truth.labels, images.labels)

    def result(self, segmentation: Mapping[str, float | None]) -> dict[str, Any]:
        """Return by convention, then by metric with the control as a suffix, what `ScoreBoard` does not say.

        Args:
            segmentation: The board's scores, for the mean of the paper's classes.

        """
        paper = {_key(key, who): value for who, found in self._paper.items() for key, value in found.result().items()}
        reference = {
            _key(key, who): value for who, found in self._reference.items() for key, value in found.result().items()
        }
        scaled = {_key(key, who): found.result()[key] for who, found in self._scaled.items() for key in DEPTH_KEYS}
        reference |= {_key('miou', who): found.result() for who, found in self._labels.items()}
        for who in self._labels:
            known = [segmentation.get(_key(f'iou_{name}', who)) for name in PAPER_CLASSES]
            there = [value for value in known if value is not None]
            if there:
                paper[_key('miou', who)] = float(np.mean(there))
        return {'paper': _finite(paper), 'reference': _finite(reference), 'median_scaled': _finite(scaled)}


def median_scaled(truth_m: NDArray[np.floating[Any]], predicted_m: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return a prediction whose median over the valid pixels is the truth's; one of NaN counts as 80 m."""
    valid = ~np.isnan(truth_m)
    predicted = np.nan_to_num(predicted_m.astype(np.float64), nan=FAR_M)
    if not valid.any():
        return predicted
    return np.asarray(predicted * (np.median(truth_m[valid]) / np.median(predicted[valid])))


def _key(metric: str, variant: str) -> str:
    return metric if variant == MODEL else f'{metric}_{variant}'


def _finite(values: dict[str, float]) -> dict[str, float | None]:
    return {key: round(value, 5) if np.isfinite(value) else None for key, value in values.items()}
