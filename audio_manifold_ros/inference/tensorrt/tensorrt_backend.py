# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The networks by an engine of TensorRT, built before on this machine by `build_engine`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import AudioManifoldError, InferenceError
from audio_manifold_ros.inference.backends.backend import (
    check_features,
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
    """Runs the engine of a bundle; one that cannot be used is set aside, unless the fault is the device's.

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
        """Find, verify and load the engine, and run it on silence.

        Args:
            bundle: A verified bundle.
            toolchain: Loads the engine.
            warn: Told what was set aside, and why.
            precision: Of the engine.
            cache: Where engines lie; the user's by default.
            reason: Why this backend was chosen.

        Raises:
            InferenceError: There is no engine, none that can be used, or the device fails.

        """
        self._shape = input_shape(bundle.manifest)
        self._names = output_names(bundle.manifest)
        self._runner, self.waveform_network = _load(bundle, toolchain, precision, cache or EngineCache(), warn)
        platform = toolchain.platform()
        self.reason = (
            f'TensorRT {platform.tensorrt} on {platform.gpu}, {precision}, by torch-tensorrt '
            f'{platform.torch_tensorrt}: {reason}'
        )

    def run(self, features: NDArray[np.float32]) -> NetworkOutput:
        """Compute the images of one window (see `Backend`)."""
        check_features(features, self._shape)
        try:
            arrays = self._runner.run(features)
        except RuntimeError as error:
            msg = f'TensorRT failed: {error}'
            raise InferenceError(msg) from None
        return network_output(self._names, arrays)


def make_engine_runner(bundle: Bundle, loaded: LoadedEngine, device: Any) -> CudaGraphRunner:
    """Return what runs a loaded engine from features to the arrays of `output_names`.

    The input is one contiguous buffer that lasts: runtimes before 2.12 free the copy that they make of any other
    while the engine reads it. No CUDA graph is recorded around an engine: its runtime uses streams of its own.
    """
    from audio_manifold_ros.networks.cuda_graph_runner import CudaGraphRunner

    return CudaGraphRunner(_output_function(bundle, loaded), input_shape(bundle.manifest), device)


def _output_function(bundle: Bundle, loaded: LoadedEngine) -> Callable[[Any], Sequence[Any]]:
    """Return what maps features on the device to the tensors of `output_names`."""
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
        msg = f'TensorRT has nothing to run: {cache.describe_missing(key)}. Build it with: build_engine {bundle.folder}'
        raise InferenceError(msg)
    try:
        loaded, device = toolchain.load(engine, precision), toolchain.device
        resident = make_engine_runner(bundle, loaded, device)
        return resident, open_waveform_network(bundle.manifest, _output_function(bundle, loaded), device, warn)
    except (AudioManifoldError, RuntimeError) as error:
        if is_transient_gpu_error(error):
            msg = f'TensorRT has nothing to run: the device fails, the engine stays for another time ({error})'
            raise InferenceError(msg) from None
        cache.reject(key, str(error), warn)
        msg = 'TensorRT has nothing to run: the engine that was there is set aside'
        raise InferenceError(msg) from None
