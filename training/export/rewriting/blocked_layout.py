# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Operators between convolutions as operators for which ONNX Runtime keeps maps in blocks of channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training.export.rewriting.editable_graph import MAP_AXES, attribute

if TYPE_CHECKING:
    import onnx

    from training.export.rewriting.editable_graph import EditableGraph


def normalise_by_convolutions(graph: EditableGraph) -> None:
    """Replace each batch normalisation after a sum by a 1 x 1 convolution with a weight for each channel.

    After a convolution, ONNX Runtime folds batch normalisation. After a sum it would convert the maps to their plain
    layout for it, and for each sum after it.
    """
    for node in graph.nodes:
        if node.op_type == 'BatchNormalization' and _comes_after_a_sum(graph, node):
            _convolve(graph, node)


def sum_small_first(graph: EditableGraph) -> None:
    """Add maps with one row before fixed maps of full size."""
    for node in graph.nodes:
        if node.op_type != 'Add':
            continue
        size = graph.shape(node.output[0])
        first = next((graph.producer(tensor) for tensor in node.input if graph.shape(tensor) == size), None)
        small = [tensor for tensor in node.input if graph.shape(tensor) != size]
        if first is None or first.op_type != 'Add' or graph.only_consumer(first.output[0]) is None or len(small) != 1:
            continue
        fixed = [tensor for tensor in first.input if graph.is_fixed(tensor) and graph.shape(tensor) == size]
        others = [tensor for tensor in first.input if tensor not in fixed]
        if len(fixed) == 1 and len(others) == 1:
            shape = np.broadcast_shapes(graph.shape(small[0]), graph.shape(others[0]))
            total = graph.add('Add', [small[0], others[0]], shape)
            graph.replace(node.output[0], graph.add('Add', [fixed[0], total], size))


def average_by_pooling(graph: EditableGraph) -> None:
    """Replace means over all rows and columns by global average pooling."""
    for node in graph.nodes:
        if node.op_type != 'ReduceMean' or not attribute(node, 'keepdims', 1):
            continue
        before, after = graph.shape(node.input[0]), graph.shape(node.output[0])
        if len(before) == MAP_AXES and before[1] > 1 and after == (*before[:2], 1, 1):
            graph.replace(node.output[0], graph.add('GlobalAveragePool', [node.input[0]], after))


def _comes_after_a_sum(graph: EditableGraph, node: onnx.NodeProto) -> bool:
    before = graph.producer(node.input[0])
    return before is not None and before.op_type == 'Add' and len(graph.shape(node.input[0])) == MAP_AXES


def _convolve(graph: EditableGraph, node: onnx.NodeProto) -> None:
    maps, scale, shift, mean, variance = node.input
    (channels,) = graph.shape(scale)
    stable = graph.add('Add', [variance, graph.constant(np.float32(attribute(node, 'epsilon', 1e-5)))], (channels,))
    factor = graph.add('Div', [scale, graph.add('Sqrt', [stable], (channels,))], (channels,))
    bias = graph.add('Sub', [shift, graph.add('Mul', [mean, factor], (channels,))], (channels,))
    convolved = graph.add(
        'Conv',
        [maps, graph.reshape(factor, (channels, 1, 1, 1)), bias],
        graph.shape(node.output[0]),
        kernel_shape=[1, 1],
        strides=[1, 1],
        dilations=[1, 1],
        pads=[0] * 4,
        group=channels,
    )
    graph.replace(node.output[0], convolved)
