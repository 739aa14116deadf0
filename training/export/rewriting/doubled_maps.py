# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Convolutions of maps that were doubled by repetition, computed on the maps before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training.export.rewriting.editable_graph import POINTWISE, attribute, attributes_of

if TYPE_CHECKING:
    import onnx

    from training.export.rewriting.editable_graph import EditableGraph

# Each output row takes two rows of the maps before: by phase, their weights from the three rows of a kernel.
PHASE_WEIGHTS = (np.array([[1, 0, 0], [0, 1, 1]], np.float32), np.array([[1, 1, 0], [0, 0, 1]], np.float32))
PHASES = tuple((row, column) for row in range(2) for column in range(2))
# Smaller maps take as long in four convolutions as in one.
MIN_SPLIT_PIXELS = 256


def convolve_before_doubling(graph: EditableGraph) -> None:
    """Replace a 3 x 3 convolution of doubled maps by four 2 x 2 convolutions, one for each pixel of four.

    They take 4 of 9 operations. A 1 x 1 convolution comes before the doubling, with a quarter of the operations.
    """
    for node in graph.nodes:
        if not _doubles(graph, node):
            continue
        for consumer in graph.consumers(node.output[0]):
            if _is_convolution(consumer, 3) and np.prod(graph.shape(node.input[0])[2:]) >= MIN_SPLIT_PIXELS:
                _split(graph, node.input[0], consumer)
            elif _is_convolution(consumer, 1):
                _move(graph, node, consumer)


def _split(graph: EditableGraph, maps: str, convolution: onnx.NodeProto) -> None:
    chain = _pointwise_chain(graph, convolution)
    weight = convolution.input[1]
    batch, _, rows, columns = graph.shape(maps)
    features_out, features_in = graph.shape(weight)[:2]
    phases = []
    for row, column in PHASES:
        tall = graph.add('MatMul', [graph.constant(PHASE_WEIGHTS[row]), weight], (features_out, features_in, 2, 3))
        kernel = graph.add(
            'MatMul', [tall, graph.constant(PHASE_WEIGHTS[column].T.copy())], (features_out, features_in, 2, 2)
        )
        phase = graph.add(
            'Conv',
            [maps, kernel, *convolution.input[2:]],
            (batch, features_out, rows, columns),
            kernel_shape=[2, 2],
            strides=[1, 1],
            pads=[1 - row, 1 - column, row, column],
        )
        phases.append(_apply(graph, chain, phase))
    channels = graph.shape(phases[0])[1]
    joined = graph.add('Concat', phases, (batch, 4 * channels, rows, columns), axis=1)
    shape = (batch, channels, 2 * rows, 2 * columns)
    last = (chain or [convolution])[-1]
    graph.replace(last.output[0], graph.add('DepthToSpace', [joined], shape, blocksize=2, mode='DCR'))


def _move(graph: EditableGraph, doubling: onnx.NodeProto, convolution: onnx.NodeProto) -> None:
    chain = [convolution, *_pointwise_chain(graph, convolution)]
    before = _apply(graph, chain, doubling.input[0])
    last = chain[-1].output[0]
    attributes = attributes_of(doubling)
    graph.replace(last, graph.add('Resize', [before, *doubling.input[1:]], graph.shape(last), **attributes))


def _pointwise_chain(graph: EditableGraph, node: onnx.NodeProto) -> list[onnx.NodeProto]:
    """Return the nodes after a convolution that compute each pixel by itself."""
    chain: list[onnx.NodeProto] = []
    after = graph.only_consumer(node.output[0])
    while after is not None and (after.op_type in POINTWISE or _is_convolution(after, 1)):
        chain.append(after)
        after = graph.only_consumer(after.output[0])
    return chain


def _apply(graph: EditableGraph, chain: list[onnx.NodeProto], tensor: str) -> str:
    for node in chain:
        batch, _, rows, columns = graph.shape(tensor)
        attributes = attributes_of(node)
        shape = (batch, graph.shape(node.output[0])[1], rows, columns)
        tensor = graph.add(node.op_type, [tensor, *node.input[1:]], shape, **attributes)
    return tensor


def _doubles(graph: EditableGraph, node: onnx.NodeProto) -> bool:
    if node.op_type != 'Resize' or attribute(node, 'mode', b'nearest') != b'nearest':
        return False
    before, after = graph.shape(node.input[0]), graph.shape(node.output[0])
    return after == (*before[:2], 2 * before[2], 2 * before[3])


def _is_convolution(node: onnx.NodeProto, size: int) -> bool:
    return (
        node.op_type == 'Conv'
        and list(attribute(node, 'kernel_shape')) == [size, size]
        and list(attribute(node, 'strides', [1, 1])) == [1, 1]
        and list(attribute(node, 'dilations', [1, 1])) == [1, 1]
        and list(attribute(node, 'pads', [0] * 4)) == [size // 2] * 4
        and attribute(node, 'group', 1) == 1
    )
