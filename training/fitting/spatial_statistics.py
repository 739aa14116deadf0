# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Statistics of the training windows that a network on spatial maps starts from: its inputs and its prior images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.evaluation.controls.pixel_prior import PixelPriorBuilder

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
    builder = PixelPriorBuilder(network.config.image_size, network.config.image_size, near_m=depth.near_m)
    chosen = _spread(indices, IMAGE_WINDOWS)
    for first in range(0, len(chosen), BLOCK):
        block = chosen[first : first + BLOCK]
        depth_m, labels = (
            cache.take(name, block) if modality in network.config.modalities else [None] * len(block)
            for modality, name in (('depth', 'depth_m'), ('segmentation', 'labels'))
        )
        for image, classes in zip(depth_m, labels, strict=True):
            builder.add(image, classes)
    prior = builder.build()
    if 'depth' in network.config.modalities:
        network.prior.set('depth', torch.from_numpy(depth.depth_to_unit(prior.depth_m))[None])
    if 'segmentation' in network.config.modalities:
        network.prior.set('segmentation', torch.from_numpy(builder.class_probabilities()))


def _spread(indices: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Return at most `count` evenly spaced indices."""
    return indices[np.unique(np.linspace(0, len(indices) - 1, min(len(indices), count)).astype(np.int64))]
