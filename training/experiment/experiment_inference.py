# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Inference with the fitted networks of an experiment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch

from audio_manifold_ros.inference.backends.backend import named_output
from audio_manifold_ros.inference.bundle.prediction import NetworkOutput
from training.fitting.view_priors import ViewPriors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.networks.perception_network import PerceptionNetwork
    from audio_manifold_ros.networks.spatial.image_prior import PriorTensors
    from training.data.cache import WindowCache

BATCH = 32
# Accelerator names of Lightning that allow a GPU.
GPU_ACCELERATORS = ('auto', 'gpu', 'cuda')


def scoring_device(accelerator: str) -> torch.device:
    """Return the device for evaluation: a GPU if there is one and the experiment allows it."""
    return torch.device('cuda' if accelerator in GPU_ACCELERATORS and torch.cuda.is_available() else 'cpu')


def batches(indices: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Yield runs of at most `BATCH` window numbers."""
    for first in range(0, len(indices), BATCH):
        yield indices[first : first + BATCH]


class WindowPriors:
    """Priors of the cameras of windows, for networks that take them."""

    def __init__(self, network: PerceptionNetwork, cache: WindowCache) -> None:
        """Compute the priors of all cameras of a cache."""
        self._cache, self._priors = cache, None
        if network.spatial is not None:
            device = next(network.parameters()).device
            self._priors = ViewPriors(network.spatial, cache.views, network.config.depth).to(device)

    def __call__(self, indices: NDArray[np.int64]) -> PriorTensors | None:
        """Return the priors of windows, None for networks without them."""
        if self._priors is None:
            return None
        views = torch.from_numpy(self._cache.window_views(indices)).to(self._priors.grid.device)
        priors: PriorTensors = self._priors(views)
        return priors


def predict(
    network: PerceptionNetwork, features: NDArray[np.float32], prior: PriorTensors | None = None
) -> list[NetworkOutput]:
    """Return the predictions of the networks for features (window, mic, height, width).

    Args:
        network: The networks.
        features: Features of the windows.
        prior: Priors of their cameras (see `WindowPriors`). None for the camera of the networks.

    """
    device = next(network.parameters()).device
    with torch.inference_mode():
        tensors = [tensor.cpu().numpy() for tensor in network(torch.from_numpy(features).to(device), prior)]
    named = dict(zip(network.config.output_names, tensors, strict=True))
    return [named_output({name: values[window] for name, values in named.items()}) for window in range(len(features))]
