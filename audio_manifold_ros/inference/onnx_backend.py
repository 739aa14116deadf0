# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The networks by ONNX Runtime, on a CPU or on CUDA."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from audio_manifold_ros.inference.backend import (
    INPUT_NAME,
    check_features,
    input_shape,
    network_output,
    output_names,
)
from audio_manifold_ros.inference.errors import InferenceError

if TYPE_CHECKING:
    from audio_manifold_ros.inference.bundle import Bundle
    from audio_manifold_ros.inference.prediction import NetworkOutput

ERRORS_ONLY = 3
WARM_UP_RUNS = 2
CPU_PROVIDER, CUDA_PROVIDER = 'CPUExecutionProvider', 'CUDAExecutionProvider'


class OnnxBackend:
    """Runs `model.onnx`; never imports torch."""

    name = 'onnx'

    def __init__(self, bundle: Bundle, threads: int = 2, reason: str = 'as asked for', *, device: str = 'cpu') -> None:
        """Load the graph, let ONNX Runtime fuse it, and run it on silence.

        Args:
            bundle: A verified bundle.
            threads: Threads of one prediction, on a CPU.
            reason: Why this backend was chosen.
            device: `cpu`, `cuda` or `cuda:N`.

        Raises:
            InferenceError: ONNX Runtime refuses the graph or lacks the device, or the graph's inputs and outputs are
                not the manifest's.

        """
        self._shape = input_shape(bundle.manifest)
        self._names = output_names(bundle.manifest)
        self._session = _open_session(bundle, threads, _providers(device))
        self._check_interface(bundle)
        where = f'on the CPU, {threads} threads' if device == 'cpu' else f'on {device}'
        self.reason = f'ONNX Runtime {onnxruntime.__version__} {where}: {reason}'
        for _ in range(WARM_UP_RUNS):
            self.run(np.zeros(self._shape, dtype=np.float32))

    def run(self, features: NDArray[np.float32]) -> NetworkOutput:
        """Compute the images of one window (see `Backend`)."""
        check_features(features, self._shape)
        try:
            tensors = self._session.run(self._names, {INPUT_NAME: features[None]})
        except RuntimeError as error:
            msg = f'ONNX Runtime failed: {error}'
            raise InferenceError(msg) from None
        return network_output(self._names, tensors)

    def _check_interface(self, bundle: Bundle) -> None:
        inputs = {entry.name: (entry.type, tuple(entry.shape)) for entry in self._session.get_inputs()}
        outputs = {entry.name for entry in self._session.get_outputs()}
        wanted = {INPUT_NAME: ('tensor(float)', (1, *self._shape))}
        if inputs != wanted or outputs != set(self._names):
            msg = (
                f'{bundle.onnx_path} maps {inputs} to {sorted(outputs)}, its manifest says {wanted} to '
                f'{sorted(self._names)}: export the bundle again.'
            )
            raise InferenceError(msg)


def _providers(device: str) -> list[Any]:
    """Return the execution providers of a device, the CPU's as the last.

    TensorRT's own provider is not among them: it builds its engine when the graph is loaded, for minutes and without
    a word. `build_engine` makes engines.
    """
    if device == 'cpu':
        return [CPU_PROVIDER]
    kind, _, number = device.partition(':')
    if kind != 'cuda' or not (number or '0').isdigit():
        msg = f"The device is {device!r}: give 'cpu', 'cuda' or 'cuda:N'."
        raise InferenceError(msg)
    if CUDA_PROVIDER not in onnxruntime.get_available_providers():
        msg = (
            f'The device is {device!r}, but ONNX Runtime {onnxruntime.__version__} has no {CUDA_PROVIDER}: install '
            "onnxruntime-gpu, or take the device 'cpu'."
        )
        raise InferenceError(msg)
    return [(CUDA_PROVIDER, {'device_id': int(number or 0)}), CPU_PROVIDER]


def _open_session(bundle: Bundle, threads: int, providers: list[Any]) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = ERRORS_ONLY
    # Threads that spin between two windows would take the cores from capture and the rest of the robot.
    options.add_session_config_entry('session.intra_op.allow_spinning', '0')
    try:
        session = onnxruntime.InferenceSession(str(bundle.onnx_path), options, providers=providers)
    # ONNX Runtime has a dozen exception classes, all of them direct children of Exception.
    except Exception as error:  # noqa: BLE001
        msg = f'ONNX Runtime {onnxruntime.__version__} cannot load {bundle.onnx_path}: {error}'
        raise InferenceError(msg) from None
    if len(session.get_providers()) < len(providers):
        msg = f'ONNX Runtime {onnxruntime.__version__} has fallen back to {session.get_providers()}: see its log.'
        raise InferenceError(msg)
    return session
