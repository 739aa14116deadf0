# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Choice of the backend by name."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING

from audio_manifold_ros.inference.errors import InferenceError

if TYPE_CHECKING:
    from audio_manifold_ros.inference.backend import Backend
    from audio_manifold_ros.inference.bundle import Bundle

MAX_THREADS = 64
CUDA_LIBRARIES = ('libcuda.so.1', 'libcuda.so')


def open_backend(bundle: Bundle, name: str = 'auto', device: str = 'cpu', threads: int = 2) -> Backend:
    """Open a backend; its `reason` says what runs and why.

    Args:
        bundle: A verified bundle.
        name: `onnx`, `torch`, or `auto`: torch where CUDA and torch are there, else onnx.
        device: Of torch: `cpu`, `cuda` or `cuda:N`. `auto` takes the first CUDA device unless one is named.
        threads: Threads of one prediction, on a CPU.

    Raises:
        InferenceError: The name is unknown, or the backend cannot work here.

    """
    if name not in BACKENDS:
        msg = f'The backend is {name!r}: give one of {sorted(BACKENDS)}.'
        raise InferenceError(msg)
    if not 1 <= threads <= MAX_THREADS:
        msg = f'The backend has {threads!r} threads: give 1 to {MAX_THREADS}.'
        raise InferenceError(msg)
    return BACKENDS[name](bundle, device, threads)


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


def _open_auto(bundle: Bundle, device: str, threads: int) -> Backend:
    found = cuda_devices()
    if not found:
        return _open_onnx(bundle, 'cpu', threads, 'there is no CUDA device')
    if find_spec('torch') is None:
        return _open_onnx(bundle, 'cpu', threads, f'there are {found} CUDA devices, but torch is not installed')
    chosen = device if device.startswith('cuda') else 'cuda'
    try:
        return _open_torch(bundle, chosen, threads, f'the driver knows {found} CUDA devices')
    except InferenceError as error:
        return _open_onnx(
            bundle, 'cpu', threads, f'there are {found} CUDA devices, but torch cannot use them ({error})'
        )


def _open_onnx(bundle: Bundle, device: str, threads: int, reason: str = 'as asked for') -> Backend:
    if device != 'cpu':
        msg = f"The backend 'onnx' runs on the device 'cpu', not on {device!r}: choose the backend 'torch' for CUDA."
        raise InferenceError(msg)
    from audio_manifold_ros.inference.onnx_backend import OnnxBackend

    return OnnxBackend(bundle, threads, reason)


def _open_torch(bundle: Bundle, device: str, threads: int, reason: str = 'as asked for') -> Backend:
    from audio_manifold_ros.inference.torch_backend import TorchBackend

    return TorchBackend(bundle, device, threads, reason)


def _refuse_tensorrt(bundle: Bundle, device: str, threads: int) -> Backend:
    del bundle, device, threads
    msg = "The backend 'tensorrt' is not built yet: choose 'auto', 'onnx' or 'torch'."
    raise InferenceError(msg)


BACKENDS: Mapping[str, Callable[[Bundle, str, int], Backend]] = {
    'auto': _open_auto,
    'onnx': _open_onnx,
    'torch': _open_torch,
    'tensorrt': _refuse_tensorrt,
}
