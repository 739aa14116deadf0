# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Powers of a fixed base as exponential functions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from training.export.rewriting.editable_graph import EditableGraph


def replace_powers(graph: EditableGraph) -> None:
    """Replace b ** x by exp(x ln b), which ONNX Runtime computes for several pixels at once."""
    for node in graph.nodes:
        if node.op_type != 'Pow':
            continue
        base = graph.value(node.input[0])
        if base is None or base.size != 1 or base.dtype != np.float32 or float(base.item()) <= 0:
            continue
        exponent, shape = node.input[1], graph.shape(node.output[0])
        scaled = graph.add('Mul', [exponent, graph.constant(np.float32(math.log(base.item())))], shape)
        graph.replace(node.output[0], graph.add('Exp', [scaled], shape))
