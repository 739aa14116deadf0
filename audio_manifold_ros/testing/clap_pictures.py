# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of somebody who claps, as a camera takes them: exposed for a while, noisy, before a wall."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray

Pictures = NDArray[np.uint8]

ROWS, COLUMNS = 120, 160
# Parts into which an exposure is cut.
EXPOSURE_STEPS = 12
REST_S, CLOSING_S = (0.35, 0.75), 0.16
NOISE_LEVELS = 2.0


@dataclass(frozen=True)
class Clapper:
    """Who claps.

    Attributes:
        hands: Two that meet, or one that falls on something that stands.
        width_px: Of a hand.
        reach_px: How far a hand goes back.
        bend: How much faster a hand is at its end than half way, as a share.
        brightness: Of a hand, levels over the wall.

    """

    hands: int
    width_px: float
    reach_px: float
    bend: float
    brightness: float


def random_clapper(generator: np.random.Generator) -> Clapper:
    """Draw one."""
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
    """Take pictures.

    Args:
        clapper: Who claps.
        claps_s: When hands meet (clap,).
        places_px: Where, column and row (clap, 2).
        times_s: Middles of the exposures (picture,).
        exposure_s: How long each lasts.
        generator: Of wall and noise.

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
    """Return how far a hand is from where it ends: it stays there for a while, goes back, waits, and comes."""
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
    """Return the wall with hands before it; edges are as soft as a lens makes them."""
    column, row = place_px.tolist()
    picture = wall.copy()
    down = np.clip(24 - np.abs(np.arange(ROWS) - row), 0, 1)[:, None]
    for side in (-1, 1)[: clapper.hands]:
        middle = column + side * (gap_px + clapper.width_px / 2)
        across = np.clip(clapper.width_px / 2 + 0.5 - np.abs(np.arange(COLUMNS) - middle), 0, 1)[None]
        cover = down * across
        picture = picture * (1 - cover) + (110 + clapper.brightness) * cover
    return np.asarray(picture, dtype=np.float32)
