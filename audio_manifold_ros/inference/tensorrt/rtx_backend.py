# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Backend of TensorRT for RTX: runs an engine by the plug-in of ONNX Runtime. It never imports torch."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.backends.backend import (
    INPUT_NAME,
    InputLayout,
    network_output,
    output_names,
)
from audio_manifold_ros.inference.backends.onnx_backend import OnnxBackend
from audio_manifold_ros.inference.tensorrt.engine_cache import EngineCache
from audio_manifold_ros.inference.tensorrt.engine_key import FP32, Precision
from audio_manifold_ros.inference.tensorrt.rtx_build import rtx_key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from audio_manifold_ros.inference.bundle.bundle import Bundle
    from audio_manifold_ros.inference.bundle.prediction import NetworkOutput

PLUGIN_MODULE = 'onnxruntime_ep_nv_tensorrt_rtx'
LIBRARY_NAME = 'audio_manifold_ros.tensorrt_rtx'
# The provider names itself differently in different releases.
PROVIDER_PART = 'tensorrtrtx'
ERRORS_ONLY = 3


class RtxBackend:
    """Backend that runs an engine of TensorRT for RTX on an NVIDIA GPU. No part of the graph runs on the CPU."""

    name = 'tensorrt_rtx'
    waveform_network = None

    def __init__(
        self,
        bundle: Bundle,
        warn: Callable[[str], None],
        *,
        device_number: int = 0,
        precision: Precision = FP32,
        cache: EngineCache | None = None,
        reason: str = 'as requested',
    ) -> None:
        """Load the plug-in and the engine. An engine that no GPU has compared with the network is compared now.

        Args:
            bundle: A verified bundle.
            warn: Function for the sentence that names an engine that was set aside and the reason.
            device_number: Number of the GPU among those of the plug-in.
            precision: Precision of the engine.
            cache: Cache of engines; that of the user by default.
            reason: Reason of the choice of this backend.

        Raises:
            InferenceError: The plug-in does not load, there is no GPU or no engine, or the engine differs from the
                network.

        """
        cache = cache or EngineCache()
        self._input, self._names = InputLayout.of(bundle.manifest), output_names(bundle.manifest)
        device, version = _open_device(device_number)
        key = rtx_key(bundle, precision, version)
        engine = cache.find(key, warn, unchecked=True)
        if engine is None:
            command = f'audio-manifold model build-engine {bundle.folder} --toolchain tensorrt-rtx'
            msg = f'TensorRT for RTX has no engine: {cache.describe_missing(key)}. Build it with: {command}'
            raise InferenceError(msg)
        self._session = _open_session(engine, device)
        metadata = cache.metadata(key)
        if metadata.check is None:
            from audio_manifold_ros.inference.tensorrt.engine_verification import compare_outputs

            try:
                check = compare_outputs(bundle, self.run, OnnxBackend(bundle), precision)
            except InferenceError as error:
                cache.reject(key, str(error), warn)
                raise
            cache.store_metadata(key, replace(metadata, check=check))
        self.reason = f'TensorRT for RTX {version}, {precision}: {reason}'

    def run(self, features: NDArray[np.float32]) -> NetworkOutput:
        """Compute the images of one window (see `Backend`)."""
        features = self._input.complete(features)
        try:
            arrays = self._session.run(list(self._names), {INPUT_NAME: features[None]})
        except RuntimeError as error:
            msg = f'TensorRT for RTX failed: {error}'
            raise InferenceError(msg) from None
        return network_output(self._names, arrays)


def _open_device(number: int) -> tuple[Any, str]:
    """Register the plug-in once, and return a device of it and the version of TensorRT for RTX.

    Raises:
        InferenceError: ONNX Runtime is too old, the plug-in is not installed or does not load, or there is no such GPU.

    """
    if not hasattr(onnxruntime, 'register_execution_provider_library'):
        msg = f'ONNX Runtime {onnxruntime.__version__} takes no plug-ins: install version 1.24 or newer.'
        raise InferenceError(msg)
    try:
        plugin = importlib.import_module(PLUGIN_MODULE)
        if not _devices():
            onnxruntime.register_execution_provider_library(LIBRARY_NAME, plugin.get_library_path())
    # The plug-in fails in the loader of the system if the driver is absent. ONNX Runtime has no common exception class.
    except Exception as error:  # noqa: BLE001
        msg = f'TensorRT for RTX cannot be used: {error}'
        raise InferenceError(msg) from None
    devices = _devices()
    if number >= len(devices):
        msg = f'TensorRT for RTX has {len(devices)} GPUs, and number {number} was requested (counted from 0).'
        raise InferenceError(msg)
    return devices[number], _library_version(plugin)


def _devices() -> Sequence[Any]:
    return [device for device in onnxruntime.get_ep_devices() if PROVIDER_PART in device.ep_name.lower()]


def _library_version(plugin: Any) -> str:
    """Return the version of the bindings if they are installed, else the version in the name of the plug-in's library.

    Raises:
        InferenceError: The version is unknown.

    """
    from pathlib import Path

    from audio_manifold_ros.inference.tensorrt.rtx_compiler import RtxCompiler

    try:
        return RtxCompiler().version
    except InferenceError:
        names = sorted(path.name for path in Path(plugin.get_library_path()).parent.glob('libtensorrt_rtx.so.*'))
    if not names:
        msg = 'The version of TensorRT for RTX is unknown: install the bindings with the extra trt-rtx.'
        raise InferenceError(msg)
    return names[-1].partition('.so.')[2]


def _open_session(engine: Path, device: Any) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = ERRORS_ONLY
    options.add_session_config_entry('session.disable_cpu_ep_fallback', '1')
    options.add_provider_for_devices([device], {})
    try:
        return onnxruntime.InferenceSession(str(engine), options)
    # ONNX Runtime has a dozen exception classes without a common base class other than Exception.
    except Exception as error:  # noqa: BLE001
        msg = f'TensorRT for RTX cannot load {engine}: {error}'
        raise InferenceError(msg) from None
