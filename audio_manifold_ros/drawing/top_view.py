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
from audio_manifold_ros.drawing.images import text_size, write_text

RINGS_M = (10, 20, 50)
TOP_VIEW_LEGEND = 'disc: predicted, ring: true'
# The colours of vehicle classes are dark, so the ground is light.
GROUND, GRID, NUMBERS, DARK = (226, 229, 234), (172, 177, 186), (96, 102, 112), (30, 33, 40)
UNKNOWN_CLASS = (0, 0, 0)
# Radii as fractions of the side of the image. A true vehicle is a ring around the disc of the prediction.
PREDICTED_RADIUS, TRUE_RADIUS = 0.017, 0.026
MARGIN = 0.03
# Size of the own car as fractions of the side of the image, a little larger than to scale.
CAR_LENGTH, CAR_WIDTH = 0.064, 0.032
NUMBER_SIZE, LABEL_SIZE = 0.34, 0.38
# Width in pixels of the ground around a text.
HALO = 2
# Fixed point of the coordinates of OpenCV, so that places are not rounded to pixels.
FRACTION_BITS = 4

# Left, top, right and bottom in pixels.
Box = tuple[float, float, float, float]


class PlacedVehicle(Protocol):
    """A vehicle with a class, a direction, a distance and a probability."""

    @property
    def category(self) -> str:
        """Name of its class."""

    @property
    def azimuth_rad(self) -> float:
        """Direction from ahead to the left."""

    @property
    def distance_m(self) -> float:
        """Horizontal distance from the centre of the view."""

    @property
    def probability(self) -> float:
        """Probability that it exists. It is shown for predictions only."""


def draw_top_view(predicted: Iterable[PlacedVehicle], true: Iterable[PlacedVehicle], size: int) -> RgbImage:
    """Draw vehicles in the colours of their classes: predicted ones as discs, true ones as rings.

    Class and probability are next to each disc. Circles of 10, 20 and 50 m are around the array on the own car, which
    points ahead. Farther vehicles are left out.

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
    occupied: list[Box] = []
    for ring_m in RINGS_M:
        radius = round(ring_m * pixels_per_m)
        cv2.circle(image, (middle, middle), radius, GRID, 1, cv2.LINE_AA)
        # Outside of the circle, behind on the left, where the fewest vehicles are.
        text, offset = f'{ring_m} m', round(radius * math.sqrt(0.5)) + 3
        width, height = text_size(text, NUMBER_SIZE)
        left, bottom = middle - offset - width, middle + offset + height // 2
        write_text(image, text, (left, bottom), NUMBERS, NUMBER_SIZE)
        occupied.append((left, bottom - height, left + width, bottom))
    occupied.append(_draw_car(image, middle))
    disc_px, ring_px = max(PREDICTED_RADIUS * size, 2.5), max(TRUE_RADIUS * size, 4.0)
    shown = [vehicle for vehicle in predicted if vehicle.distance_m <= RINGS_M[-1]]
    places = [_place(vehicle, middle, pixels_per_m) for vehicle in shown]
    for vehicle, place in zip(shown, places, strict=True):
        occupied.append(_draw_circle(image, place, disc_px, vehicle.category, cv2.FILLED))
    # Rings come last, so that a disc hides none.
    for vehicle in true:
        if vehicle.distance_m <= RINGS_M[-1]:
            place = _place(vehicle, middle, pixels_per_m)
            occupied.append(_draw_circle(image, place, ring_px, vehicle.category, 2))
    for vehicle, place in zip(shown, places, strict=True):
        _write_label(image, f'{vehicle.category} {vehicle.probability:.0%}', place, ring_px + 4, occupied)
    return image


def _draw_car(image: RgbImage, middle: int) -> Box:
    """Draw the own car with a dot for the array, and return its box."""
    import cv2

    size = image.shape[0]
    length, width = max(CAR_LENGTH * size, 8), max(CAR_WIDTH * size, 4)
    outline = np.array([(0, -0.65), (0.5, -0.3), (0.5, 0.5), (-0.5, 0.5), (-0.5, -0.3)]) * (width, length) + middle
    cv2.fillPoly(image, [outline.round().astype(np.int32)], DARK, cv2.LINE_AA)
    cv2.circle(image, (middle, middle), round(width / 4), GROUND, cv2.FILLED, cv2.LINE_AA)
    return middle - width / 2, middle - 0.65 * length, middle + width / 2, middle + 0.5 * length


def _draw_circle(image: RgbImage, place: tuple[float, float], radius_px: float, category: str, thickness: int) -> Box:
    """Draw a disc or a ring in the colour of a class, and return its box."""
    import cv2

    (x, y), unit = place, 2**FRACTION_BITS
    colour = CLASS_COLOURS.get(category, UNKNOWN_CLASS)
    centre = round(x * unit), round(y * unit)
    cv2.circle(image, centre, round(radius_px * unit), colour, thickness, cv2.LINE_AA, FRACTION_BITS)
    return x - radius_px, y - radius_px, x + radius_px, y + radius_px


def _write_label(image: RgbImage, text: str, place: tuple[float, float], gap: float, occupied: list[Box]) -> None:
    """Write a text next to a place, where it covers the least of the occupied boxes, and add its box to them.

    A text without room inside the image is left out.
    """
    x, y = place
    width, height = text_size(text, LABEL_SIZE)
    left, top = x - width / 2, y - height / 2
    corners = ((x + gap, top), (x - gap - width, top), (left, y - gap - height), (left, y + gap))
    boxes = [(left - HALO, top - HALO, left + width + HALO, top + height + HALO) for left, top in corners]
    inside = [box for box in boxes if min(box) >= 0 and max(box) <= image.shape[0]]
    if not inside:
        return
    best = min(inside, key=lambda box: sum(_overlap(box, other) for other in occupied))
    at = round(best[0] + HALO), round(best[3] - HALO)
    write_text(image, text, at, GROUND, LABEL_SIZE, 2 * HALO)
    write_text(image, text, at, DARK, LABEL_SIZE)
    occupied.append(best)


def _overlap(first: Box, second: Box) -> float:
    """Return the common area of two boxes in square pixels."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    return max(width, 0.0) * max(height, 0.0)


def _place(vehicle: PlacedVehicle, middle: int, pixels_per_m: float) -> tuple[float, float]:
    """Return the column and the row of a vehicle."""
    ahead_m = vehicle.distance_m * math.cos(vehicle.azimuth_rad)
    left_m = vehicle.distance_m * math.sin(vehicle.azimuth_rad)
    return middle - left_m * pixels_per_m, middle - ahead_m * pixels_per_m
