# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Visual clap detection: finds sudden stops of motion, with a resolution finer than the frame period.

Moving objects are compared with the still images that follow. The first moment of the difference of two images is the
brightness of the object times its displacement, whatever its size and motion blur. Two hands that meet move towards one
point from both sides, and the moment is taken on both sides of it. The displacement is zero after the stop and grows
before it, so the stop is the time at which it becomes zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.common.units import MAD_TO_STD

Pictures = NDArray[np.uint8]

# Images around a stop: number of images before it, and duration of stillness after it.
APPROACH, STILL_S = 4, 0.13
MIN_CHANGED, MIN_LEVEL, NOISE_FACTOR = 5e-4, 6.0, 5.0
STILL_RATIO = 0.25
STEP_S, MAX_CURVATURE, MAX_MISFIT = 2.5e-4, 0.3, 0.15
MIN_MOMENT_RATIO = 0.15


@dataclass(frozen=True)
class ClapEvent:
    """Sudden stop of motion in the image.

    Attributes:
        time_s: Time of the stop.
        row: Row of the stop, in pixels.
        column: Column of the stop, in pixels.
        misfit: Root mean square residual of the displacement, as a fraction of the displacement per image.

    """

    time_s: float
    row: float
    column: float
    misfit: float


def detect_claps(pictures: Pictures, times_s: FloatArray) -> list[ClapEvent]:
    """Detect sudden stops of motion.

    Args:
        pictures: Grey images of a camera that does not move, uint8 (picture, row, column).
        times_s: Increasing times of the images (picture,).

    """
    if len(pictures) <= APPROACH + 2:
        return []
    changed, level = _changes(pictures)
    found = [_fit_clap(pictures, times_s, last, still, level) for last, still in _candidates(changed, times_s)]
    return [stop for stop in found if stop is not None and stop.misfit < MAX_MISFIT]


def _changes(pictures: Pictures) -> tuple[FloatArray, float]:
    """Return the fraction of changing pixels per image (picture,), and the level above which a pixel changes."""
    steps = [np.abs(after.astype(np.int16) - before) for before, after in pairwise(pictures)]
    baseline = np.median([np.median(step) for step in steps])
    level = max(NOISE_FACTOR * MAD_TO_STD * float(baseline), MIN_LEVEL)
    return np.array([0.0, *(float((step > level).mean()) for step in steps)]), level


def _candidates(changed: FloatArray, times_s: FloatArray) -> Iterator[tuple[int, int]]:
    """Yield the index of the last image with motion and the end of the still images, for each candidate."""
    period_s = float(np.median(np.diff(times_s)))
    still = max(round(STILL_S / period_s), 2)
    for last in range(APPROACH, len(changed) - still - 1):
        before = changed[last - 2 : last + 1].max()
        behind = changed[last + 2 : last + 2 + still]
        moving = changed[last] > STILL_RATIO * before
        if before > MIN_CHANGED and moving and behind.max() < STILL_RATIO * before:
            if changed[last + 1] > STILL_RATIO * before:
                continue
            yield last, last + 2 + still


def _fit_clap(pictures: Pictures, times_s: FloatArray, last: int, still: int, level: float) -> ClapEvent | None:
    goal = pictures[last + 2 : still].mean(axis=0)
    span = slice(last - APPROACH, last + 3)
    differences = pictures[span].astype(np.float64) - goal
    differences[np.abs(differences) <= level] = 0
    displacement, place = _displacements(differences)
    if displacement is None:
        return None
    time_s, misfit = _fit_hinge(times_s[span] - times_s[last], displacement)
    return ClapEvent(float(time_s + times_s[last]), place[0], place[1], misfit)


def _displacements(differences: FloatArray) -> tuple[FloatArray | None, tuple[float, float]]:
    """Return the displacement (picture,) in arbitrary units, zero after the stop, and row and column of the stop."""
    size = np.abs(differences)
    # Pixels that differ from the final state in every image before the stop are at the place of the stop.
    near = size[:APPROACH].min(axis=0)
    if near.sum() == 0:
        return None, (0.0, 0.0)
    rows, columns = np.indices(near.shape).astype(np.float64)
    place = float((near * rows).sum() / near.sum()), float((near * columns).sum() / near.sum())
    points = np.stack([rows - place[0], columns - place[1]])
    far = differences[APPROACH - 2]
    one = np.einsum('ayx,yx->a', points, far)
    two = np.einsum('ayx,byx,yx->ab', points, points, far)
    strengths, axes = np.linalg.eigh(two)
    candidates = []
    for axis, two_sided in ((one, False), (axes[:, np.abs(strengths).argmax()], True)):
        length = np.linalg.norm(axis)
        along = np.einsum('a,ayx->yx', axis / length, points) if length else np.zeros_like(near)
        along = np.abs(along) if two_sided else along
        moments = np.einsum('yx,nyx->n', along, differences)
        weight = np.abs(along * far).sum()
        candidates.append((abs(moments[APPROACH - 2]) / weight if weight else 0.0, moments))
    moment_ratio, moments = max(candidates, key=lambda candidate: candidate[0])
    if moment_ratio < MIN_MOMENT_RATIO:
        return None, place
    return np.asarray(moments * np.sign(moments[APPROACH - 2])), place


def _fit_hinge(times_s: FloatArray, displacement: FloatArray) -> tuple[float, float]:
    """Fit a displacement that decreases to zero, with constant acceleration, and return its end and the misfit."""
    period_s = float(np.median(np.diff(times_s)))
    best = (np.inf, 0.0, 1.0)
    for stop_s in np.arange(-1.5 * period_s, 1.5 * period_s, STEP_S):
        ahead = np.maximum(stop_s - times_s, 0) / period_s
        design = np.stack([ahead, ahead**2], axis=1)
        # The speed changes by a fraction of itself only between two images.
        scale = max(float(np.abs(displacement).max()) / APPROACH, 1e-12)
        held = np.concatenate([design, [[0.0, MAX_CURVATURE]]])
        solved = np.linalg.lstsq(held, np.append(displacement / scale, 0.0), rcond=None)[0]
        residual = float(np.sqrt(np.mean((displacement / scale - design @ solved) ** 2)))
        cost = residual**2 * len(displacement) + (MAX_CURVATURE * solved[1]) ** 2
        if cost < best[0]:
            best = cost, float(stop_s), residual / max(abs(float(solved[0])), 1e-9)
    return best[1], best[2]
