# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Networks of arbitrary sizes with random weights in ONNX Runtime, opened as by the backend."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import torch

from audio_manifold_ros.inference.backends.backend import INPUT_NAME
from audio_manifold_ros.inference.backends.onnx_backend import open_session
from audio_manifold_ros.networks.perception_network import PerceptionConfig, PerceptionNetwork
from training.export.onnx_graph import export_network


class LoadedNetwork:
    """A network that runs on constant noise.

    Attributes:
        weights: Number of weights.
        stored_mb: Size of graph and weights in a bundle.

    """

    def __init__(self, config: PerceptionConfig, shape: tuple[int, int, int], threads: int, batch: int = 1) -> None:
        """Build, export and load the network.

        Args:
            config: Sizes of the network.
            shape: Shape of the features of one window (mic, height, width).
            threads: Number of threads.
            batch: Number of windows of one run.

        """
        torch.manual_seed(0)
        network = PerceptionNetwork(config)
        exported = export_network(network, shape, batch=batch)
        self.weights = sum(parameter.numel() for parameter in network.parameters())
        self.stored_mb = (len(exported.onnx) + len(exported.weights)) / 1e6
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / 'model.onnx'
            path.write_bytes(exported.onnx)
            path.with_name('weights.safetensors').write_bytes(exported.weights)
            self._session = open_session(path, threads)
        features = np.random.default_rng(0).uniform(-1.2, 0.4, (batch, *shape))
        self._features = features.astype(np.float32)

    def run(self) -> None:
        """Compute the images of a batch."""
        self._session.run(None, {INPUT_NAME: self._features})


def count_microphones(config: PerceptionConfig) -> int:
    """Return the number of channels of networks on mel features. A system that selects channels receives all eight."""
    channel_counts = [at_net.mics for at_net in config.at_nets]
    channel_counts += [8 if system.microphones else system.mics for system in config.direct]
    return max(channel_counts)
