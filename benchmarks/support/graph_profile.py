# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Time and arithmetic of each layer of an ONNX graph, from the profiler of ONNX Runtime."""

from __future__ import annotations

import json
import math
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import onnx
import onnxruntime
import torch

from audio_manifold_ros.inference.backends.backend import INPUT_NAME
from audio_manifold_ros.inference.backends.onnx_backend import CPU_PROVIDER, session_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

WARM_UP_RUNS = 3
# Matrices whose product is shorter than a time slice, and the number of products.
MATRIX_SIZE, PRODUCTS_TIMED = 384, 60
KERNEL_SUFFIX = '_kernel_time'
CONVOLUTIONS = ('Conv', 'FusedConv', 'NhwcFusedConv')
TRANSPOSED = ('ConvTranspose',)
PRODUCTS = ('MatMul', 'FusedMatMul', 'Gemm', 'FusedGemm')
QUANTISED_CONVOLUTIONS = ('QLinearConv',)


@dataclass(frozen=True)
class LayerTime:
    """A layer of an optimised graph.

    Attributes:
        name: Name of its node. ONNX Runtime names fused and inserted nodes.
        operator: Its operator.
        output: Shape of its first output.
        seconds: Time of its fastest run. Other programs on the machine lengthen the others.
        flop: Floating-point operations of a convolution or matrix product, two for each multiplication, else 0.

    """

    name: str
    operator: str
    output: tuple[int, ...]
    seconds: float
    flop: int

    @property
    def gflop_per_s(self) -> float:
        """Rate of the arithmetic."""
        return self.flop / self.seconds / 1e9 if self.seconds else 0.0


def profile_graph(path: Path, features: NDArray[np.float32], runs: int) -> tuple[LayerTime, ...]:
    """Return the layers of a graph in the order of their execution on one thread.

    Args:
        path: The graph.
        features: Its input.
        runs: Number of runs.

    """
    options = session_options(1)
    options.enable_profiling = True
    with tempfile.TemporaryDirectory() as folder:
        options.profile_file_prefix = str(Path(folder) / 'profile')
        session = onnxruntime.InferenceSession(str(path), options, providers=[CPU_PROVIDER])
        for _ in range(WARM_UP_RUNS + runs):
            session.run(None, {INPUT_NAME: features})
        events = json.loads(Path(session.end_profiling()).read_text(encoding='utf-8'))
    return _layers(events, _transposed_kernels(path))


def peak_flop_per_s() -> float:
    """Return the rate of the fastest of some products of matrices in float32, on one thread."""
    torch.set_num_threads(1)
    matrix = torch.rand(MATRIX_SIZE, MATRIX_SIZE)
    product, seconds = torch.empty_like(matrix), []
    for _ in range(PRODUCTS_TIMED):
        started = perf_counter()
        torch.mm(matrix, matrix, out=product)
        seconds.append(perf_counter() - started)
    return 2 * MATRIX_SIZE**3 / min(seconds)


def _transposed_kernels(path: Path) -> dict[str, int]:
    """Return the weights per input channel of each transposed convolution. The profile does not state their shapes."""
    graph = onnx.load(str(path), load_external_data=False).graph
    shapes = {weights.name: tuple(weights.dims) for weights in graph.initializer}
    # Weights in half precision are cast.
    casts = {node.output[0]: node.input[0] for node in graph.node if node.op_type == 'Cast'}
    transposed = [node for node in graph.node if node.op_type == 'ConvTranspose']
    return {node.name: math.prod(shapes[casts.get(node.input[1], node.input[1])][1:]) for node in transposed}


def _layers(events: Sequence[Mapping[str, Any]], transposed_kernels: Mapping[str, int]) -> tuple[LayerTime, ...]:
    """Return the layers of the events of a profile."""
    durations = defaultdict[str, list[float]](list)
    arguments: dict[str, Mapping[str, Any]] = {}
    for event in events:
        name = event['name']
        if event.get('cat') == 'Node' and name.endswith(KERNEL_SUFFIX):
            durations[name].append(event['dur'] / 1e6)
            arguments.setdefault(name, event['args'])
    return tuple(
        LayerTime(
            name.removesuffix(KERNEL_SUFFIX),
            arguments[name]['op_name'],
            _shape(arguments[name]['output_type_shape'], 0),
            min(times[WARM_UP_RUNS:]),
            count_flop(arguments[name], transposed_kernels.get(name.removesuffix(KERNEL_SUFFIX), 0)),
        )
        for name, times in durations.items()
    )


def count_flop(arguments: Mapping[str, Any], transposed_kernel: int) -> int:
    """Return the operations of a layer.

    Args:
        arguments: Operator and shapes in its profile event.
        transposed_kernel: Weights per input channel of a transposed convolution.

    """
    operator, inputs = arguments['op_name'], arguments['input_type_shape']
    output = math.prod(_shape(arguments['output_type_shape'], 0))
    if operator in CONVOLUTIONS:
        return 2 * output * math.prod(_shape(inputs, 1)[1:])
    if operator in QUANTISED_CONVOLUTIONS:
        return 2 * output * math.prod(_shape(inputs, 3)[1:])
    if operator in TRANSPOSED:
        return 2 * math.prod(_shape(inputs, 0)) * transposed_kernel
    if operator in PRODUCTS:
        return 2 * output * _shape(inputs, 0)[-1]
    return 0


def _shape(entries: Sequence[Mapping[str, Sequence[int]]], index: int) -> tuple[int, ...]:
    """Return the shape of an input or output, which the profile states by its type."""
    (shape,) = entries[index].values()
    return tuple(shape)
