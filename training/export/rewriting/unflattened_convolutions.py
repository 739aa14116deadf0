# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Convolutions of flattened maps as convolutions of the maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.export.rewriting.editable_graph import MAP_AXES, attribute, attributes_of

if TYPE_CHECKING:
    import onnx

    from training.export.rewriting.editable_graph import EditableGraph

RESHAPING = ('Reshape', 'Flatten', 'Unsqueeze', 'Squeeze')


def convolve_unflattened(graph: EditableGraph) -> None:
    """Replace a convolution whose input has the rows, or rows and columns, of maps in its channels.

    A kernel as high, or as large, as the maps computes the same. ONNX Runtime keeps maps in blocks of channels between
    convolutions, and a change of shape would take them apart.
    """
    for node in graph.nodes:
        if node.op_type == 'Conv' and attribute(node, 'group', 1) == 1:
            _unflatten(graph, node)


def _unflatten(graph: EditableGraph, convolution: onnx.NodeProto) -> None:
    maps = convolution.input[0]
    while (node := graph.producer(maps)) is not None and node.op_type in RESHAPING:
        maps = node.input[0]
    flat, shape = graph.shape(convolution.input[0]), graph.shape(maps)
    if maps == convolution.input[0] or len(shape) != MAP_AXES or shape[0] != flat[0]:
        return
    _, channels, rows, columns = shape
    features_out, _, height, width = graph.shape(convolution.input[1])
    attributes = attributes_of(convolution)
    if flat[1:] == (channels * rows * columns, 1, 1) and (height, width) == (1, 1):
        kernel, attributes['pads'] = (rows, columns), [0] * 4
    elif flat[1:] == (channels * rows, 1, columns) and height == 1 and attributes['pads'][::2] == [0, 0]:
        kernel = (rows, width)
    else:
        return
    weight = graph.reshape(convolution.input[1], (features_out, channels, *kernel))
    attributes['kernel_shape'] = list(kernel)
    inputs = [maps, weight, *convolution.input[2:]]
    graph.replace(convolution.output[0], graph.add('Conv', inputs, graph.shape(convolution.output[0]), **attributes))
