# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ray casting of the ground: road, cross streets, pavements and terrain."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.common.class_ids import ROAD, SIDEWALK, TERRAIN
from audio_manifold_ros.simulation.compiled import compiled
from audio_manifold_ros.simulation.ray_casting import CAMERA_TYPE, IMAGE_TYPES, ray_direction


@compiled('f8(f8[:, ::1], f8, f8)')
def road_offset(pieces: FloatArray, x: float, y: float) -> float:
    """Return the offset of a point to the left of the centre line.

    Args:
        pieces: Pieces of the road axis (piece, 7), as in `RoadAxis.pieces`.
        x: Position in the world.
        y: Position in the world.

    """
    nearest = 1e9
    for piece in range(len(pieces)):
        relative_x, relative_y = x - pieces[piece, 2], y - pieces[piece, 3]
        heading, curvature = pieces[piece, 4], pieces[piece, 5]
        if curvature == 0.0:
            station = relative_x * math.cos(heading) + relative_y * math.sin(heading)
            offset = relative_y * math.cos(heading) - relative_x * math.sin(heading)
        else:
            side = 1.0 if curvature > 0 else -1.0
            centre_x = relative_x + math.sin(heading) / curvature
            centre_y = relative_y - math.cos(heading) / curvature
            offset = side * (1.0 / abs(curvature) - math.hypot(centre_x, centre_y))
            turn = math.atan2(centre_y, centre_x) + side * math.pi / 2 - heading
            turn -= 2 * math.pi * math.floor(turn / (2 * math.pi) + 0.5)
            station = turn / curvature
        station += pieces[piece, 6]
        if pieces[piece, 0] <= station <= pieces[piece, 1] and abs(offset) < abs(nearest):
            nearest = offset
    return nearest


@compiled('i8(f8[:, ::1], f8, f8)')
def cross_street_label(junctions: FloatArray, x: float, y: float) -> int:
    """Return the class id of the ground of the cross streets at a point, terrain outside of them.

    Args:
        junctions: x, y, cosine and sine of the heading, half widths of road and street, and reach of the left and of
            the right arm (junction, 8).
        x: Position in the world.
        y: Position in the world.

    """
    label = TERRAIN
    for junction in range(len(junctions)):
        relative_x, relative_y = x - junctions[junction, 0], y - junctions[junction, 1]
        cos, sin = junctions[junction, 2], junctions[junction, 3]
        across = abs(relative_x * cos + relative_y * sin)
        offset = relative_y * cos - relative_x * sin
        reach = junctions[junction, 6] if offset > 0 else junctions[junction, 7]
        if abs(offset) < reach and across < junctions[junction, 5]:
            if across < junctions[junction, 4]:
                return ROAD
            label = SIDEWALK
    return label


@compiled(f'void({CAMERA_TYPE}, f8[:, ::1], f8[:, ::1], f8[::1], {IMAGE_TYPES})')
def cast_ground(
    camera: FloatArray,
    pieces: FloatArray,
    junctions: FloatArray,
    edges: FloatArray,
    depth: FloatArray,
    labels: NDArray[np.uint8],
) -> None:
    """Fill all pixels below the horizon.

    Args:
        camera: As in `visible_columns`.
        pieces: As in `road_offset`.
        junctions: As in `cross_street_label`.
        edges: Offsets of left kerb, right kerb, left and right end of the pavements (4,).
        depth: Depth buffer.
        labels: Label buffer.

    """
    for row in range(depth.shape[0]):
        fall = (row - camera[8]) / camera[6]
        if fall <= 0:
            continue
        distance = camera[2] / fall
        for column in range(depth.shape[1]):
            ray_x, ray_y = ray_direction(camera, column)
            x, y = camera[0] + distance * ray_x, camera[1] + distance * ray_y
            offset = road_offset(pieces, x, y)
            label = ROAD if edges[1] < offset < edges[0] else cross_street_label(junctions, x, y)
            if label == TERRAIN and edges[3] < offset < edges[2]:
                label = SIDEWALK
            depth[row, column] = distance
            labels[row, column] = label
