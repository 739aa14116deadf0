# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Toolchain of torch-tensorrt 2.8 to 2.13: the only module that calls it, imported only to build or run an engine."""

from __future__ import annotations

import importlib
import inspect
import platform as machine
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.backends.torch_backend import import_torch, torch_device
from audio_manifold_ros.inference.backends.transient_gpu_error import is_transient_gpu_error
from audio_manifold_ros.inference.tensorrt.engine_compiler import LoadedEngine
from audio_manifold_ros.inference.tensorrt.engine_key import Platform, Precision
from audio_manifold_ros.inference.tensorrt.engine_options import (
    compile_options,
    debugger_options,
    save_options,
    timing_cache_options,
)
from audio_manifold_ros.inference.tensorrt.engine_precision import check_precision, layer_types

ACCELERATED = '_run_on_acc'


class TensorRtToolchain:
    """torch-tensorrt on a CUDA device (see `Toolchain`)."""

    def __init__(self, device: str = 'cuda') -> None:
        """Import torch-tensorrt and choose the device.

        Args:
            device: `cuda` or `cuda:N`.

        Raises:
            InferenceError: A library is missing, or the device is not a CUDA device.

        """
        self._torch = import_torch()
        chosen = torch_device(self._torch, device)
        if chosen.type != 'cuda':
            msg = f"TensorRT runs on the device 'cuda' or 'cuda:N', not on {device!r}."
            raise InferenceError(msg)
        self.device = self._torch.device('cuda', chosen.index or 0)
        self._trt = _import('torch_tensorrt')
        self._tensorrt = _import('tensorrt')
        # Loading and building use the current device, not that of the tensors.
        self._torch.cuda.set_device(self.device)

    def platform(self) -> Platform:
        """Return the versions of the software, and the device."""
        torch = self._torch
        capability = torch.cuda.get_device_capability(self.device)
        return Platform(
            torch=str(torch.__version__),
            torch_tensorrt=str(self._trt.__version__),
            tensorrt=str(self._tensorrt.__version__),
            abi=self._abi(),
            cuda=str(torch.version.cuda),
            gpu=str(torch.cuda.get_device_name(self.device)),
            compute_capability=f'{capability[0]}.{capability[1]}',
            machine=machine.machine(),
        )

    def options(self) -> Mapping[str, object]:
        """Return the options of the compiler."""
        return compile_options(_parameters(self._trt.dynamo.compile), str(self._trt.__version__))

    def compile(self, core: Any, example: Any, engine: Path, timing_cache: Path) -> None:
        """Compile a network and save it.

        Raises:
            InferenceError: An operation has no converter, nothing was compiled, or the engine cannot be saved.

        """
        torch, trt = self._torch, self._trt
        version = str(trt.__version__)
        options = {**self.options(), **timing_cache_options(_parameters(trt.dynamo.compile), str(timing_cache))}
        saved = save_options(_parameters(trt.save), version)
        try:
            with torch.no_grad(), warnings.catch_warnings():
                warnings.simplefilter('ignore', DeprecationWarning)
                program = torch.export.export(core, (example,), strict=False)
                with trt.dynamo.Debugger(**debugger_options(version, str(engine.parent / 'debug'))):
                    compiled = trt.dynamo.compile(program, arg_inputs=[example], **options)
                require_compiled(compiled)
                trt.save(compiled, str(engine), arg_inputs=[example], **saved)
        except InferenceError:
            raise
        # Compiler, TensorRT and export have no common exception class, and use assertions.
        except Exception as error:
            msg = f'torch-tensorrt {version} cannot build the engine: {type(error).__name__}: {error}'
            raise InferenceError(msg) from error

    def load(self, engine: Path, precision: Precision) -> LoadedEngine:
        """Load an engine, and check its precision.

        Raises:
            InferenceError: The engine is from other versions or for another device, or has another precision.
            RuntimeError: The device fails.

        """
        torch = self._torch
        try:
            torch.cuda.set_device(self.device)
            # `torch_tensorrt.load` tries other formats first, or prints, depending on the version.
            program = torch.export.load(str(engine))
            infos = tuple(
                str(constant.get_engine_layer_info())
                for constant in program.constants.values()
                if hasattr(constant, 'get_engine_layer_info')
            )
            function = program.module()
        except Exception as error:
            # The runtime raises arbitrary classes. A fault of the device does not concern the engine.
            if is_transient_gpu_error(error):
                raise
            msg = f'torch-tensorrt {self._trt.__version__} cannot load it: {error}'
            raise InferenceError(msg) from None
        check_precision(layer_types(infos), precision)
        return LoadedEngine(function, infos)

    def _abi(self) -> str:
        try:
            return str(self._torch.ops.tensorrt.ABI_VERSION())
        except (AttributeError, RuntimeError):  # the Python runtime has no such function
            return 'none'


def require_compiled(compiled: Any) -> None:
    """Refuse a module that the compiler returned unchanged, which it reports only in its log.

    Raises:
        InferenceError: No part of the module runs on TensorRT.

    """
    parts = [name for name, _ in compiled.named_children()]
    if not any(ACCELERATED in name for name in parts):
        msg = f'torch-tensorrt compiled nothing: the parts of its result are {parts}.'
        raise InferenceError(msg)


def _import(name: str) -> Any:
    try:
        return importlib.import_module(name)
    # If a library of TensorRT is missing, torch-tensorrt raises FileNotFoundError or a bare Exception.
    except Exception as error:  # noqa: BLE001
        msg = f'TensorRT cannot be used: {name} does not load ({type(error).__name__}: {error})'
        raise InferenceError(msg) from None


def _parameters(function: Any) -> list[str]:
    return list(inspect.signature(function).parameters)
