# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Build of an engine of TensorRT for RTX: one engine for all supported GPUs, on any machine."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.backends.backend import INPUT_NAME, input_shape, output_names
from audio_manifold_ros.inference.tensorrt.engine_cache import ENGINE_FILE, EngineCache
from audio_manifold_ros.inference.tensorrt.engine_key import FP32, INT8, EngineKey, Platform, Precision
from audio_manifold_ros.inference.tensorrt.engine_metadata import EngineMetadata
from audio_manifold_ros.inference.tensorrt.rtx_compiler import CAPABILITIES, SUPPORTED, RtxCompiler, RtxEngine
from audio_manifold_ros.inference.tensorrt.rtx_context import wrap_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from audio_manifold_ros.inference.bundle.bundle import Bundle

RTX_PRECISIONS: tuple[Precision, ...] = (FP32, INT8)
NOT_USED = 'not used'
# Options of the compiler, which belong to the key. `RtxCompiler` applies them.
OPTIONS: Mapping[str, object] = {'toolchain': 'tensorrt-rtx', 'strongly_typed': True, 'tf32': False}


def rtx_key(bundle: Bundle, precision: Precision, version: str) -> EngineKey:
    """Return the key of an engine of TensorRT for RTX. It names no GPU, so that a CPU can build the engine.

    Args:
        bundle: A verified bundle.
        precision: Precision of weights and activations.
        version: Version of TensorRT for RTX.

    Raises:
        InferenceError: The rig has another camera than the bundle.

    """
    if bundle.view is not None:
        msg = (
            f'TensorRT for RTX has engines for the camera of the bundle {bundle.manifest.name!r} only, and the rig has '
            'another one: choose another backend.'
        )
        raise InferenceError(msg)
    platform = Platform(
        torch=NOT_USED,
        torch_tensorrt=NOT_USED,
        tensorrt=version,
        abi='EPContext',
        cuda=NOT_USED,
        gpu=NOT_USED,
        compute_capability=SUPPORTED,
        machine=NOT_USED,
    )
    return EngineKey.for_bundle(bundle, precision, OPTIONS, platform)


def build_rtx_engine(
    bundle: Bundle,
    compiler: RtxCompiler,
    *,
    precision: Precision = FP32,
    cache: EngineCache | None = None,
    report: Callable[[str], None],
) -> Path:
    """Return the engine of a bundle. A missing engine is built, and compared by the first GPU that loads it.

    Args:
        bundle: A verified bundle.
        compiler: The builder.
        precision: `fp32`, or `int8` from the int8 graph of the bundle.
        cache: Cache of engines; that of the user by default.
        report: Function for each line about the progress.

    Raises:
        InferenceError: The bundle lacks the precision, or the graph cannot be compiled as a whole.

    """
    cache = cache or EngineCache()
    key = rtx_key(bundle, precision, compiler.version)
    with cache.lock(key, report):
        found = cache.find(key, report, unchecked=True)
        if found is not None:
            report(f'The engine exists: {found}')
            return found
        start_s = time.perf_counter()
        engine = compiler.compile(_graph(bundle, precision), tuple(CAPABILITIES))
        _require_interface(bundle, engine)
        with cache.scratch(key) as scratch:
            path = scratch / ENGINE_FILE
            path.write_bytes(wrap_engine(engine, compiler.version))
            build_s = time.perf_counter() - start_s
            metadata = EngineMetadata.of_build(bundle.manifest.name, key, path, build_s, check=None)
            stored = cache.store(key, path, metadata)
    report(
        f'Engine built in {metadata.build_s:.1f} s: {engine.layers} layers, {metadata.size / 1e6:.1f} MB, for compute '
        f'capability {SUPPORTED}. The first GPU that loads it compares it with the network. {stored}'
    )
    return stored


def _graph(bundle: Bundle, precision: Precision) -> Path | bytes:
    """Return the graph of a precision: the path of the float graph, or the derived int8 graph.

    Raises:
        InferenceError: The bundle has no int8 graph, or the precision is unknown.

    """
    if precision == FP32:
        return bundle.onnx_path
    if precision != INT8:
        msg = f'The precision is {precision!r}: TensorRT for RTX takes {" or ".join(RTX_PRECISIONS)}.'
        raise InferenceError(msg)
    import onnx

    from audio_manifold_ros.inference.tensorrt.rtx_int8 import to_symmetric_int8

    content: bytes = to_symmetric_int8(onnx.load(bundle.int8_path)).SerializeToString(deterministic=True)
    return content


def _require_interface(bundle: Bundle, engine: RtxEngine) -> None:
    """Refuse an engine whose inputs and outputs are not those of the manifest."""
    inputs, outputs = {INPUT_NAME: (1, *input_shape(bundle.manifest))}, set(output_names(bundle.manifest))
    if engine.inputs != inputs or set(engine.outputs) != outputs:
        msg = (
            f'The engine maps {engine.inputs} to {sorted(engine.outputs)}, the manifest states {inputs} and '
            f'{sorted(outputs)}: export the bundle again.'
        )
        raise InferenceError(msg)
