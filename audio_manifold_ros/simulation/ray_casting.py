# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ray casting of one image, one ray per pixel, compiled by numba.

All solids are upright and the camera has yaw only. The slabs across a ray therefore separate into a part that depends
on the column (x, y) and a part that depends on the row (z). A depth is measured along the axis of the camera. The
buffers are depth, float64 (row, column), infinite in the sky, and labels, uint8 (row, column).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.compiled import compiled

# Objects beyond this distance are skipped: they are hidden or smaller than a pixel.
FAR_M = 200.0
NEAR_M = 0.3
# Types of camera and buffers in the signatures of compiled functions.
CAMERA_TYPE = 'Array(f8, 1, "C", readonly=True)'
IMAGE_TYPES = 'f8[:, ::1], u1[:, ::1]'


@compiled(f'UniTuple(i8, 2)({CAMERA_TYPE}, f8, f8, f8, i8)')
def visible_columns(camera: FloatArray, x: float, y: float, radius: float, columns: int) -> tuple[int, int]:
    """Return the first column and the last one + 1 that a circle around (x, y) may be in. Equal if in none.

    Args:
        camera: x, y and z of the camera, cosine and sine of its yaw, fx, fy, cx and cy (9,).
        x: Centre in the world.
        y: Centre in the world.
        radius: Radius in metres.
        columns: Width of the image.

    """
    relative_x, relative_y = x - camera[0], y - camera[1]
    ahead = relative_x * camera[3] + relative_y * camera[4]
    left = relative_y * camera[3] - relative_x * camera[4]
    if ahead + radius < NEAR_M or ahead - radius > FAR_M:
        return 0, 0
    if ahead - radius < NEAR_M:
        return 0, columns
    high, low = left + radius, left - radius
    most_left = high / (ahead - radius if high > 0 else ahead + radius)
    most_right = low / (ahead + radius if low > 0 else ahead - radius)
    first = max(0, math.floor(camera[7] - camera[5] * most_left))
    last = min(columns, math.ceil(camera[7] - camera[5] * most_right) + 1)
    return (first, last) if first < last else (0, 0)


@compiled(f'UniTuple(f8, 2)({CAMERA_TYPE}, i8)')
def ray_direction(camera: FloatArray, column: int) -> tuple[float, float]:
    """Return x and y of the rays of a column in the world, for a depth of 1. `camera` is as in `visible_columns`."""
    right = (column - camera[7]) / camera[5]
    return camera[3] + camera[4] * right, camera[4] - camera[3] * right


@compiled(f'void({CAMERA_TYPE}, UniTuple(f8, 2), UniTuple(f8, 2), i8, u1, {IMAGE_TYPES})')
def fill_column(
    camera: FloatArray,
    footprint: tuple[float, float],
    heights: tuple[float, float],
    column: int,
    label: int,
    depth: FloatArray,
    labels: NDArray[np.uint8],
) -> None:
    """Fill the pixels of a column whose rays hit a solid between two heights.

    Args:
        camera: As in `visible_columns`.
        footprint: Depths at which the rays of this column enter and leave the footprint of the solid.
        heights: Lowest and highest height of the solid.
        column: The column.
        label: Class id of the solid.
        depth: Depth buffer.
        labels: Label buffer.

    """
    entry, leave = footprint
    bottom, top = heights[0] - camera[2], heights[1] - camera[2]
    first = max(0, math.floor(camera[8] - camera[6] * max(top / entry, top / leave)))
    last = min(depth.shape[0], math.ceil(camera[8] - camera[6] * min(bottom / entry, bottom / leave)) + 1)
    for row in range(first, last):
        rise = (camera[8] - row) / camera[6]
        hit, out = entry, leave
        if rise > 0:
            hit, out = max(hit, bottom / rise), min(out, top / rise)
        elif rise < 0:
            hit, out = max(hit, top / rise), min(out, bottom / rise)
        elif not bottom < 0 < top:
            continue
        if hit < out and hit < depth[row, column]:
            depth[row, column] = hit
            labels[row, column] = label


@compiled(f'void({CAMERA_TYPE}, f8[:, ::1], u1[::1], {IMAGE_TYPES})')
def cast_boxes(
    camera: FloatArray, shapes: FloatArray, kinds: NDArray[np.uint8], depth: FloatArray, labels: NDArray[np.uint8]
) -> None:
    """Add boxes (box, 8) of classes (box,) to the buffers."""
    for box in range(len(shapes)):
        half_x, half_y, half_z = shapes[box, 5], shapes[box, 6], shapes[box, 7]
        first, last = visible_columns(
            camera, shapes[box, 0], shapes[box, 1], math.hypot(half_x, half_y), depth.shape[1]
        )
        cos, sin = shapes[box, 3], shapes[box, 4]
        relative_x, relative_y = camera[0] - shapes[box, 0], camera[1] - shapes[box, 1]
        x, y = relative_x * cos + relative_y * sin, relative_y * cos - relative_x * sin
        for column in range(first, last):
            world_x, world_y = ray_direction(camera, column)
            along, across = world_x * cos + world_y * sin, world_y * cos - world_x * sin
            if abs(along) < 1e-12:
                along = 1e-12
            if abs(across) < 1e-12:
                across = 1e-12
            first_x, second_x = (-half_x - x) / along, (half_x - x) / along
            first_y, second_y = (-half_y - y) / across, (half_y - y) / across
            entry = max(NEAR_M, min(first_x, second_x), min(first_y, second_y))
            leave = min(max(first_x, second_x), max(first_y, second_y))
            if entry < leave:
                heights = shapes[box, 2] - half_z, shapes[box, 2] + half_z
                fill_column(camera, (entry, leave), heights, column, kinds[box], depth, labels)


@compiled(f'void({CAMERA_TYPE}, f8[:, ::1], u1[::1], {IMAGE_TYPES})')
def cast_cylinders(
    camera: FloatArray, shapes: FloatArray, kinds: NDArray[np.uint8], depth: FloatArray, labels: NDArray[np.uint8]
) -> None:
    """Add vertical cylinders (cylinder, 8) of classes (cylinder,) to the buffers."""
    for solid in range(len(shapes)):
        radius, half_z = shapes[solid, 5], shapes[solid, 7]
        first, last = visible_columns(camera, shapes[solid, 0], shapes[solid, 1], radius, depth.shape[1])
        x, y = shapes[solid, 0] - camera[0], shapes[solid, 1] - camera[1]
        for column in range(first, last):
            world_x, world_y = ray_direction(camera, column)
            a = world_x * world_x + world_y * world_y
            b = world_x * x + world_y * y
            root = b * b - a * (x * x + y * y - radius * radius)
            if root <= 0:
                continue
            entry, leave = max(NEAR_M, (b - math.sqrt(root)) / a), (b + math.sqrt(root)) / a
            if entry < leave:
                heights = shapes[solid, 2] - half_z, shapes[solid, 2] + half_z
                fill_column(camera, (entry, leave), heights, column, kinds[solid], depth, labels)


@compiled(f'void({CAMERA_TYPE}, f8[:, ::1], u1[::1], {IMAGE_TYPES})')
def cast_ellipsoids(
    camera: FloatArray, shapes: FloatArray, kinds: NDArray[np.uint8], depth: FloatArray, labels: NDArray[np.uint8]
) -> None:
    """Add ellipsoids (ellipsoid, 8) of classes (ellipsoid,) to the buffers."""
    for solid in range(len(shapes)):
        half_x, half_y, half_z = shapes[solid, 5], shapes[solid, 6], shapes[solid, 7]
        first, last = visible_columns(camera, shapes[solid, 0], shapes[solid, 1], max(half_x, half_y), depth.shape[1])
        cos, sin = shapes[solid, 3], shapes[solid, 4]
        relative_x, relative_y = shapes[solid, 0] - camera[0], shapes[solid, 1] - camera[1]
        # The ellipsoid is scaled to a unit sphere. All rows of a column share its part of the quadratic.
        x, y = (relative_x * cos + relative_y * sin) / half_x, (relative_y * cos - relative_x * sin) / half_y
        z = (shapes[solid, 2] - camera[2]) / half_z
        flat = x * x + y * y - 1
        for column in range(first, last):
            world_x, world_y = ray_direction(camera, column)
            along, across = (world_x * cos + world_y * sin) / half_x, (world_y * cos - world_x * sin) / half_y
            a, b = along * along + across * across, along * x + across * y
            if flat > 0 and (b <= 0 or b * b <= a * flat):
                continue
            for row in range(depth.shape[0]):
                rise = (camera[8] - row) / camera[6] / half_z
                a_row, b_row = a + rise * rise, b + rise * z
                root = b_row * b_row - a_row * (flat + z * z)
                if root <= 0:
                    continue
                hit = (b_row - math.sqrt(root)) / a_row
                if NEAR_M < hit < depth[row, column]:
                    depth[row, column] = hit
                    labels[row, column] = kinds[solid]
