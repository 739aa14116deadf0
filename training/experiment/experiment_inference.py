# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Inference with the fitted networks of an experiment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch

from audio_manifold_ros.inference.backends.backend import DTYPES
from audio_manifold_ros.inference.bundle.prediction import NetworkOutput
from audio_manifold_ros.networks.perception_network import PerceptionNetwork
from training.fitting.checkpoints import (
    BEST,
    check_frame_position,
    check_manifolds,
    load_at_net,
    load_direct,
    load_vq_vae,
)
from training.fitting.latent_cache import encoder_sha256

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.config.experiment_configuration import TrainingConfig
    from training.data.cache import WindowCache

BATCH = 32
# Accelerator names of Lightning that allow a GPU.
GPU_ACCELERATORS = ('auto', 'gpu', 'cuda')


def load_perception(config: TrainingConfig) -> PerceptionNetwork:
    """Join the best networks of an experiment, on the CPU.

    Raises:
        TrainingError: A checkpoint cannot be read, or was fitted to another frame position or another manifold.
        NetworkError: The checkpoints do not match each other.

    """
    vq_vaes = {name: load_vq_vae(config.manifold_folder(name) / BEST) for name in config.manifolds}
    transforms = [config.transform_folder(network.modalities) / BEST for network in config.at_nets]
    systems = [config.direct_folder(system) / BEST for system in config.direct]
    for path in (*transforms, *systems):
        check_frame_position(path, config.data.frame_position)
    for path, at_net in zip(transforms, config.at_nets, strict=True):
        check_manifolds(path, {name: encoder_sha256(vq_vaes[name]) for name in at_net.modalities})
    at_nets, direct = [load_at_net(path) for path in transforms], [load_direct(path) for path in systems]
    return PerceptionNetwork.from_trained(at_nets, vq_vaes, config.depth, direct)


def scoring_device(accelerator: str) -> torch.device:
    """Return the device for evaluation: a GPU if there is one and the experiment allows it."""
    return torch.device('cuda' if accelerator in GPU_ACCELERATORS and torch.cuda.is_available() else 'cpu')


def batches(indices: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Yield runs of at most `BATCH` window numbers."""
    for first in range(0, len(indices), BATCH):
        yield indices[first : first + BATCH]


def take_features(cache: WindowCache, indices: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return features (window, mic, height, width)."""
    return cache.features(indices)


def predict(network: PerceptionNetwork, features: NDArray[np.float32]) -> list[NetworkOutput]:
    """Return the predictions of the networks for features (window, mic, height, width)."""
    device = next(network.parameters()).device
    with torch.inference_mode():
        tensors = [tensor.cpu().numpy() for tensor in network(torch.from_numpy(features).to(device))]
    named = dict(zip(network.config.output_names, tensors, strict=True))
    return [
        NetworkOutput(**{name: named[name][window] if name in named else None for name in DTYPES})
        for window in range(len(features))
    ]
