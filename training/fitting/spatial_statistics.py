# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Statistics of the training windows that a network on spatial maps starts from: its inputs and its prior images."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import torch

from audio_manifold_ros.camera_prior.prior_counts import PriorCounts
from audio_manifold_ros.camera_prior.ray_grid import RayGrid
from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.modalities.registry import MODALITIES
from audio_manifold_ros.networks.spatial.prior_inputs import prior_inputs
from training.data.evenly_spaced import evenly_spaced
from training.data.ground_truth_arrays import ARRAY_OF_MODALITY
from training.data.vehicle_arrays import AZIMUTHS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audio_manifold_ros.camera_prior.camera_view import CameraView
    from audio_manifold_ros.camera_prior.prior_table import PriorTable
    from audio_manifold_ros.networks.depth_representation import DepthRepresentation
    from audio_manifold_ros.networks.spatial.spatial_network import SpatialNetwork
    from training.data.cache import WindowCache

FEATURE_WINDOWS, IMAGE_WINDOWS, BLOCK = 512, 8000, 64


def set_training_statistics(network: SpatialNetwork, cache: WindowCache, depth: DepthRepresentation) -> None:
    """Set the input statistics and the prior of a network from the training windows.

    Raises:
        TrainingError: The features have another size than the input of the network.

    """
    set_input_statistics(network, cache)
    indices = cache.indices('train')
    table = prior_table(cache, network.config.modalities)
    network.prior.set_table(table)
    view = most_common_view(cache)
    network.prior.set(prior_inputs(table, view, network.config, depth))
    if network.vehicles is not None:
        is_usual = cache.window_views(indices) == cache.views.index(view)
        network.set_azimuths(cache.take(AZIMUTHS, indices[is_usual][:1]))


def set_input_statistics(network: SpatialNetwork, cache: WindowCache) -> None:
    """Set the means and deviations by which a network scales its input, from the training windows.

    Raises:
        TrainingError: The features have another size than the input of the network.

    """
    indices = cache.indices('train')
    features = cache.features(evenly_spaced(indices, FEATURE_WINDOWS))
    if features.shape[1:] != (network.config.size,):
        msg = (
            f'The windows have features of shape {features.shape[1:]}, the network on spatial maps takes '
            f'({network.config.size},): give the sizes of data.features, of the kind spatial, to spatial.'
        )
        raise TrainingError(msg)
    network.trunk.inputs.set_statistics(torch.from_numpy(features))


def most_common_view(cache: WindowCache) -> CameraView:
    """Return the camera of most training windows, which is that of a bundle."""
    counted = Counter(cache.window_views(cache.indices('train')).tolist())
    return cache.views[counted.most_common(1)[0][0]]


def prior_table(cache: WindowCache, modalities: Sequence[str]) -> PriorTable:
    """Return what the training windows show along each ray."""
    chosen = evenly_spaced(cache.indices('train'), IMAGE_WINDOWS)
    views = cache.window_views(chosen)
    counts = PriorCounts(RayGrid.of_views(cache.views[number] for number in np.unique(views)), modalities)
    for number in np.unique(views):
        windows = chosen[views == number]
        for first in range(0, len(windows), BLOCK):
            for name in modalities:
                images = cache.take(ARRAY_OF_MODALITY[name], windows[first : first + BLOCK])
                counts.add(name, images.astype(MODALITIES[name].dtype), cache.views[number])
    return counts.build()
