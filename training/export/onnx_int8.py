# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Static int8 quantisation of the convolutions of a bundle's graph, calibrated on windows."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.quant_utils import add_pre_process_metadata

from audio_manifold_ros.inference.backends.backend import INPUT_NAME
from training.export.onnx_graph import HALF_SUFFIX, MIN_HALF_ELEMENTS, set_metadata

if TYPE_CHECKING:
    from collections.abc import Mapping

QUANTISED = 'Conv'
# Latents are transposed to rows before the search of their nearest codes.
CODEBOOK_SEARCH_OP = 'Transpose'
SCALING = ('Add', 'Mul')
# Convolutions with fewer input or output channels process the microphone signals directly. Direction is in small
# differences between large numbers there. On 400 test streets, ABS_rel of an earlier bundle with the layers of
# models/paper_8x8 rose by 0.1 % if they stayed in single precision, and by 1.3 % if they were quantised.
MIN_CHANNELS = 16


def quantize_graph(model: Path, features: NDArray[np.float32], metadata: Mapping[str, str] | None = None) -> bytes:
    """Return a graph with int8 convolutions and internal weights.

    Weights are signed 7-bit values with a scale for each output channel: processors without int8 dot-product
    instructions (VNNI) add two products in 16 bits, which 8-bit weights would overflow. Activations are unsigned, from
    the minimum to the maximum over the windows. Transposed convolutions, the first layers, which process the microphone
    signals, the last layer before the codebook search, and the search stay in single precision.

    Args:
        model: A `model.onnx` in the folder of its weights.
        features: Windows (window, mic, height, width) for the calibration of the activation ranges.
        metadata: Description that the graph contains.

    """
    with tempfile.TemporaryDirectory() as folder:
        float_path, quantised = Path(folder) / 'float.onnx', Path(folder) / 'int8.onnx'
        _fold(model, float_path)
        quantize_static(
            float_path,
            quantised,
            _Windows(features),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=[QUANTISED],
            nodes_to_exclude=_excluded_convolutions(onnx.load(float_path)),
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
        graph = onnx.load(quantised)
    _halve(graph)
    set_metadata(graph, metadata or {})
    content: bytes = graph.SerializeToString(deterministic=True)
    return content


def _excluded_convolutions(model: onnx.ModelProto) -> list[str]:
    """Return the names of the convolutions that stay in single precision."""
    shapes = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    convolutions = [node for node in model.graph.node if node.op_type == QUANTISED]
    small = {node.name for node in convolutions if min(shapes[node.input[1]][:2]) < MIN_CHANNELS}
    return sorted(small | {node.name for node in convolutions if node.output[0] in _searched(model)})


def _searched(model: onnx.ModelProto) -> set[str]:
    """Return the tensors that enter the codebook search, and those from which they differ only by scale and offset."""
    constants = {tensor.name for tensor in model.graph.initializer}
    found = {name for node in model.graph.node if node.op_type == CODEBOOK_SEARCH_OP for name in node.input}
    for node in reversed(model.graph.node):
        if node.op_type in SCALING and node.output[0] in found:
            found |= set(node.input) - constants
    return found


class _Windows(CalibrationDataReader):
    def __init__(self, features: NDArray[np.float32]) -> None:
        self._remaining = iter(features)

    def get_next(self) -> Mapping[str, NDArray[np.float32]] | None:
        window = next(self._remaining, None)
        return None if window is None else {INPUT_NAME: window[None]}


def _fold(model: Path, target: Path) -> None:
    """Write a float32 graph with internal weights and folded batch normalisation."""
    inline = target.with_name('inline.onnx')
    onnx.save(onnx.load(model), inline)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(target)
    onnxruntime.InferenceSession(str(inline), options, providers=['CPUExecutionProvider'])
    folded = onnx.load(target)
    # Without this mark the quantisation warns that nothing was folded.
    add_pre_process_metadata(folded)
    onnx.save(folded, target)


def _halve(model: onnx.ModelProto) -> None:
    """Store large weights in half precision, each with a cast that ONNX Runtime folds when it loads the graph."""
    casts, kept = [], []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < MIN_HALF_ELEMENTS:
            kept.append(tensor)
            continue
        name = tensor.name
        kept.append(numpy_helper.from_array(values.astype(np.float16), name + HALF_SUFFIX))
        casts.append(helper.make_node('Cast', [name + HALF_SUFFIX], [name], name=f'{name}.cast', to=TensorProto.FLOAT))
    nodes = list(model.graph.node)
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend([*casts, *nodes])
