# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ONNX graph that can be changed: producers, consumers, shapes and constants of its tensors."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

# Axes of maps (batch, channel, row, column).
MAP_AXES = 4
# Operators after a convolution that compute each place by itself.
POINTWISE = ('BatchNormalization', 'Relu')
# ONNX Runtime computes the shapes of the tensors without changes of its own.
ERRORS_ONLY = 3


class EditableGraph:
    """Nodes of a graph with static shapes. A change is a new node and the redirection of the consumers of a tensor.

    Attributes:
        model: The model. `finish` writes the changes to it.

    """

    def __init__(self, model: onnx.ModelProto) -> None:
        """Run the graph on zeros to get the shape of each tensor.

        Args:
            model: A model with internal weights and inputs of known shape.

        """
        self.model = model
        self._shapes, self._constants = _shapes_and_constants(model)
        self._nodes = [
            node if self._constants.keys().isdisjoint(node.output) else _constant(node.output[0], self._constants)
            for node in model.graph.node
        ]
        self._weights = {weight.name for weight in model.graph.initializer}
        self._count = 0
        self._varying = {entry.name for entry in model.graph.input}
        self._index()

    @property
    def nodes(self) -> tuple[onnx.NodeProto, ...]:
        """All nodes."""
        return tuple(self._nodes)

    def producer(self, tensor: str) -> onnx.NodeProto | None:
        """Return the node that computes a tensor, None for inputs and weights."""
        return self._producers.get(tensor)

    def consumers(self, tensor: str) -> list[onnx.NodeProto]:
        """Return the nodes that take a tensor."""
        return self._consumers.get(tensor, [])

    def only_consumer(self, tensor: str) -> onnx.NodeProto | None:
        """Return the node that takes a tensor, None if there is not exactly one, or the tensor is an output."""
        taken = self.consumers(tensor)
        return taken[0] if len(taken) == 1 and not self.is_output(tensor) else None

    def required_producer(self, tensor: str) -> onnx.NodeProto:
        """Return the node that computes a tensor that is no input and no weight."""
        return self._producers[tensor]

    def is_output(self, tensor: str) -> bool:
        """Return True if a tensor is an output of the graph."""
        return any(entry.name == tensor for entry in self.model.graph.output)

    def shape(self, tensor: str) -> tuple[int, ...]:
        """Return the shape of a tensor."""
        return self._shapes[tensor]

    def value(self, tensor: str) -> NDArray[Any] | None:
        """Return the value of a constant that is not computed from weights. None for other tensors."""
        return self._constants.get(tensor)

    def required_value(self, tensor: str) -> NDArray[Any]:
        """Return the value of a constant that is not computed from weights."""
        return self._constants[tensor]

    def is_fixed(self, tensor: str) -> bool:
        """Return True if a tensor depends on weights and constants only. A backend may replace weights."""
        return tensor not in self._varying

    def constant(self, values: Any) -> str:
        """Add an array or number as a constant, and return its name."""
        values, name = np.asarray(values), self._name('constant')
        self._constants[name], self._shapes[name] = values, values.shape
        node = _constant(name, self._constants)
        self._nodes.append(node)
        self._producers[name] = node
        return name

    def add(self, operator: str, inputs: Sequence[str], shape: Sequence[int], **attributes: Any) -> str:
        """Add a node and return its output.

        Args:
            operator: Its operator.
            inputs: Its inputs.
            shape: Shape of its output.
            attributes: Its attributes.

        """
        name = self._name(operator)
        node = helper.make_node(operator, list(inputs), [name], name=name, **attributes)
        self._nodes.append(node)
        self._shapes[name] = tuple(shape)
        self._producers[name] = node
        for tensor in inputs:
            self._consumers[tensor].append(node)
        if any(tensor in self._varying for tensor in inputs):
            self._varying.add(name)
        return name

    def reshape(self, tensor: str, shape: Sequence[int]) -> str:
        """Add a change of shape and return its output."""
        return self.add('Reshape', [tensor, self.constant(np.array(shape))], shape)

    def replace(self, old: str, new: str) -> None:
        """Give the consumers of a tensor another one. An output of the graph keeps its name."""
        for node in self._nodes:
            node.input[:] = [new if tensor == old else tensor for tensor in node.input]
        if any(entry.name == old for entry in self.model.graph.output):
            for node in self._nodes:
                node.output[:] = [f'{old}.replaced' if tensor == old else tensor for tensor in node.output]
            self._nodes.append(helper.make_node('Identity', [new], [old], name=old))
        self._index()

    def finish(self) -> onnx.ModelProto:
        """Return the model without unused nodes, in the order of computation."""
        needed = {entry.name for entry in self.model.graph.output}
        kept, pending = set[str](), list(needed)
        while pending:
            tensor = pending.pop()
            node = self._producers.get(tensor)
            if node is not None and node.output[0] not in kept:
                kept.add(node.output[0])
                pending += node.input
        ordered: list[onnx.NodeProto] = []
        done = {entry.name for entry in self.model.graph.input} | self._weights | {''}
        waiting = [node for node in self._nodes if node.output[0] in kept]
        while waiting:
            ready = [node for node in waiting if done.issuperset(node.input)]
            ordered += ready
            done |= {tensor for node in ready for tensor in node.output}
            waiting = [node for node in waiting if not done.issuperset(node.output)]
        graph = self.model.graph
        weights = [weight for weight in graph.initializer if any(weight.name in node.input for node in ordered)]
        del graph.node[:], graph.initializer[:]
        graph.node.extend(ordered)
        graph.initializer.extend(weights)
        return self.model

    def _name(self, kind: str) -> str:
        self._count += 1
        return f'/rewritten/{kind}_{self._count}'

    def _index(self) -> None:
        self._producers = {tensor: node for node in self._nodes for tensor in node.output}
        self._consumers = defaultdict[str, list[onnx.NodeProto]](list)
        for node in self._nodes:
            for tensor in node.input:
                self._consumers[tensor].append(node)
        pending = list(self._varying)
        while pending:
            for node in self._consumers[pending.pop()]:
                new = set(node.output) - self._varying
                self._varying |= new
                pending += new


@dataclass(frozen=True)
class Part:
    """Neighbouring places on one axis of a tensor.

    Attributes:
        tensor: The tensor.
        axis: The axis, from 0.
        first: First place.
        end: Place after the last one.

    """

    tensor: str
    axis: int
    first: int
    end: int


def part_of(graph: EditableGraph, tensor: str) -> Part | None:
    """Return the part of another tensor that a tensor consists of, None if it is no such part."""
    node = graph.producer(tensor)
    if node is None or node.op_type != 'Slice':
        return None
    values = [value for name in node.input[1:] if (value := graph.value(name)) is not None and value.size == 1]
    if len(values) < 3 or len(values) != len(node.input) - 1 or any(step.item() != 1 for step in values[3:]):
        return None
    whole = node.input[0]
    shape = graph.shape(whole)
    axis = int(values[2].item()) % len(shape)
    first, end, _ = slice(int(values[0].item()), int(values[1].item())).indices(shape[axis])
    return Part(whole, axis, first, end)


def attribute(node: onnx.NodeProto, name: str, default: Any = None) -> Any:
    """Return an attribute of a node."""
    return next((helper.get_attribute_value(entry) for entry in node.attribute if entry.name == name), default)


def attributes_of(node: onnx.NodeProto) -> dict[str, Any]:
    """Return all attributes of a node."""
    return {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}


def _constant(name: str, values: Mapping[str, NDArray[Any]]) -> onnx.NodeProto:
    return helper.make_node('Constant', [], [name], name=name, value=numpy_helper.from_array(values[name], name))


def _shapes_and_constants(model: onnx.ModelProto) -> tuple[dict[str, tuple[int, ...]], dict[str, NDArray[Any]]]:
    """Return the shape of each tensor, and the values of those that depend on constants only."""
    every = onnx.ModelProto()
    every.CopyFrom(model)
    graph = every.graph
    names = [tensor for node in graph.node for tensor in node.output]
    del graph.output[:]
    graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = ERRORS_ONLY
    session = onnxruntime.InferenceSession(every.SerializeToString(), options, providers=['CPUExecutionProvider'])
    inputs = {entry.name: np.zeros(entry.shape, np.float32) for entry in session.get_inputs()}
    values = dict(zip(names, session.run(names, inputs), strict=True))
    shapes = {name: value.shape for name, value in {**inputs, **values}.items()}
    shapes |= {weight.name: tuple(weight.dims) for weight in graph.initializer}
    varying = {*inputs, *(weight.name for weight in graph.initializer)}
    constants: dict[str, NDArray[Any]] = {}
    for node in graph.node:
        # The shape of a tensor does not depend on its values.
        if node.op_type == 'Shape' or varying.isdisjoint(node.input):
            constants |= {name: values[name] for name in node.output}
        else:
            varying |= set(node.output)
    return shapes, constants
