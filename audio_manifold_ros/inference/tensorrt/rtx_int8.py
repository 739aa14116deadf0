# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""int8 graph that TensorRT accepts, derived from the int8 graph of a bundle.

The graph of a bundle suits processors: unsigned activations with an offset, and biases in 32-bit integers. TensorRT
takes only symmetric signed activations and biases in single precision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import onnx
    from numpy.typing import NDArray

QUANTIZE, DEQUANTIZE = 'QuantizeLinear', 'DequantizeLinear'
MAX_UINT8, MAX_INT8 = 255, 127


def to_symmetric_int8(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a graph with symmetric signed activations and biases in single precision. The argument is not changed.

    An activation of the range [low, high] gets the scale max(|low|, |high|) / 127. No calibration is needed. Weights
    are signed and symmetric already, and stay as they are.
    """
    import onnx
    from onnx import numpy_helper

    result = onnx.ModelProto()
    result.CopyFrom(model)
    graph = result.graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    biases = {
        node.output[0]: node
        for node in graph.node
        if node.op_type == DEQUANTIZE and node.input[0] in constants and constants[node.input[0]].dtype == np.int32
    }
    changed = {name: _bias(node, constants) for name, node in biases.items()}
    for node in graph.node:
        if node.op_type in {QUANTIZE, DEQUANTIZE}:
            _, scale, zero = node.input
            if constants[zero].dtype == np.uint8:
                changed[scale] = _symmetric_scale(constants[scale], constants[zero])
                changed[zero] = np.zeros_like(constants[zero], dtype=np.int8)
    for node in biases.values():
        graph.node.remove(node)
    used = {name for node in graph.node for name in node.input}
    tensors = {**{tensor.name: tensor for tensor in graph.initializer}}
    tensors |= {name: numpy_helper.from_array(values, name) for name, values in changed.items()}
    del graph.initializer[:]
    graph.initializer.extend(tensor for name, tensor in tensors.items() if name in used)
    return result


def _bias(node: onnx.NodeProto, constants: dict[str, NDArray[np.generic]]) -> NDArray[np.float32]:
    """Return the bias of a node in single precision."""
    values = constants[node.input[0]].astype(np.float64) * constants[node.input[1]].astype(np.float64)
    return np.asarray(values, dtype=np.float32)


def _symmetric_scale(scale: NDArray[np.generic], zero: NDArray[np.generic]) -> NDArray[np.float32]:
    """Return the scale whose symmetric range contains that of an unsigned activation."""
    low, high = zero.astype(np.float32), MAX_UINT8 - zero.astype(np.float32)
    return np.asarray(scale.astype(np.float32) * np.maximum(low, high) / MAX_INT8, dtype=np.float32)
