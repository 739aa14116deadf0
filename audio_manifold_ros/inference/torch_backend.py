# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The networks by PyTorch, on a CPU or on CUDA."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.inference.backend import check_features, input_shape, network_output, output_names
from audio_manifold_ros.inference.errors import InferenceError

if TYPE_CHECKING:
    from audio_manifold_ros.inference.bundle import Bundle
    from audio_manifold_ros.inference.prediction import NetworkOutput

# Counters of the training that inference does not need and a bundle does not hold.
TRAINING_ONLY = ('.num_batches_tracked', '.counts', '.sums', '.started')
WARM_UP_RUNS = 2


class TorchBackend:
    """Rebuilds the networks from the manifest and fills them from the safetensors file."""

    name = 'torch'

    def __init__(self, bundle: Bundle, device: str = 'cpu', threads: int = 2, reason: str = 'as asked for') -> None:
        """Load the weights and run the networks on silence.

        Args:
            bundle: A verified bundle.
            device: `cpu`, `cuda` or `cuda:N`.
            threads: Threads of torch in this process, on a CPU.
            reason: Why this backend was chosen.

        Raises:
            InferenceError: torch is not installed, the device is not there, or the weights do not fit.

        """
        self._torch = _import_torch()
        self._device = _device(self._torch, device)
        if self._device.type == 'cpu':
            self._torch.set_num_threads(threads)
        self._shape = input_shape(bundle.manifest)
        self._names = output_names(bundle.manifest)
        self._network = _build_network(bundle).to(self._device)
        where = f'{threads} threads' if self._device.type == 'cpu' else self._torch.cuda.get_device_name(self._device)
        self.reason = f'PyTorch {self._torch.__version__} on {self._device}, {where}: {reason}'
        for _ in range(WARM_UP_RUNS):
            self.run(np.zeros(self._shape, dtype=np.float32))

    def run(self, features: NDArray[np.float32]) -> NetworkOutput:
        """Compute the images of one window (see `Backend`)."""
        check_features(features, self._shape)
        torch = self._torch
        try:
            with torch.inference_mode():
                tensors = self._network(torch.from_numpy(features)[None].to(self._device))
                arrays = [tensor.cpu().numpy() for tensor in tensors]
        except RuntimeError as error:
            msg = f'PyTorch failed on {self._device}: {error}'
            raise InferenceError(msg) from None
        return network_output(self._names, arrays)


def _import_torch() -> Any:
    try:
        return importlib.import_module('torch')
    except ImportError as error:
        msg = f"The backend 'torch' needs PyTorch ({error}): install torch, or choose the backend 'onnx'."
        raise InferenceError(msg) from None


def _device(torch: Any, name: str) -> Any:
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in {'cpu', 'cuda'}:
        msg = f"The device is {name!r}: give 'cpu', 'cuda' or 'cuda:N'."
        raise InferenceError(msg)
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if device.type == 'cuda' and (device.index or 0) >= count:
        msg = f"The device is {name!r}, but PyTorch sees {count} CUDA devices: choose one of them or 'cpu'."
        raise InferenceError(msg)
    return device


def _build_network(bundle: Bundle) -> Any:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from audio_manifold_ros.networks.errors import NetworkError
    from audio_manifold_ros.networks.perception import PerceptionConfig, PerceptionNetwork

    try:
        network = PerceptionNetwork(PerceptionConfig.from_dict(bundle.manifest.networks))
    except NetworkError as error:
        msg = f'{bundle.folder}: networks: {error}'
        raise InferenceError(msg) from None
    try:
        weights = load_file(bundle.weights_path)
    except (SafetensorError, OSError) as error:
        msg = f'{bundle.weights_path} cannot be read: {error}. Copy the bundle again.'
        raise InferenceError(msg) from None
    own = network.state_dict()
    missing = sorted(name for name in set(own) - set(weights) if not name.endswith(TRAINING_ONLY))
    unknown = sorted(set(weights) - set(own))
    reshaped = sorted(name for name in set(own) & set(weights) if own[name].shape != weights[name].shape)
    if missing or unknown or reshaped:
        msg = (
            f'{bundle.weights_path} lacks {missing[:3]}, has the unknown {unknown[:3]} and other shapes of '
            f'{reshaped[:3]}: its manifest describes other networks, export the bundle again.'
        )
        raise InferenceError(msg)
    network.load_state_dict({**own, **{name: tensor.float() for name, tensor in weights.items()}})
    return network.eval()
