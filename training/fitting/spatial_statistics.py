# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Statistics of the training windows that a network on spatial maps starts from: its inputs and its prior images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.evaluation.controls.pixel_statistics import (
    PIXEL_STATISTICS,
    DepthMedian,
    FrequentClass,
    MeanDirection,
)
from audio_manifold_ros.modalities.registry import DEPTH, MODALITIES, NORMALS, SEGMENTATION
from training.data.ground_truth_arrays import ARRAY_OF_MODALITY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.networks.depth_representation import DepthRepresentation
    from audio_manifold_ros.networks.spatial.spatial_network import SpatialNetwork
    from training.data.cache import WindowCache

FEATURE_WINDOWS, IMAGE_WINDOWS, BLOCK = 512, 4000, 64


def set_training_statistics(network: SpatialNetwork, cache: WindowCache, depth: DepthRepresentation) -> None:
    """Set the input statistics and the prior of a network from the training windows.

    Raises:
        TrainingError: The features have another size than the input of the network.

    """
    indices = cache.indices('train')
    features = cache.features(_spread(indices, FEATURE_WINDOWS))
    if features.shape[1:] != (network.config.size,):
        msg = (
            f'The windows have features of shape {features.shape[1:]}, the network on spatial maps takes '
            f'({network.config.size},): give the sizes of data.features, of the kind spatial, to spatial.'
        )
        raise TrainingError(msg)
    network.trunk.inputs.set_statistics(torch.from_numpy(features))
    shape = (network.config.image_size, network.config.image_size)
    statistics = {name: PIXEL_STATISTICS[name](shape, depth.near_m) for name in network.config.modalities}
    chosen = _spread(indices, IMAGE_WINDOWS)
    for first in range(0, len(chosen), BLOCK):
        for name, counted in statistics.items():
            for image in cache.take(ARRAY_OF_MODALITY[name], chosen[first : first + BLOCK]):
                counted.add(image.astype(MODALITIES[name].dtype))
    for name, counted in statistics.items():
        network.prior.set(name, PRIOR_IMAGES[name](counted, depth))


def _unit_depth(statistics: DepthMedian, depth: DepthRepresentation) -> torch.Tensor:
    return torch.from_numpy(depth.depth_to_unit(statistics.build()))[None]


def _class_probabilities(statistics: FrequentClass, depth: DepthRepresentation) -> torch.Tensor:
    del depth
    return torch.from_numpy(statistics.probabilities())


def _mean_direction(statistics: MeanDirection, depth: DepthRepresentation) -> torch.Tensor:
    del depth
    return torch.from_numpy(statistics.build()).permute(2, 0, 1)


# By modality, the image that a network starts from, (channel, row, column).
PRIOR_IMAGES: Mapping[str, Callable[[Any, DepthRepresentation], torch.Tensor]] = {
    DEPTH: _unit_depth,
    SEGMENTATION: _class_probabilities,
    NORMALS: _mean_direction,
}


def _spread(indices: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Return at most `count` evenly spaced indices."""
    return indices[np.unique(np.linspace(0, len(indices) - 1, min(len(indices), count)).astype(np.int64))]
