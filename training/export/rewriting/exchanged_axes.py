# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Convolutions before an exchange of rows and columns compute on exchanged maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.export.rewriting.editable_graph import MAP_AXES, attribute, attributes_of

if TYPE_CHECKING:
    import onnx

    from training.export.rewriting.editable_graph import EditableGraph

EXCHANGED = [0, 1, 3, 2]
ROWS, COLUMNS = 2, 3
UNCHANGED = ('BatchNormalization', 'Relu', 'Cast')
SUPPORTED = (*UNCHANGED, 'Conv', 'Add', 'Concat', 'Slice')


def exchange_axes(graph: EditableGraph) -> None:
    """Move each exchange of the last two axes to the start of the convolutions before it.

    The kernels of ONNX Runtime compute neighbouring columns at once. A map of 64 directions and 3 instants takes a
    third longer if the instants are its columns.
    """
    for node in graph.nodes:
        if node.op_type == 'Transpose' and list(attribute(node, 'perm')) == EXCHANGED:
            region = _region(graph, node)
            if any(graph.required_producer(tensor).op_type == 'Conv' for tensor in region):
                graph.replace(node.output[0], _Exchange(graph, region).exchanged(node.input[0]))


def _region(graph: EditableGraph, exchange: onnx.NodeProto) -> set[str]:
    """Return the tensors before an exchange that are used for it only."""
    region, pending = set[str](), [exchange.input[0]]
    while pending:
        tensor = pending.pop()
        node = graph.producer(tensor)
        if tensor in region or node is None or node.op_type not in SUPPORTED or graph.is_fixed(tensor):
            continue
        region.add(tensor)
        pending += node.input
    changed = True
    while changed:
        outside = {
            tensor
            for tensor in region
            if graph.is_output(tensor)
            or any(node is not exchange and node.output[0] not in region for node in graph.consumers(tensor))
        }
        region -= outside
        changed = bool(outside)
    return region


class _Exchange:
    def __init__(self, graph: EditableGraph, region: set[str]) -> None:
        self._graph, self._region = graph, region
        self._done: dict[str, str] = {}

    def exchanged(self, tensor: str) -> str:
        """Return a tensor with exchanged rows and columns."""
        if tensor not in self._done:
            if tensor in self._region:
                self._done[tensor] = self._computed(self._graph.required_producer(tensor))
            else:
                self._done[tensor] = self._transposed(tensor)
        return self._done[tensor]

    def _computed(self, node: onnx.NodeProto) -> str:
        graph = self._graph
        *batch, rows, columns = graph.shape(node.output[0])
        shape, first = (*batch, columns, rows), node.input[0]
        attributes = attributes_of(node)
        if node.op_type == 'Conv':
            top, left, bottom, right = attributes['pads']
            attributes |= {'pads': [left, top, right, bottom]}
            attributes |= {name: attributes[name][::-1] for name in ('kernel_shape', 'strides', 'dilations')}
            inputs = [self.exchanged(first), self._transposed(node.input[1]), *node.input[2:]]
        elif node.op_type in {'Add', 'Concat'}:
            inputs = [self.exchanged(tensor) for tensor in node.input]
            if node.op_type == 'Concat':
                attributes['axis'] = _exchanged_axis(attributes['axis'])
        elif node.op_type == 'Slice':
            axes = [_exchanged_axis(axis) for axis in graph.required_value(node.input[3]).tolist()]
            inputs = [self.exchanged(first), *node.input[1:3], graph.constant(axes), *node.input[4:]]
        else:
            inputs = [self.exchanged(first), *node.input[1:]]
        return graph.add(node.op_type, inputs, shape, **attributes)

    def _transposed(self, tensor: str) -> str:
        *first, rows, columns = self._graph.shape(tensor)
        return self._graph.add('Transpose', [tensor], (*first, columns, rows), perm=EXCHANGED)


def _exchanged_axis(axis: int) -> int:
    axis %= MAP_AXES
    return {ROWS: COLUMNS, COLUMNS: ROWS}.get(axis, axis)
