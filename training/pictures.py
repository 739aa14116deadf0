# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth and labels as colours, and sheets of pictures to look at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

NEAR_M, FAR_M = 1.0, 80.0
# The colours of Cityscapes, by train id.
PALETTE = np.array(
    [
        (128, 64, 128), (244, 35, 232), (70, 70, 70), (102, 102, 156), (190, 153, 153), (153, 153, 153), (250, 170, 30),
        (220, 220, 0), (107, 142, 35), (152, 251, 152), (70, 130, 180), (220, 20, 60), (255, 0, 0), (0, 0, 142),
        (0, 0, 70), (0, 60, 100), (0, 80, 100), (0, 0, 230), (119, 11, 32),
    ],
    dtype=np.uint8,
)  # fmt: skip
# Near is bright: dark blue, magenta, orange, light yellow.
RAMP = np.array([(13, 8, 84), (126, 3, 168), (204, 71, 120), (248, 149, 64), (240, 249, 160)], dtype=np.float32)
GAP_PIXELS = 2


def depth_colours(depth_m: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Turn metres (…, row, column) into RGB (…, row, column, 3), near bright, invalid black."""
    near = 1 - np.log(np.clip(np.nan_to_num(depth_m, nan=FAR_M), NEAR_M, FAR_M) / NEAR_M) / np.log(FAR_M / NEAR_M)
    place = near * (len(RAMP) - 1)
    below = np.clip(place.astype(int), 0, len(RAMP) - 2)
    share = (place - below)[..., None]
    colours = RAMP[below] * (1 - share) + RAMP[below + 1] * share
    colours[np.isnan(depth_m)] = 0
    pixels: NDArray[np.uint8] = colours.astype(np.uint8)
    return pixels


def label_colours(labels: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Turn class ids (…, row, column) into RGB (…, row, column, 3), unlabelled black."""
    table = np.zeros((256, 3), np.uint8)
    table[: len(PALETTE)] = PALETTE
    pixels: NDArray[np.uint8] = table[labels]
    return pixels


def rows_of_pictures(*rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Join rows of pictures (picture, row, column, 3) of one size to a sheet (row, column, 3)."""
    return np.concatenate([_join(row) for row in rows])


def write_sheet(path: Path, rows: Sequence[NDArray[np.uint8]]) -> None:
    """Write rows of pictures (picture, row, column, 3) as one PNG."""
    import cv2

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode('.png', rows_of_pictures(*rows)[..., ::-1])[1].tobytes())


def _join(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    padded = np.pad(pictures, ((0, 0), (0, GAP_PIXELS), (0, GAP_PIXELS), (0, 0)), constant_values=255)
    return np.concatenate(list(padded), axis=1)
