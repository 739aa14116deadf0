# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Top view of the vehicles around the robot: ahead is up, left is left."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Protocol

import numpy as np

from audio_manifold_ros.common.array_types import RgbImage
from audio_manifold_ros.common.class_ids import CLASS_COLOURS
from audio_manifold_ros.drawing.images import write_text

RINGS_M = (10, 20, 50)
TOP_VIEW_LEGEND = 'disc: predicted, ring: true'
# The colours of vehicle classes are dark, so the ground is light.
GROUND, GRID, NUMBERS, ROBOT = (226, 229, 234), (172, 177, 186), (96, 102, 112), (30, 33, 40)
UNKNOWN_CLASS = (0, 0, 0)
# Radii as fractions of the side of the image. A true vehicle is a ring around the disc of the prediction.
PREDICTED_RADIUS, TRUE_RADIUS = 0.017, 0.026
MARGIN = 0.03
# Fixed point of the coordinates of OpenCV, so that places are not rounded to pixels.
FRACTION_BITS = 4


class PlacedVehicle(Protocol):
    """A vehicle with a class, a direction and a distance."""

    @property
    def category(self) -> str:
        """Name of its class."""

    @property
    def azimuth_rad(self) -> float:
        """Direction from ahead to the left."""

    @property
    def distance_m(self) -> float:
        """Horizontal distance from the centre of the view."""


def draw_top_view(predicted: Iterable[PlacedVehicle], true: Iterable[PlacedVehicle], size: int) -> RgbImage:
    """Draw vehicles in the colours of their classes: predicted ones as discs, true ones as rings.

    Circles of 10, 20 and 50 m are around the centre, where a triangle points ahead. Farther vehicles are left out.

    Args:
        predicted: Predicted vehicles.
        true: True vehicles, none where they are unknown.
        size: Rows and columns of the image.

    Returns:
        uint8 (row, column, 3), red first.

    """
    import cv2

    image: RgbImage = np.full((size, size, 3), GROUND, dtype=np.uint8)
    pixels_per_m = (0.5 - MARGIN) * size / RINGS_M[-1]
    middle = size // 2
    for ring_m in RINGS_M:
        radius = round(ring_m * pixels_per_m)
        cv2.circle(image, (middle, middle), radius, GRID, 1, cv2.LINE_AA)
        # Behind on the left, where the fewest vehicles are.
        offset = round(radius * math.sqrt(0.5))
        write_text(image, f'{ring_m} m', (middle - offset + 3, middle + offset - 3), NUMBERS, 0.34)
    half = max(round(0.02 * size), 2)
    triangle = np.array([(middle, middle - 2 * half), (middle - half, middle + half), (middle + half, middle + half)])
    cv2.fillPoly(image, [triangle.astype(np.int32)], ROBOT, cv2.LINE_AA)
    true_px, predicted_px = max(TRUE_RADIUS * size, 4.0), max(PREDICTED_RADIUS * size, 2.5)
    # Rings come last, so that a disc hides none.
    for vehicles, radius_px, thickness in ((predicted, predicted_px, cv2.FILLED), (true, true_px, 2)):
        for vehicle in vehicles:
            if vehicle.distance_m <= RINGS_M[-1]:
                place = _to_fixed_point(vehicle, middle, pixels_per_m)
                colour = CLASS_COLOURS.get(vehicle.category, UNKNOWN_CLASS)
                bits = FRACTION_BITS
                cv2.circle(image, place, round(radius_px * 2**bits), colour, thickness, cv2.LINE_AA, bits)
    return image


def _to_fixed_point(vehicle: PlacedVehicle, middle: int, pixels_per_m: float) -> tuple[int, int]:
    """Return the column and the row of a vehicle in units of 1 / 2**`FRACTION_BITS` pixels."""
    ahead_m = vehicle.distance_m * math.cos(vehicle.azimuth_rad)
    left_m = vehicle.distance_m * math.sin(vehicle.azimuth_rad)
    column, row = middle - left_m * pixels_per_m, middle - ahead_m * pixels_per_m
    return round(column * 2**FRACTION_BITS), round(row * 2**FRACTION_BITS)
