# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scores at the resolution of the ground truth, if it differs from that of the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audio_manifold_ros.evaluation.metrics.depth_metrics import NEAR_M
from audio_manifold_ros.evaluation.metrics.metric_names import suffixed
from audio_manifold_ros.evaluation.metrics.modality_metrics import MODALITY_METRICS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audio_manifold_ros.modalities.modality_images import ModalityImages


class FullResolutionScores:
    """Scores of predictions enlarged to the size of the ground truth.

    Depth is enlarged bilinearly, classes by the nearest pixel.
    """

    def __init__(self, near_m: float = NEAR_M) -> None:
        """Start without windows. Depth is clipped to at least `near_m`."""
        self._near_m = near_m
        self._metrics: dict[str, dict[str, Any]] = {}
        self._sizes: dict[str, tuple[int, ...]] = {}

    def add(self, ground_truth: ModalityImages, predicted: Mapping[str, ModalityImages]) -> None:
        """Add one window (see `MetricSuite.add`). Images that have the size of the predictions are skipped."""
        for modality, true_image in ground_truth.by_modality().items():
            entry, size = MODALITY_METRICS[modality], true_image.shape[:2]
            for variant, images in predicted.items():
                image = images.image(modality)
                if image is None or image.shape[:2] == size:
                    continue
                self._sizes[modality] = size
                counted = self._metrics.setdefault(modality, {}).setdefault(variant, entry.make(self._near_m))
                entry.add(counted, true_image, entry.enlarge(image, *size), {})

    def result(self) -> dict[str, dict[str, float | list[int]]]:
        """Return size and scores of each modality with a ground truth of another size.

        Keys are those of `MetricSuite.result`: metric, then control.
        """
        found: dict[str, dict[str, float | list[int]]] = {}
        for modality in (name for name in MODALITY_METRICS if name in self._metrics):
            found[modality] = {'size': list(self._sizes[modality])}
            for variant, counted in self._metrics[modality].items():
                figures = MODALITY_METRICS[modality].figures(counted)
                found[modality] |= {suffixed(key, variant): value for key, value in figures.items()}
        return found
