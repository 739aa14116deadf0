# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Backend that runs the networks with PyTorch, on a CPU or on CUDA."""

from __future__ import annotations

import importlib
import logging
import platform
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.backends.backend import (
    InputLayout,
    network_output,
    output_names,
)
from audio_manifold_ros.inference.backends.fused_pipeline import open_waveform_network
from audio_manifold_ros.modalities.registry import MODALITIES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from audio_manifold_ros.inference.backends.fused_pipeline import FusedWaveformNetwork
    from audio_manifold_ros.inference.bundle.bundle import Bundle
    from audio_manifold_ros.inference.bundle.manifest import Manifest
    from audio_manifold_ros.inference.bundle.prediction import NetworkOutput
    from audio_manifold_ros.networks.cuda_graph_runner import CudaGraphRunner
    from audio_manifold_ros.networks.perception_network import PerceptionNetwork

LOGGER = logging.getLogger(__name__)
# Training counters and the prior table, which inference does not need and a weight file does not contain.
TRAINING_ONLY = (
    '.num_batches_tracked', '.counts', '.sums', '.started',
    *(f'.table_{name}' for name in ('centre', *MODALITIES)),
)  # fmt: skip


class TorchBackend:
    """Builds the networks from the manifest and loads their weights from the safetensors file.

    On a CPU they compute in single precision. On CUDA they compute in half precision, except where small differences
    change the result. On CUDA one graph computes the images of a window of audio, and another those of given features.

    Attributes:
        waveform_network: See `Backend`. None on a CPU, and on a GPU that cannot compute the features.

    """

    name = 'torch'

    def __init__(
        self,
        bundle: Bundle,
        device: str = 'cpu',
        threads: int = 2,
        reason: str = 'as requested',
        warn: Callable[[str], None] = LOGGER.warning,
    ) -> None:
        """Load the weights and run the networks on silence.

        Args:
            bundle: A verified bundle.
            device: `cpu`, `cuda` or `cuda:N`.
            threads: Threads of torch in this process, on a CPU.
            reason: Why this backend was selected.
            warn: Function for warnings about parts that do not work on the device.

        Raises:
            InferenceError: torch is not installed, the device does not exist, or the weights do not fit.

        """
        torch = import_torch()
        self._warn = warn
        self._device = torch_device(torch, device)
        if self._device.type == 'cpu':
            torch.set_num_threads(threads)
        self._input = InputLayout.of(bundle.manifest)
        self._names = output_names(bundle.manifest)
        self._runner, self.waveform_network = self._start(torch, load_network(bundle), bundle.manifest)
        where = f'{threads} threads' if self._device.type == 'cpu' else self._describe_gpu(torch)
        self.reason = f'PyTorch {torch.__version__} on {self._device}, {where}: {reason}'

    def run(self, features: NDArray[np.float32]) -> NetworkOutput:
        """Compute the images of one window (see `Backend`)."""
        features = self._input.complete(features)
        try:
            arrays = self._runner.run(features)
        except RuntimeError as error:
            raise InferenceError(self._describe_failure(error)) from None
        return network_output(self._names, arrays)

    def _start(
        self, torch: Any, network: PerceptionNetwork, manifest: Manifest
    ) -> tuple[CudaGraphRunner, FusedWaveformNetwork | None]:
        from audio_manifold_ros.networks.cuda_graph_runner import CudaGraphRunner

        cuda = self._device.type == 'cuda'
        # Not on small ARM boards: nothing was measured there, and CUDA graphs have had driver faults.
        captured = cuda and platform.machine() != 'aarch64'
        try:
            function = make_fp16_function(network, self._device) if cuda else network
            # The fastest kernels are selected once. The graph keeps them.
            with torch.backends.cudnn.flags(enabled=True, benchmark=cuda):
                resident = CudaGraphRunner(function, self._input.shape, self._device, captured=captured)
                if not cuda:
                    return resident, None
                return resident, open_waveform_network(manifest, function, self._device, self._warn, captured=captured)
        except RuntimeError as error:
            raise InferenceError(self._describe_failure(error)) from None

    def _describe_gpu(self, torch: Any) -> str:
        last = self.waveform_network or self._runner
        features = 'features on the GPU' if self.waveform_network else 'features on the CPU'
        graph_mode = 'a CUDA graph' if last.captured else 'without a CUDA graph'
        return f'{torch.cuda.get_device_name(self._device)}, {features}, networks in half precision, {graph_mode}'

    def _describe_failure(self, error: RuntimeError) -> str:
        return f'PyTorch failed on {self._device}: {error}'


def make_fp16_function(network: PerceptionNetwork, device: Any) -> Callable[[Any], Sequence[Any]]:
    """Return a network as a function of features that computes in half precision. The network itself is changed."""
    import torch

    from audio_manifold_ros.networks.compiled_core import CompilableNetwork, postprocess_flat

    config = network.config
    compiled = CompilableNetwork(network, torch.float16).to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return lambda features: postprocess_flat(config, compiled(features))


def import_torch() -> Any:
    """Return PyTorch.

    Raises:
        InferenceError: It is not installed.

    """
    try:
        return importlib.import_module('torch')
    except ImportError as error:
        msg = f"The backend 'torch' needs PyTorch ({error}): install torch, or choose the backend 'onnx'."
        raise InferenceError(msg) from None


def torch_device(torch: Any, name: str) -> Any:
    """Return a `torch.device`.

    Raises:
        InferenceError: The name is invalid, or the device does not exist.

    """
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in {'cpu', 'cuda'}:
        msg = f"The device is {name!r}: give 'cpu', 'cuda' or 'cuda:N'."
        raise InferenceError(msg)
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if device.type == 'cuda' and (device.index or 0) >= count:
        msg = f"The device is {name!r}, but PyTorch finds {count} CUDA devices: choose one of them or 'cpu'."
        raise InferenceError(msg)
    return device


def load_network(bundle: Bundle) -> PerceptionNetwork:
    """Return the networks of a bundle in single precision on the CPU, in evaluation mode.

    Raises:
        InferenceError: The weights cannot be read, or do not fit the networks.

    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from audio_manifold_ros.common.errors import NetworkError
    from audio_manifold_ros.networks.parameter_limit import limit_parameters
    from audio_manifold_ros.networks.perception_network import PerceptionConfig, PerceptionNetwork

    # A parameter takes at least two bytes of the weight file.
    max_parameters = bundle.weights_path.stat().st_size // 2
    remedy = f'{bundle.weights_path.name} is too small for them: export the bundle again.'
    try:
        config = PerceptionConfig.from_dict(bundle.manifest.networks)
        with limit_parameters(max_parameters, remedy):
            network = PerceptionNetwork(config)
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
    prior, table = bundle.prior_inputs(), bundle.prior_table
    if network.spatial is not None and table is not None:
        network.spatial.prior.set_table(table)
        if prior is not None:
            network.spatial.prior.set(prior)
        azimuths_rad = bundle.steered_azimuths_rad()
        if azimuths_rad is not None:
            network.spatial.set_azimuths(azimuths_rad)
    return network.eval()
