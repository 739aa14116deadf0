# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Confidence calibration of trained networks on the validation windows."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.progress import track

from audio_manifold_ros.inference.bundle.confidence_fit import CalibrationSet, cell_means, fit_confidence
from audio_manifold_ros.inference.bundle.correctness import CORRECTNESS
from audio_manifold_ros.inference.postprocessing import published_images
from audio_manifold_ros.modalities.registry import MODALITIES
from training.data.ground_truth_arrays import ARRAY_OF_MODALITY
from training.experiment.experiment_inference import WindowPriors, batches, predict

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
        manifest: Manifest with the sky class and the depth range.
        cache: All windows.

    """
    distances: dict[str, list[NDArray[Any]]] = defaultdict(list)
    correct: dict[str, list[NDArray[Any]]] = defaultdict(list)
    all_correct: list[NDArray[Any]] = []
    modalities, priors = network.config.modalities, WindowPriors(network, cache)
    validation = list(batches(cache.indices('validation')))
    for indices in track(validation, 'confidence', console=Console(stderr=True)):
        outputs = predict(network, cache.features(indices), priors(indices))
        for index, output in zip(indices, outputs, strict=True):
            ground_truth = {name: _ground_truth(cache, name, index) for name in modalities}
            pixels = _correct_pixels(manifest, output, ground_truth)
            for name, (distance, values) in pixels.items():
                distances[name].append(distance)
                correct[name].append(cell_means(values, len(distance)))
            joint = np.prod([values for _, values in pixels.values()], axis=0)
            all_correct.append(cell_means(joint, len(distance)))
    return fit_confidence(
        CalibrationSet(
            {name: np.stack(rows) for name, rows in distances.items()},
            {name: np.stack(rows) for name, rows in correct.items()},
            np.stack(all_correct),
        )
    )


def _ground_truth(cache: WindowCache, modality: str, index: int) -> NDArray[Any]:
    rows = cache.take(ARRAY_OF_MODALITY[modality], np.array([index]))
    return np.asarray(rows[0], dtype=MODALITIES[modality].dtype)


def _correct_pixels(
    manifest: Manifest, output: NetworkOutput, ground_truth: dict[str, NDArray[Any]]
) -> dict[str, tuple[NDArray[np.float32], NDArray[np.float64]]]:
    """Return the distances (cell, cell) and the correctness of published pixels (row, column) of each modality."""
    return {
        name: (output.distances[name], CORRECTNESS[name](published, ground_truth[name]))
        for name, published in published_images(manifest, output).by_modality().items()
    }
