# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Backend that runs the networks with ONNX Runtime, on a CPU or on CUDA."""

from __future__ import annotations

import os
import threading
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.backends.backend import (
    FLOAT32,
    INPUT_NAME,
    InputLayout,
    network_output,
    output_names,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from audio_manifold_ros.inference.bundle.bundle import Bundle
    from audio_manifold_ros.inference.bundle.prediction import NetworkOutput

ERRORS_ONLY = 3
# Names of the weights with the prior of a camera begin with it, and end with the fields of `PriorInputs`.
PRIOR_WEIGHTS = 'spatial.prior.'
# Directions of the steered map, for the map of vehicles.
AZIMUTH_WEIGHT = 'spatial.azimuths_rad'
WARM_UP_RUNS = 2
CPU_PROVIDER, CUDA_PROVIDER = 'CPUExecutionProvider', 'CUDAExecutionProvider'


class OnnxBackend:
    """Runs `model.onnx` or `model.int8.onnx`. It never imports torch.

    Input and outputs are arrays that are bound once. Per window only the returned images are allocated.
    """

    name = 'onnx'
    waveform_network = None

    def __init__(
        self,
        bundle: Bundle,
        threads: int = 2,
        reason: str = 'as requested',
        *,
        device: str = 'cpu',
        precision: str = FLOAT32,
        cores: tuple[int, ...] = (),
    ) -> None:
        """Load and optimise the graph, and run it on silence.

        Args:
            bundle: A verified bundle.
            threads: Threads of one prediction, on a CPU. Limited to the available processors.
            reason: Why this backend was selected.
            device: `cpu`, `cuda` or `cuda:N`.
            precision: `float32`, or `int8` on a CPU.
            cores: Processors to pin the threads to, one each. The first is for the thread that calls `run`. Without
                any, the system schedules the threads.

        Raises:
            InferenceError: ONNX Runtime rejects the graph or lacks the device, the bundle lacks the precision or the
                machine a core, or the inputs and outputs of the graph are not those of the manifest.

        """
        self._input = InputLayout.of(bundle.manifest)
        self._names = output_names(bundle.manifest)
        self._cores = _check_cores(cores)
        threads = len(cores) or min(threads, len(os.sched_getaffinity(0)))
        path = graph_path(bundle, precision, device)
        prior = bundle.prior_inputs()
        if prior is not None and precision != FLOAT32:
            msg = (
                f'The {precision} graph of the bundle {bundle.manifest.name!r} is for the camera of the bundle only: '
                f'choose the precision {FLOAT32!r} for this rig.'
            )
            raise InferenceError(msg)
        # The session refers to the memory of these arrays.
        self._replaced = (
            {} if prior is None else {PRIOR_WEIGHTS + name: values[None] for name, values in prior._asdict().items()}
        )
        if (azimuths_rad := bundle.steered_azimuths_rad()) is not None:
            self._replaced[AZIMUTH_WEIGHT] = azimuths_rad
        self._session = open_session(path, threads, cores, _providers(device), self._replaced)
        self._check_interface(path)
        where = f'on the CPU, {threads} threads' if device == 'cpu' else f'on {device}'
        pinned = f' on the cores {", ".join(map(str, cores))}' if cores else ''
        self.reason = f'ONNX Runtime {onnxruntime.__version__} {where}{pinned}, {precision}: {reason}'
        self._features, self._images, self._binding = self._bind()
        self._pinned_thread = 0
        for _ in range(WARM_UP_RUNS):
            self._session.run_with_iobinding(self._binding)

    def run(self, features: NDArray[np.float32]) -> NetworkOutput:
        """Compute the images of one window (see `Backend`)."""
        features = self._input.complete(features)
        self._pin_thread()
        np.copyto(self._features[0], features)
        try:
            self._session.run_with_iobinding(self._binding)
        except RuntimeError as error:
            msg = f'ONNX Runtime failed: {error}'
            raise InferenceError(msg) from None
        return network_output(self._names, [image.copy() for image in self._images])

    def _bind(self) -> tuple[NDArray[np.float32], list[NDArray[Any]], onnxruntime.IOBinding]:
        """Return input (1, …), outputs and their binding. A first run gives the shapes of the outputs."""
        features = np.zeros((1, *self._input.shape), dtype=np.float32)
        images = [np.empty_like(image) for image in self._session.run(self._names, {INPUT_NAME: features})]
        binding = self._session.io_binding()
        binding.bind_input(INPUT_NAME, 'cpu', 0, np.float32, features.shape, features.ctypes.data)
        for name, image in zip(self._names, images, strict=True):
            binding.bind_output(name, 'cpu', 0, image.dtype, image.shape, image.ctypes.data)
        return features, images, binding

    def _pin_thread(self) -> None:
        """Pin the calling thread once. ONNX Runtime pins only the threads that it starts."""
        if self._cores and self._pinned_thread != threading.get_ident():
            os.sched_setaffinity(0, self._cores[:1])
            self._pinned_thread = threading.get_ident()

    def _check_interface(self, path: Path) -> None:
        inputs = {entry.name: (entry.type, tuple(entry.shape)) for entry in self._session.get_inputs()}
        outputs = {entry.name for entry in self._session.get_outputs()}
        expected = {INPUT_NAME: ('tensor(float)', (1, *self._input.shape))}
        if inputs != expected or outputs != set(self._names):
            msg = (
                f'{path} maps {inputs} to {sorted(outputs)}, its manifest states {expected} to '
                f'{sorted(self._names)}: export the bundle again.'
            )
            raise InferenceError(msg)


def _providers(device: str) -> list[Any]:
    """Return the execution providers of a device, the CPU as the last.

    The TensorRT provider is not included: it builds its engine for minutes while the graph is loaded, without a
    message. `build_engine` builds engines.
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
            "onnxruntime-gpu, or choose the device 'cpu'."
        )
        raise InferenceError(msg)
    return [(CUDA_PROVIDER, {'device_id': int(number or 0)}), CPU_PROVIDER]


def graph_path(bundle: Bundle, precision: str, device: str = 'cpu') -> Path:
    """Return the path of the graph of a precision.

    Raises:
        InferenceError: The bundle or the device lacks it.

    """
    if precision == FLOAT32:
        return bundle.onnx_path
    if device != 'cpu':
        msg = f"The precision 'int8' is for the device 'cpu', not for {device!r}: choose 'float32' there."
        raise InferenceError(msg)
    return bundle.int8_path


def _check_cores(cores: tuple[int, ...]) -> tuple[int, ...]:
    available = os.sched_getaffinity(0)
    if len(set(cores)) < len(cores) or not set(cores) <= available:
        msg = f'The cores are {list(cores)}: give some of {sorted(available)}, each once.'
        raise InferenceError(msg)
    return cores


def open_session(
    path: Path,
    threads: int,
    cores: tuple[int, ...] = (),
    providers: Sequence[Any] = (CPU_PROVIDER,),
    replaced: Mapping[str, NDArray[np.float32]] = MappingProxyType({}),
) -> onnxruntime.InferenceSession:
    """Return a loaded graph, with options for a program that has other work between two windows.

    Args:
        path: `model.onnx` or `model.int8.onnx`.
        threads: Threads of one prediction, on a CPU.
        cores: Processors reserved for the threads, one each. The first is for the calling thread.
        providers: Execution providers, the best first.
        replaced: Weights by name that replace those of the weight file, before the graph is optimised.

    Raises:
        InferenceError: ONNX Runtime rejects the graph, or falls back from a provider.

    """
    options = session_options(threads, cores)
    if replaced:
        arrays = [onnxruntime.OrtValue.ortvalue_from_numpy(values) for values in replaced.values()]
        options.add_external_initializers(list(replaced), arrays)
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=list(providers))
    # ONNX Runtime has a dozen exception classes without a common base class other than Exception.
    except Exception as error:  # noqa: BLE001
        msg = f'ONNX Runtime {onnxruntime.__version__} cannot load {path}: {error}'
        raise InferenceError(msg) from None
    if len(session.get_providers()) < len(providers):
        msg = f'ONNX Runtime {onnxruntime.__version__} has fallen back to {session.get_providers()}: see its log.'
        raise InferenceError(msg)
    return session


def session_options(threads: int, cores: tuple[int, ...] = ()) -> onnxruntime.SessionOptions:
    """Return the options of `open_session`."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = ERRORS_ONLY
    # Waking threads from layer to layer takes time. On reserved processors they spin until the window is done. On
    # shared processors a thread that spins would lose its time slice to other programs.
    options.add_session_config_entry('session.intra_op.allow_spinning', str(int(bool(cores))))
    options.add_session_config_entry('session.force_spinning_stop', '1')
    if len(cores) > 1:
        # Processors are counted from 1, without the one of the calling thread.
        places = ';'.join(str(core + 1) for core in cores[1:])
        options.add_session_config_entry('session.intra_op_thread_affinities', places)
    return options
