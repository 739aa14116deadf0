# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The confidence of trained networks, fitted on the windows that they were chosen on."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from audio_manifold_ros.inference.bundle.confidence_fit import (
    CalibrationSet,
    cell_means,
    depth_right,
    fit_confidence,
    labels_right,
)
from audio_manifold_ros.inference.pipeline import nothing_near
from training.experiment.experiment_inference import batches, listen, take_features
from training.fitting.validation_callback import TRUTHS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.inference.bundle.confidence import ConfidenceModel
    from audio_manifold_ros.inference.bundle.manifest import Manifest
    from audio_manifold_ros.inference.bundle.prediction import NetworkOutput
    from audio_manifold_ros.networks.perception_network import PerceptionNetwork
    from training.data.cache import WindowCache


def calibrate(network: PerceptionNetwork, manifest: Manifest, cache: WindowCache) -> ConfidenceModel:
    """Fit the confidence on the validation windows.

    Args:
        network: The trained networks.
        manifest: Says which class is the sky and how far depth reaches.
        cache: All windows.

    """
    distances: dict[str, list[NDArray[Any]]] = defaultdict(list)
    right: dict[str, list[NDArray[Any]]] = defaultdict(list)
    all_right: list[NDArray[Any]] = []
    truths = [TRUTHS[modality] for modality in network.config.modalities]
    for indices in batches(cache.indices('validation')):
        outputs = listen(network, take_features(cache, indices))
        for index, output in zip(indices, outputs, strict=True):
            truth = {name: cache.take(name, np.array([index]))[0] for name in truths}
            pixels = _right_pixels(manifest, output, truth)
            for name, (distance, values) in pixels.items():
                distances[name].append(distance)
                right[name].append(cell_means(values, len(distance)))
            joint = np.prod([values for _, values in pixels.values()], axis=0)
            all_right.append(cell_means(joint, len(distance)))
    return fit_confidence(
        CalibrationSet(
            {name: np.stack(rows) for name, rows in distances.items()},
            {name: np.stack(rows) for name, rows in right.items()},
            np.stack(all_right),
        )
    )


def _right_pixels(
    manifest: Manifest, output: NetworkOutput, truth: dict[str, NDArray[Any]]
) -> dict[str, tuple[NDArray[np.float32], NDArray[np.float64]]]:
    """Return per modality the distances (cell, cell) and which pixels (row, column) are right as published."""
    pixels = {}
    if output.depth_m is not None and output.depth_distance is not None:
        published = np.where(nothing_near(manifest, output.depth_m, output.labels), np.nan, output.depth_m)
        pixels['depth'] = (output.depth_distance, depth_right(published, truth['depth_m'].astype(np.float32)))
    if output.labels is not None and output.segmentation_distance is not None:
        pixels['segmentation'] = (output.segmentation_distance, labels_right(output.labels, truth['labels']))
    return pixels
