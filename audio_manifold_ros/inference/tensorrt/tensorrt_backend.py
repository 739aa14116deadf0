# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Backend of TensorRT: runs an engine that `build_engine` has built on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import AudioManifoldError, InferenceError
from audio_manifold_ros.inference.backends.backend import (
    InputLayout,
    input_shape,
    network_output,
    output_names,
)
from audio_manifold_ros.inference.backends.fused_pipeline import open_waveform_network
from audio_manifold_ros.inference.backends.transient_gpu_error import is_transient_gpu_error
from audio_manifold_ros.inference.tensorrt.engine_cache import EngineCache
from audio_manifold_ros.inference.tensorrt.engine_key import FP16, EngineKey, Precision

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from audio_manifold_ros.inference.backends.fused_pipeline import FusedWaveformNetwork
    from audio_manifold_ros.inference.bundle.bundle import Bundle
    from audio_manifold_ros.inference.bundle.prediction import NetworkOutput
    from audio_manifold_ros.inference.tensorrt.engine_compiler import LoadedEngine, Toolchain
    from audio_manifold_ros.networks.cuda_graph_runner import CudaGraphRunner


class TensorRtBackend:
    """Backend that runs the engine of a bundle. An invalid engine is set aside; a fault of the device leaves it.

    Attributes:
        waveform_network: See `Backend`: features by PyTorch, then the engine, without a transfer between them.

    """

    name = 'tensorrt'

    def __init__(
        self,
        bundle: Bundle,
        toolchain: Toolchain,
        warn: Callable[[str], None],
        *,
        precision: Precision = FP16,
        cache: EngineCache | None = None,
        reason: str = 'as requested',
    ) -> None:
        """Find, verify and load the engine, and run it once on silence.

        Args:
            bundle: A verified bundle.
            toolchain: Toolchain that loads the engine.
            warn: Function for the sentence that names an engine that was set aside and the reason.
            precision: Precision of the engine.
            cache: Cache of engines; that of the user by default.
            reason: Reason of the choice of this backend.

        Raises:
            InferenceError: There is no valid engine, or the device fails.

        """
        self._input = InputLayout.of(bundle.manifest)
        self._names = output_names(bundle.manifest)
        self._runner, self.waveform_network = _load(bundle, toolchain, precision, cache or EngineCache(), warn)
        platform = toolchain.platform()
        self.reason = (
            f'TensorRT {platform.tensorrt} on {platform.gpu}, {precision}, by torch-tensorrt '
            f'{platform.torch_tensorrt}: {reason}'
        )

    def run(self, features: NDArray[np.float32]) -> NetworkOutput:
        """Compute the images of one window (see `Backend`)."""
        features = self._input.complete(features)
        try:
            arrays = self._runner.run(features)
        except RuntimeError as error:
            msg = f'TensorRT failed: {error}'
            raise InferenceError(msg) from None
        return network_output(self._names, arrays)


def make_engine_runner(bundle: Bundle, loaded: LoadedEngine, device: Any) -> CudaGraphRunner:
    """Return the runner of a loaded engine, from features to the arrays of `output_names`.

    The input is one permanent contiguous buffer: runtimes before 2.12 copy any other input, and free the copy while the
    engine reads it. No CUDA graph is recorded around an engine, because its runtime uses its own streams.
    """
    from audio_manifold_ros.networks.cuda_graph_runner import CudaGraphRunner

    return CudaGraphRunner(_output_function(bundle, loaded), input_shape(bundle.manifest), device)


def _output_function(bundle: Bundle, loaded: LoadedEngine) -> Callable[[Any], Sequence[Any]]:
    """Return the function from features on the device to the tensors of `output_names`."""
    from audio_manifold_ros.networks.compiled_core import postprocess_flat
    from audio_manifold_ros.networks.perception_network import PerceptionConfig

    config = PerceptionConfig.from_dict(bundle.manifest.networks)
    function = loaded.function
    return lambda features: postprocess_flat(config, function(features))


def _load(
    bundle: Bundle, toolchain: Toolchain, precision: Precision, cache: EngineCache, warn: Callable[[str], None]
) -> tuple[CudaGraphRunner, FusedWaveformNetwork | None]:
    key = EngineKey.for_bundle(bundle, precision, toolchain.options(), toolchain.platform())
    engine = cache.find(key, warn)
    if engine is None:
        msg = f'TensorRT has no engine: {cache.describe_missing(key)}. Build it with: build_engine {bundle.folder}'
        raise InferenceError(msg)
    try:
        loaded, device = toolchain.load(engine, precision), toolchain.device
        resident = make_engine_runner(bundle, loaded, device)
        return resident, open_waveform_network(bundle.manifest, _output_function(bundle, loaded), device, warn)
    except (AudioManifoldError, RuntimeError) as error:
        if is_transient_gpu_error(error):
            msg = f'TensorRT cannot run: the device fails, and the engine is kept ({error})'
            raise InferenceError(msg) from None
        cache.reject(key, str(error), warn)
        msg = 'TensorRT has no engine: the existing one was invalid and is set aside'
        raise InferenceError(msg) from None
