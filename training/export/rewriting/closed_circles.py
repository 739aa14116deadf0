# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Convolutions closed over a circle: one extension of the maps before several of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from training.export.rewriting.editable_graph import MAP_AXES, POINTWISE, Part, attribute, attributes_of, part_of

if TYPE_CHECKING:
    import onnx

    from training.export.rewriting.editable_graph import EditableGraph


@dataclass(frozen=True)
class _ClosedConvolution:
    """A convolution of maps whose first and last places on an axis are repeated at the other end.

    Attributes:
        maps: The maps.
        axis: The axis.
        reach: Number of repeated places at each end.
        layers: The convolution, and the operators after it that compute each place by itself.

    """

    maps: str
    axis: int
    reach: int
    layers: tuple[onnx.NodeProto, ...]

    @property
    def output(self) -> str:
        """Return the last tensor."""
        return str(self.layers[-1].output[0])


def extend_once(graph: EditableGraph) -> None:
    """Extend the maps before a chain of closed convolutions for all of them, in place of before each.

    A few places are computed twice. Taking maps apart between convolutions would take longer.
    """
    closed = [found for node in graph.nodes if (found := _closed_convolution(graph, node)) is not None]
    by_maps = {(layer.maps, layer.axis): layer for layer in closed}
    outputs = {(layer.output, layer.axis) for layer in closed}
    for first in closed:
        if (first.maps, first.axis) in outputs:
            continue
        chain = [first]
        while (following := by_maps.get((chain[-1].output, first.axis))) is not None:
            # The extension consists of three nodes.
            if len(graph.consumers(following.maps)) != 3:
                break
            chain.append(following)
        if len(chain) > 1 and sum(layer.reach for layer in chain) <= graph.shape(first.maps)[first.axis]:
            graph.replace(chain[-1].output, _extended(graph, chain))


def _extended(graph: EditableGraph, chain: list[_ClosedConvolution]) -> str:
    """Return the output of a chain of closed convolutions of maps that are extended once."""
    maps, axis, reach = chain[0].maps, chain[0].axis, sum(layer.reach for layer in chain)
    shape = list(graph.shape(maps))
    size, shape[axis] = shape[axis], reach
    ends = [
        graph.add('Slice', [maps, *(graph.constant([value]) for value in (first, last, axis))], shape)
        for first, last in ((size - reach, size), (0, reach))
    ]
    length = shape[axis] = size + 2 * reach
    tensor = graph.add('Concat', [ends[0], maps, ends[1]], shape, axis=axis)
    for layer in chain:
        length -= 2 * layer.reach
        for node in layer.layers:
            shape = list(graph.shape(node.output[0]))
            shape[axis] = length
            tensor = graph.add(node.op_type, [tensor, *node.input[1:]], shape, **attributes_of(node))
    return tensor


def _closed_convolution(graph: EditableGraph, extension: onnx.NodeProto) -> _ClosedConvolution | None:
    if extension.op_type != 'Concat' or len(extension.input) != 3 or len(graph.shape(extension.output[0])) != MAP_AXES:
        return None
    before, maps, after = extension.input
    axis = attribute(extension, 'axis') % MAP_AXES
    convolution = graph.only_consumer(extension.output[0])
    reach, size = graph.shape(before)[axis], graph.shape(maps)[axis]
    if (
        axis < 2
        or convolution is None
        or convolution.op_type != 'Conv'
        or part_of(graph, before) != Part(maps, axis, size - reach, size)
        or part_of(graph, after) != Part(maps, axis, 0, reach)
        or graph.shape(convolution.output[0])[axis] != size
        or attribute(convolution, 'pads')[axis - 2 :: 2] != [0, 0]
        or attribute(convolution, 'strides')[axis - 2] != 1
    ):
        return None
    layers = [convolution]
    while (node := graph.only_consumer(layers[-1].output[0])) is not None and node.op_type in POINTWISE:
        layers.append(node)
    return _ClosedConvolution(maps, axis, reach, tuple(layers))
