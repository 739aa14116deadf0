# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Batched inference of several arrays on one device: features and networks in one pass."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from audio_manifold_ros.features.mel_torch import MelFeatureExtractor
from audio_manifold_ros.features.spec import FeatureSpec
from audio_manifold_ros.inference.backends.torch_backend import make_fp16_function
from audio_manifold_ros.networks.cuda_graph_runner import CudaGraphRunner
from audio_manifold_ros.networks.perception_network import PerceptionNetwork


class BatchedArrays:
    """Features and networks of several arrays as one batch. On a GPU: half precision and a CUDA graph."""

    def __init__(
        self, network: PerceptionNetwork, spec: FeatureSpec, shape: tuple[int, int], device: torch.device
    ) -> None:
        """Allocate all buffers and run once on zeros.

        Args:
            network: The network for the audio of one array. It is not changed.
            spec: Definition of its features.
            shape: Number of arrays, and of microphones of each.
            device: The device.

        """
        self._sound_shape = (*shape, spec.window_samples)
        self._mel = MelFeatureExtractor(spec)
        own = copy.deepcopy(network).eval()
        self._predict: Callable[[Tensor], Sequence[Tensor]] = (
            own if device.type == 'cpu' else make_fp16_function(own, device)
        )
        rows = (shape[0] * shape[1], spec.window_samples)
        self._graph_runner = CudaGraphRunner(self._run_batch, rows, device, captured=device.type == 'cuda')

    def run(self, sound: NDArray[np.float32]) -> list[NDArray[Any]]:
        """Return the images of windows float32 (array, mic, window_samples): arrays (array, …)."""
        return self._graph_runner.run(sound.reshape(-1, sound.shape[-1]))

    def _run_batch(self, sound: Tensor) -> Sequence[Tensor]:
        return self._predict(self._mel(sound.view(self._sound_shape)))
