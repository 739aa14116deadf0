# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Choice of the backend by name."""

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
# They may run on a CPU by ONNX Runtime, which has bundles' other precisions.
CPU_BACKENDS = ('auto', 'onnx')
CUDA_LIBRARIES = ('libcuda.so.1', 'libcuda.so')
REQUIRE, BUILD, LOAD_ONLY, OFF = 'require', 'build', 'load_only', 'off'
ENGINE_POLICIES = (REQUIRE, BUILD, LOAD_ONLY, OFF)


@dataclass(frozen=True)
class BackendRequest:
    """What is wanted of a backend.

    Attributes:
        device: As `open_backend` says.
        threads: Of one prediction, on a CPU.
        engine_policy: As `open_backend` says.
        warn: Told in a sentence what goes wrong and does not end the search.
        precision: As `open_backend` says.
        cores: As `open_backend` says.

    """

    device: str
    threads: int
    engine_policy: str
    warn: Callable[[str], None]
    precision: str
    cores: tuple[int, ...]

    @property
    def cuda_device(self) -> str:
        """The CUDA device: the first one unless another is named."""
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
    """Open a backend; its `reason` says what runs and why. Nothing is ever built here.

    `auto` takes the first of these that works: an engine of TensorRT, torch on CUDA, ONNX Runtime on CUDA, ONNX
    Runtime on the CPU. `tensorrt` takes the same, but warns where it does not get its engine.

    Args:
        bundle: A verified bundle.
        name: `tensorrt`, `torch`, `onnx` or `auto`.
        device: Of torch: `cpu`, `cuda` or `cuda:N`. Others take the first CUDA device unless one is named.
        threads: Threads of one prediction, on a CPU.
        engine_policy: What is done about engines of TensorRT: `require` fails without one, `build` and `load_only` go
            on with the next best (the node starts a build with the former), `off` does not look for one.
        warn: Told in a sentence what was set aside or missed.
        precision: Of ONNX Runtime on a CPU: `float32` or `int8`. `int8` is refused where the bundle lacks it, and by
            backends that have their own precision.
        cores: Of ONNX Runtime on a CPU: processors that its threads are pinned to, one each, instead of `threads`.

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


def cuda_devices() -> int:
    """Return how many devices the CUDA driver knows, without loading torch."""
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
    """Say why no engine of TensorRT can be built or run on this machine at all, or nothing."""
    if not cuda_devices():
        return 'there is no CUDA device'
    missing = [module for module in ('torch', 'torch_tensorrt') if find_spec(module) is None]
    return f'{" and ".join(missing)} is not installed' if missing else ''


def _open_auto(bundle: Bundle, request: BackendRequest) -> Backend:
    if request.precision != FLOAT32:
        return _open_cpu(bundle, request, f'{request.precision} is asked for')
    if request.engine_policy == REQUIRE:
        return _open_engine(bundle, request, 'an engine is required')
    return _open_first(bundle, request, tuple(LADDER), '')


def _open_tensorrt(bundle: Bundle, request: BackendRequest) -> Backend:
    if request.engine_policy == OFF:
        msg = "The backend is 'tensorrt', but the engine policy 'off': choose another of either."
        raise InferenceError(msg)
    try:
        return _open_engine(bundle, request, 'as asked for')
    except InferenceError as error:
        if request.engine_policy == REQUIRE:
            raise
        request.warn(f'{error}. The next best backend serves.')
        return _open_first(bundle, request, tuple(LADDER)[1:], str(error))


def _open_first(bundle: Bundle, request: BackendRequest, names: tuple[str, ...], skip_reason: str) -> Backend:
    """Open the first that works of some entries of the ladder; the reason says why those before it do not."""
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
        return _open_onnx_on_cuda(bundle, request, 'as asked for')
    return _open_cpu(bundle, request, 'as asked for')


def _open_torch(bundle: Bundle, request: BackendRequest) -> Backend:
    from audio_manifold_ros.inference.backends.torch_backend import TorchBackend

    return TorchBackend(bundle, request.device, request.threads, 'as asked for', request.warn)


LADDER: Mapping[str, Callable[[Bundle, BackendRequest, str], Backend]] = {
    'tensorrt': _open_engine,
    'torch on CUDA': _open_torch_on_cuda,
    'onnx on CUDA': _open_onnx_on_cuda,
}
BACKENDS: Mapping[str, Callable[[Bundle, BackendRequest], Backend]] = {
    'auto': _open_auto,
    'onnx': _open_onnx,
    'torch': _open_torch,
    'tensorrt': _open_tensorrt,
}
