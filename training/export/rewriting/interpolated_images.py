# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Linear interpolation of maps to images as products with fixed matrices, and the class of each pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from training.export.rewriting.editable_graph import attribute, part_of

if TYPE_CHECKING:
    import onnx

    from training.export.rewriting.editable_graph import EditableGraph

# The images of some rows are computed after each other, so that they stay in the cache of a core.
BANDS = 4
HALF_PIXEL = ('half_pixel', 'pytorch_half_pixel')
ROWS_FIRST, CLASSES_LAST = [0, 2, 1, 3], [0, 2, 3, 1]


def interpolate_by_products(graph: EditableGraph) -> None:
    """Replace the interpolation of single maps, and of maps with one row, by products with fixed matrices."""
    for node in graph.nodes:
        if not _is_linear(node):
            continue
        batch, channels, rows, columns = graph.shape(node.input[0])
        height, width = graph.shape(node.output[0])[2:]
        if channels == 1 and height > rows and width > columns:
            wide = _across(graph, node.input[0], interpolation(columns, width))
            down = graph.constant(interpolation(rows, height))
            graph.replace(node.output[0], graph.add('MatMul', [down, wide], (batch, channels, height, width)))
        elif rows == height == 1:
            maps, matrix = node.input[0], interpolation(columns, width)
            part = part_of(graph, maps)
            if part is not None and part.axis == 3:
                maps = part.tensor
                matrix = _at_columns(matrix, slice(part.first, part.end), graph.shape(maps)[3])
            graph.replace(node.output[0], _across(graph, maps, matrix))


def classify_in_bands(graph: EditableGraph) -> None:
    """Compute the most probable class of each pixel from maps with neighbouring classes of a pixel.

    An interpolation before it, and fixed images that are added after it, become one matrix product for each band of
    rows.
    """
    for node in graph.nodes:
        if node.op_type != 'ArgMax' or attribute(node, 'axis') != 1 or attribute(node, 'keepdims', 1):
            continue
        batch, channels, rows, columns = graph.shape(node.input[0])
        maps, added = _interpolated(graph, node.input[0])
        if maps is not None and batch == 1 and rows % BANDS == 0:
            classes = _banded(graph, maps, added, (rows, columns))
        else:
            # Whole rows of a class stay together: single values would take longer to move.
            ordered = graph.add('Transpose', [node.input[0]], (batch, rows, channels, columns), perm=ROWS_FIRST)
            classes = graph.add('ArgMax', [ordered], (batch, rows, columns), axis=2, keepdims=0)
        graph.replace(node.output[0], classes)


def _interpolated(graph: EditableGraph, logits: str) -> tuple[str | None, list[str]]:
    """Return the maps that logits are interpolated from, None if they are not, and the fixed images added to them."""
    added: list[str] = []
    node = graph.producer(logits)
    while node is not None and node.op_type == 'Add' and graph.only_consumer(node.output[0]) is not None:
        fixed = [tensor for tensor in node.input if graph.is_fixed(tensor)]
        if len(fixed) != 1:
            return None, []
        added += fixed
        (varying,) = (tensor for tensor in node.input if tensor not in fixed)
        node = graph.producer(varying)
    is_found = node is not None and _is_linear(node) and graph.only_consumer(node.output[0]) is not None
    return (node.input[0] if node is not None and is_found else None), added


def _banded(graph: EditableGraph, maps: str, added: list[str], size: tuple[int, int]) -> str:
    """Return the class of each pixel (1, row, column) from maps (1, class, row, column) before the interpolation."""
    _, channels, rows, columns = graph.shape(maps)
    height, width = size
    ordered, order = _classes_last(graph, maps)
    across = graph.constant(np.ascontiguousarray(interpolation(columns, width)[:, order]))
    wide = graph.add('MatMul', [across, ordered], (1, rows, width, channels))
    wide = graph.reshape(wide, (rows, width * channels))
    fixed = _sum_of_images(graph, added, (channels, height, width))
    down, band = interpolation(rows, height), height // BANDS
    classes = []
    for start in range(0, height, band):
        weights = down[start : start + band]
        (used,) = np.nonzero(weights.any(axis=0))
        first, last = int(used[0]), int(used[-1]) + 1
        inputs = [
            graph.constant(np.ascontiguousarray(weights[:, first:last])),
            _rows(graph, wide, first, last),
            *([] if fixed is None else [_rows(graph, fixed, start, start + band)]),
        ]
        product = graph.add('MatMul' if fixed is None else 'Gemm', inputs, (band, width * channels))
        logits = graph.reshape(product, (1, band, width, channels))
        classes.append(graph.add('ArgMax', [logits], (1, band, width), axis=3, keepdims=0))
    return graph.add('Concat', classes, (1, height, width), axis=1)


def _classes_last(graph: EditableGraph, maps: str) -> tuple[str, NDArray[np.int64]]:
    """Return maps as (1, row, column, class), and the column of each of its columns.

    Maps that were put together from one pixel of four each need not be put in order for a product.
    """
    batch, channels, rows, columns = graph.shape(maps)
    phases = _phases(graph, maps)
    if phases is None:
        ordered = graph.add('Transpose', [maps], (batch, rows, columns, channels), perm=CLASSES_LAST)
        return ordered, np.arange(columns)
    shape = (batch, rows // 2, columns // 2, channels)
    parts = [graph.add('Transpose', [phase], shape, perm=CLASSES_LAST) for phase in phases]
    joined = graph.add('Concat', parts, (batch, rows // 2, 2 * columns, channels), axis=2)
    order = np.arange(columns).reshape(-1, 2).T.ravel()
    return graph.reshape(joined, (batch, rows, columns, channels)), order


def _phases(graph: EditableGraph, maps: str) -> list[str] | None:
    """Return the maps with every other row and column that maps were put together from, None if they were not."""
    node = graph.producer(maps)
    if node is None or node.op_type != 'DepthToSpace' or attribute(node, 'blocksize') != 2:
        return None
    joined = graph.producer(node.input[0])
    is_by_phase = attribute(node, 'mode', b'DCR') == b'DCR' and joined is not None and joined.op_type == 'Concat'
    if joined is None or not is_by_phase or len(joined.input) != 4:
        return None
    return list(joined.input)


def _sum_of_images(graph: EditableGraph, images: list[str], shape: tuple[int, int, int]) -> str | None:
    """Return the sum of fixed images as (row, column * class), None without any."""
    if not images:
        return None
    channels, height, width = shape
    total = graph.add('Expand', [images[0], graph.constant(np.array([1, *shape]))], (1, *shape))
    for image in images[1:]:
        total = graph.add('Add', [total, image], (1, *shape))
    ordered = graph.add('Transpose', [total], (1, height, width, channels), perm=CLASSES_LAST)
    return graph.reshape(ordered, (height, width * channels))


def _across(graph: EditableGraph, maps: str, matrix: NDArray[np.float32]) -> str:
    """Return maps with interpolated columns, from the matrix (wanted, known)."""
    shape = (*graph.shape(maps)[:3], len(matrix))
    return graph.add('MatMul', [maps, graph.constant(np.ascontiguousarray(matrix.T))], shape)


def _at_columns(matrix: NDArray[np.float32], places: slice, columns: int) -> NDArray[np.float32]:
    """Return a matrix (wanted, known) for maps of which it took a part of the columns."""
    whole = np.zeros((len(matrix), columns), np.float32)
    whole[:, places] = matrix
    return whole


def _rows(graph: EditableGraph, matrix: str, first: int, last: int) -> str:
    # TensorRT requires the axis.
    limits = [graph.constant(np.array([limit])) for limit in (first, last, 0)]
    return graph.add('Slice', [matrix, *limits], (last - first, *graph.shape(matrix)[1:]))


def _is_linear(node: onnx.NodeProto) -> bool:
    return (
        node.op_type == 'Resize'
        and attribute(node, 'mode') == b'linear'
        and attribute(node, 'coordinate_transformation_mode', b'half_pixel').decode() in HALF_PIXEL
    )


def interpolation(known: int, wanted: int) -> NDArray[np.float32]:
    """Return the matrix (wanted, known) of linear interpolation between the centres of pixels."""
    place = np.maximum((np.arange(wanted) + 0.5) * known / wanted - 0.5, 0)
    below = np.minimum(place.astype(np.int64), known - 1)
    above = np.minimum(below + 1, known - 1)
    matrix = np.zeros((wanted, known))
    np.add.at(matrix, (np.arange(wanted), below), 1 - (place - below))
    np.add.at(matrix, (np.arange(wanted), above), place - below)
    return matrix.astype(np.float32)
