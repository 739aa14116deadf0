# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Camera pictures of claps: exposure time, noise, and a wall as background."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray

Pictures = NDArray[np.uint8]

ROWS, COLUMNS = 120, 160
# Number of instants that are averaged in an exposure.
EXPOSURE_STEPS = 12
REST_S, CLOSING_S = (0.35, 0.75), 0.16
NOISE_LEVELS = 2.0


@dataclass(frozen=True)
class Clapper:
    """Appearance and motion of clapping hands.

    Attributes:
        hands: Number of moving hands: two that meet, or one that falls on a fixed object.
        width_px: Width of a hand.
        reach_px: Distance that a hand moves back.
        bend: Speed of a hand at its end relative to half way, minus 1.
        brightness: Brightness of a hand above the wall, in grey levels.

    """

    hands: int
    width_px: float
    reach_px: float
    bend: float
    brightness: float


def random_clapper(generator: np.random.Generator) -> Clapper:
    """Return hands with random properties."""
    return Clapper(
        hands=int(generator.integers(1, 3)),
        width_px=float(generator.uniform(6, 14)),
        reach_px=float(generator.uniform(20, 45)),
        bend=float(generator.uniform(-0.1, 0.6)),
        brightness=float(generator.choice([-1, 1]) * generator.uniform(50, 100)),
    )


def clap_pictures(
    clapper: Clapper,
    claps_s: FloatArray,
    places_px: FloatArray,
    times_s: FloatArray,
    exposure_s: float,
    generator: np.random.Generator,
) -> Pictures:
    """Render pictures.

    Args:
        clapper: The hands.
        claps_s: Times at which hands meet (clap,).
        places_px: Column and row of each clap (clap, 2).
        times_s: Centres of the exposures (picture,).
        exposure_s: Duration of each exposure.
        generator: Random generator of wall and noise.

    Returns:
        uint8 (picture, row, column).

    """
    rough = generator.normal(0, 1, (ROWS, COLUMNS)).astype(np.float32)
    wall = 110 + 60 * cv2.GaussianBlur(rough, (0, 0), 6) + 8 * rough
    rests_s = generator.uniform(*REST_S, len(claps_s))
    pictures = np.empty((len(times_s), ROWS, COLUMNS), dtype=np.uint8)
    for number, time_s in enumerate(times_s.tolist()):
        instants = time_s + ((np.arange(EXPOSURE_STEPS) + 0.5) / EXPOSURE_STEPS - 0.5) * exposure_s
        place = places_px[np.abs(claps_s - time_s).argmin()]
        gap_px = [_hand_gap_px(clapper, claps_s, rests_s, instant) for instant in instants]
        light = np.mean([_render_hands(clapper, wall, place, gap) for gap in gap_px], axis=0)
        noisy = light + generator.normal(0, NOISE_LEVELS, light.shape)
        pictures[number] = np.clip(np.rint(noisy), 0, 255)
    return pictures


def _hand_gap_px(clapper: Clapper, claps_s: FloatArray, rests_s: FloatArray, time_s: float) -> float:
    """Return the distance of a hand from its end position: it rests there, moves back, waits, and returns."""
    ahead_s = claps_s - time_s
    coming = ahead_s[(ahead_s > 0) & (ahead_s < CLOSING_S)]
    if len(coming):
        part = float(coming[0]) / CLOSING_S
        return clapper.reach_px * part * (1 + clapper.bend * (1 - part)) / (1 + clapper.bend * (1 - part) * part)
    past = int((ahead_s <= 0).sum())
    rested = -float(ahead_s[past - 1]) - float(rests_s[past - 1]) if past else np.inf
    return clapper.reach_px * float(np.clip(rested / (2 * CLOSING_S), 0, 1))


def _render_hands(
    clapper: Clapper, wall: NDArray[np.float32], place_px: FloatArray, gap_px: float
) -> NDArray[np.float32]:
    """Return the wall with hands in front of it. Edges are blurred as by a lens."""
    column, row = place_px.tolist()
    picture = wall.copy()
    down = np.clip(24 - np.abs(np.arange(ROWS) - row), 0, 1)[:, None]
    for side in (-1, 1)[: clapper.hands]:
        middle = column + side * (gap_px + clapper.width_px / 2)
        across = np.clip(clapper.width_px / 2 + 0.5 - np.abs(np.arange(COLUMNS) - middle), 0, 1)[None]
        cover = down * across
        picture = picture * (1 - cover) + (110 + clapper.brightness) * cover
    return np.asarray(picture, dtype=np.float32)
