# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Selection of the backend by name."""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.backends.backend import FLOAT32, PRECISIONS

if TYPE_CHECKING:
    from audio_manifold_ros.inference.backends.backend import Backend
    from audio_manifold_ros.inference.bundle.bundle import Bundle

LOGGER = logging.getLogger(__name__)
MAX_THREADS = 64
# Backends that may run on a CPU by ONNX Runtime, which supports the other precisions of bundles.
CPU_BACKENDS = ('auto', 'onnx')
RTX_PLUGIN = 'onnxruntime_ep_nv_tensorrt_rtx'
CUDA_LIBRARIES = ('libcuda.so.1', 'libcuda.so')
REQUIRE, BUILD, LOAD_ONLY, OFF = 'require', 'build', 'load_only', 'off'
ENGINE_POLICIES = (REQUIRE, BUILD, LOAD_ONLY, OFF)


@dataclass(frozen=True)
class BackendRequest:
    """Options of a backend.

    Attributes:
        device: See `open_backend`.
        threads: Threads of one prediction, on a CPU.
        engine_policy: See `open_backend`.
        warn: Function for warnings about failures that do not end the search.
        precision: See `open_backend`.
        cores: See `open_backend`.

    """

    device: str
    threads: int
    engine_policy: str
    warn: Callable[[str], None]
    precision: str
    cores: tuple[int, ...]

    @property
    def cuda_device(self) -> str:
        """The CUDA device, the first one by default."""
        return self.device if self.device.startswith('cuda') else 'cuda'


def open_backend(
    bundle: Bundle,
    name: str = 'auto',
    device: str = 'cpu',
    threads: int = 2,
    engine_policy: str = LOAD_ONLY,
    warn: Callable[[str], None] = LOGGER.warning,
    precision: str = FLOAT32,
    cores: tuple[int, ...] = (),
) -> Backend:
    """Open a backend. Its `reason` states what runs and why it was selected. No engine is built here.

    `auto` takes the first of these that works: a TensorRT engine, an engine of TensorRT for RTX, torch on CUDA, ONNX
    Runtime on CUDA, ONNX Runtime on the CPU. `tensorrt` does the same, but warns if there is no engine.

    Args:
        bundle: A verified bundle.
        name: `tensorrt`, `tensorrt_rtx`, `torch`, `onnx` or `auto`.
        device: For torch: `cpu`, `cuda` or `cuda:N`. Others take the first CUDA device unless one is named.
        threads: Threads of one prediction, on a CPU.
        engine_policy: Use of TensorRT engines: `require` fails without one. `build` and `load_only` continue with the
            next best backend, and with `build` the node starts a build. `off` does not look for one.
        warn: Function for warnings about backends that were skipped.
        precision: For ONNX Runtime on a CPU: `float32` or `int8`. `int8` is refused if the bundle lacks it, and by
            backends that choose their own precision.
        cores: For ONNX Runtime on a CPU: processors to pin its threads to, one each, instead of `threads`.

    Raises:
        InferenceError: The name is unknown, or the backend cannot work here.

    """
    if name not in BACKENDS:
        msg = f'The backend is {name!r}: give one of {sorted(BACKENDS)}.'
        raise InferenceError(msg)
    if not 1 <= threads <= MAX_THREADS:
        msg = f'The backend has {threads!r} threads: give 1 to {MAX_THREADS}.'
        raise InferenceError(msg)
    if engine_policy not in ENGINE_POLICIES:
        msg = f'The engine policy is {engine_policy!r}: give one of {", ".join(ENGINE_POLICIES)}.'
        raise InferenceError(msg)
    if precision not in PRECISIONS:
        msg = f'The precision is {precision!r}: give one of {", ".join(PRECISIONS)}.'
        raise InferenceError(msg)
    if precision != FLOAT32 and name not in CPU_BACKENDS:
        msg = f'The backend {name!r} chooses its own precision, not {precision!r}: take one of {CPU_BACKENDS} for that.'
        raise InferenceError(msg)
    return BACKENDS[name](bundle, BackendRequest(device, threads, engine_policy, warn, precision, cores))


def read_cores(text: str) -> tuple[int, ...]:
    """Return the processor numbers of a text such as `2,3`, none of an empty text.

    Raises:
        InferenceError: The text has another form.

    """
    try:
        return tuple(int(part) for part in text.split(',')) if text.strip() else ()
    except ValueError:
        msg = f'cores is {text!r}: give processor numbers separated by commas, for example 2,3.'
        raise InferenceError(msg) from None


def cuda_devices() -> int:
    """Return the number of CUDA devices, without loading torch."""
    for library in CUDA_LIBRARIES:
        try:
            driver = ctypes.CDLL(library)
        except OSError:
            continue
        count = ctypes.c_int(0)
        if driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0:
            return count.value
    return 0


def engine_unavailable_reason() -> str:
    """Return why no TensorRT engine can be built or run on this machine, or an empty string."""
    if not cuda_devices():
        return 'there is no CUDA device'
    missing = [module for module in ('torch', 'torch_tensorrt') if find_spec(module) is None]
    return f'{" and ".join(missing)} is not installed' if missing else ''


def _open_auto(bundle: Bundle, request: BackendRequest) -> Backend:
    if request.precision != FLOAT32:
        return _open_cpu(bundle, request, f'{request.precision} was requested')
    if request.engine_policy == REQUIRE:
        return _open_engine(bundle, request, 'an engine is required')
    return _open_first(bundle, request, tuple(LADDER), '')


def _open_tensorrt(bundle: Bundle, request: BackendRequest) -> Backend:
    if request.engine_policy == OFF:
        msg = "The backend is 'tensorrt', but the engine policy is 'off': change one of them."
        raise InferenceError(msg)
    try:
        return _open_engine(bundle, request, 'as requested')
    except InferenceError as error:
        if request.engine_policy == REQUIRE:
            raise
        request.warn(f'{error}. The next best backend is used.')
        return _open_first(bundle, request, tuple(LADDER)[1:], str(error))


def _open_first(bundle: Bundle, request: BackendRequest, names: tuple[str, ...], skip_reason: str) -> Backend:
    """Open the first backend of the ladder that works. Its reason states why the ones before it do not."""
    skipped = [skip_reason] if skip_reason else []
    if not cuda_devices():
        return _open_cpu(bundle, request, '; '.join([*skipped, 'there is no CUDA device']))
    for name in names:
        opened = _try(bundle, request, name, '; '.join([*skipped, 'it is the fastest that works here']))
        if not isinstance(opened, InferenceError):
            return opened
        skipped.append(f'{name}: {opened}')
    return _open_cpu(bundle, request, '; '.join(skipped))


def _try(bundle: Bundle, request: BackendRequest, name: str, reason: str) -> Backend | InferenceError:
    try:
        return LADDER[name](bundle, request, reason)
    except InferenceError as error:
        return error


def _open_engine(bundle: Bundle, request: BackendRequest, reason: str) -> Backend:
    unavailable_reason = 'the engine policy is off' if request.engine_policy == OFF else engine_unavailable_reason()
    if unavailable_reason:
        msg = f'TensorRT cannot be used: {unavailable_reason}'
        raise InferenceError(msg)
    from audio_manifold_ros.inference.tensorrt.tensorrt_backend import TensorRtBackend
    from audio_manifold_ros.inference.tensorrt.torch_tensorrt_compiler import TensorRtToolchain

    return TensorRtBackend(bundle, TensorRtToolchain(request.cuda_device), request.warn, reason=reason)


def _open_rtx(bundle: Bundle, request: BackendRequest, reason: str) -> Backend:
    if find_spec(RTX_PLUGIN) is None:
        msg = f'TensorRT for RTX cannot be used: {RTX_PLUGIN} is not installed'
        raise InferenceError(msg)
    from audio_manifold_ros.inference.tensorrt.rtx_backend import RtxBackend

    number = int(request.cuda_device.partition(':')[2] or 0)
    return RtxBackend(bundle, request.warn, device_number=number, reason=reason)


def _open_rtx_as_requested(bundle: Bundle, request: BackendRequest) -> Backend:
    return _open_rtx(bundle, request, 'as requested')


def _open_torch_on_cuda(bundle: Bundle, request: BackendRequest, reason: str) -> Backend:
    if find_spec('torch') is None:
        msg = 'torch is not installed'
        raise InferenceError(msg)
    from audio_manifold_ros.inference.backends.torch_backend import TorchBackend

    return TorchBackend(bundle, request.cuda_device, request.threads, reason, request.warn)


def _open_onnx_on_cuda(bundle: Bundle, request: BackendRequest, reason: str) -> Backend:
    from audio_manifold_ros.inference.backends.onnx_backend import OnnxBackend

    return OnnxBackend(bundle, request.threads, reason, device=request.cuda_device, precision=request.precision)


def _open_cpu(bundle: Bundle, request: BackendRequest, reason: str) -> Backend:
    from audio_manifold_ros.inference.backends.onnx_backend import OnnxBackend

    return OnnxBackend(bundle, request.threads, reason, precision=request.precision, cores=request.cores)


def _open_onnx(bundle: Bundle, request: BackendRequest) -> Backend:
    if request.device != 'cpu':
        return _open_onnx_on_cuda(bundle, request, 'as requested')
    return _open_cpu(bundle, request, 'as requested')


def _open_torch(bundle: Bundle, request: BackendRequest) -> Backend:
    from audio_manifold_ros.inference.backends.torch_backend import TorchBackend

    return TorchBackend(bundle, request.device, request.threads, 'as requested', request.warn)


LADDER: Mapping[str, Callable[[Bundle, BackendRequest, str], Backend]] = {
    'tensorrt': _open_engine,
    'tensorrt_rtx': _open_rtx,
    'torch on CUDA': _open_torch_on_cuda,
    'onnx on CUDA': _open_onnx_on_cuda,
}
BACKENDS: Mapping[str, Callable[[Bundle, BackendRequest], Backend]] = {
    'auto': _open_auto,
    'onnx': _open_onnx,
    'torch': _open_torch,
    'tensorrt': _open_tensorrt,
    'tensorrt_rtx': _open_rtx_as_requested,
}
