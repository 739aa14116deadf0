# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rewriting of exported graphs: equal results in fewer or faster operations of the standard operator set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.export.rewriting.blocked_layout import average_by_pooling, normalise_by_convolutions, sum_small_first
from training.export.rewriting.closed_circles import extend_once
from training.export.rewriting.doubled_maps import convolve_before_doubling
from training.export.rewriting.editable_graph import EditableGraph
from training.export.rewriting.exchanged_axes import exchange_axes
from training.export.rewriting.exponentials import replace_powers
from training.export.rewriting.interpolated_images import classify_in_bands, interpolate_by_products
from training.export.rewriting.unflattened_convolutions import convolve_unflattened

if TYPE_CHECKING:
    import onnx

__all__ = ['rewrite_graph']

REWRITES = (
    convolve_before_doubling, classify_in_bands, interpolate_by_products, replace_powers, extend_once, exchange_axes,
    convolve_unflattened, sum_small_first, normalise_by_convolutions, average_by_pooling,
)  # fmt: skip


def rewrite_graph(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a graph that computes the same in less time on a processor.

    Args:
        model: A graph with internal weights and static shapes. It is changed.

    """
    graph = EditableGraph(model)
    for rewrite in REWRITES:
        rewrite(graph)
    return graph.finish()
