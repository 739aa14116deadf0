# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Specular reflection in an upright cylinder: point of reflection, spreading, delay and direction of the echo."""

from __future__ import annotations

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.compiled import compiled

# The normal is computed this often. From distances of five radii on, the length of the path is exact within 0.02 mm.
PASSES = 2
TINY = 1e-9


@compiled('UniTuple(f8, 5)(UniTuple(f8, 3), f8, f8, f8, f8)')
def reflect_in_cylinder(
    shape: tuple[float, float, float], source_x: float, source_y: float, receiver_x: float, receiver_y: float
) -> tuple[float, ...]:
    """Return the horizontal reflection of a source, as a receiver finds it.

    The normal at the point of reflection is the bisector of the directions to source and receiver.

    Args:
        shape: x and y of the axis, and radius.
        source_x: Source along x.
        source_y: Source along y.
        receiver_x: Receiver along x.
        receiver_y: Receiver along y.

    Returns:
        Horizontal distances of the point of reflection from source and receiver, cosine of the angle of incidence in
        the horizontal plane, and x and y of the point of reflection. The cosine is 0 without a reflection: source and
        receiver are on opposite sides of the cylinder, or one is inside.

    """
    x, y, radius = shape
    px, py = x, y
    outward = homeward = cosine = 0.0
    for turn in range(PASSES + 1):
        sx, sy, rx, ry = source_x - px, source_y - py, receiver_x - px, receiver_y - py
        outward, homeward = np.sqrt(sx**2 + sy**2) + TINY, np.sqrt(rx**2 + ry**2) + TINY
        if turn == 0 and min(outward, homeward) <= radius:
            return outward, homeward, 0.0, px, py
        sx, sy, rx, ry = sx / outward, sy / outward, rx / homeward, ry / homeward
        if turn == PASSES:
            # The smaller one of two cosines that are equal at the exact point.
            nx, ny = (px - x) / radius, (py - y) / radius
            cosine = min(sx * nx + sy * ny, rx * nx + ry * ny)
            break
        bx, by = sx + rx, sy + ry
        length = np.sqrt(bx**2 + by**2)
        if length < TINY:
            return outward, homeward, 0.0, px, py
        px, py = x + radius * bx / length, y + radius * by / length
    return outward, homeward, max(cosine, 0.0), px, py


@compiled('f8(f8, f8, f8, f8)')
def cylinder_spreading(radius: float, cosine: float, outward: float, homeward: float) -> float:
    """Return the amplitude of an echo relative to that of a plane mirror with the same length of the path.

    A horizontal fan of rays is wider by the curvature of the cylinder, and a vertical one is as wide as with a mirror:
    ratio² = a c (h₁ + h₂) / (a c (h₁ + h₂) + 2 h₁ h₂), the geometrical theory of diffraction (Keller, J. Opt. Soc. Am.
    52, 1962) for radius a, cosine c of the angle of incidence and horizontal legs h₁ and h₂. For a source and a
    receiver at the same distance r it is √(a / (a + r)).

    Args:
        radius: Radius.
        cosine: Cosine of the angle of incidence in the horizontal plane, 0 without a reflection.
        outward: Horizontal distance of the point of reflection from the source.
        homeward: Horizontal distance of the point of reflection from the receiver.

    """
    flat = radius * cosine * (outward + homeward)
    ratio: float = np.sqrt(flat / (flat + 2 * outward * homeward))
    return ratio


@compiled('UniTuple(f8, 6)(UniTuple(f8, 3), UniTuple(f8, 6), f8, UniTuple(f8, 3), f8)')
def solve_delay(
    shape: tuple[float, float, float],
    source: tuple[float, ...],
    delay: float,
    receiver: tuple[float, float, float],
    sound: float,
) -> tuple[float, ...]:
    """Do one step of Newton's method for the delay of the echo of a source in uniform motion.

    The point of reflection makes the path stationary, so that the path changes with the source alone.

    Args:
        shape: x and y of the axis of the cylinder, and radius.
        source: Position that the source has at the time of reception, then its velocity.
        delay: Last estimate of the delay.
        receiver: Position of the microphone.
        sound: Speed of sound.

    Returns:
        A better delay, and for the last one: horizontal legs from the source and from the microphone, cosine of the
        angle of incidence, and x and y of the point of reflection.

    """
    x, y, z, vx, vy, vz = source
    sx, sy, rise = x - vx * delay, y - vy * delay, z - vz * delay - receiver[2]
    outward, homeward, cosine, px, py = reflect_in_cylinder(shape, sx, sy, receiver[0], receiver[1])
    across = outward + homeward
    length = np.sqrt(across**2 + rise**2)
    # Change of the length with the delay.
    slope = -(across * ((sx - px) * vx + (sy - py) * vy) / outward + rise * vz) / length
    better = delay + (length - sound * delay) / (sound - slope)
    return better, outward, homeward, cosine, px, py


@compiled('f8(UniTuple(f8, 3), f8[::1], f8, f8, f8, f8, f8, f8, f8)')
def facing_towards(
    receiver: tuple[float, float, float],
    facing: FloatArray,
    px: float,
    py: float,
    homeward: float,
    across: float,
    rise: float,
    omni: float,
    length: float,
) -> float:
    """Return the directivity of a microphone for an echo.

    Args:
        receiver: Position of the microphone.
        facing: Its unit vector (3,).
        px: Point of reflection along x.
        py: Point of reflection along y.
        homeward: Horizontal distance of the microphone from it.
        across: Horizontal length of the path.
        rise: Height of the source over the microphone.
        omni: Omnidirectional fraction of the pattern.
        length: Length of the path.

    """
    along = ((px - receiver[0]) * facing[0] + (py - receiver[1]) * facing[1]) / homeward * across + rise * facing[2]
    gain: float = omni + (1 - omni) * along / length
    return gain
