# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Conversion between spectrograms and one grey image with steps of half a decibel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

STEPS_PER_DB = 2.0
# 16-bit quantisation noise is at -72 dB, a full-scale sine at 54 dB.
FLOOR_DB = -75.0
COLUMNS = 4


def spectrogram_image(levels_db: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return spectrograms as tiles, up to four per row, low frequencies at the bottom.

    Args:
        levels_db: float32 (channel, band, frame), as `features.level_spectrograms` returns them.

    Returns:
        uint8 (tile row x band, tile column x frame); 0 is -75 dB or less, 255 is 52.5 dB or more.

    """
    channels, height, width = levels_db.shape
    columns = min(channels, COLUMNS)
    rows = -(-channels // columns)
    tiles = np.zeros((rows * columns, height, width), dtype=np.uint8)
    tiles[:channels] = np.clip((levels_db[:, ::-1] - FLOOR_DB) * STEPS_PER_DB, 0, 255)
    return tiles.reshape(rows, columns, height, width).swapaxes(1, 2).reshape(rows * height, columns * width)


def image_levels_db(image: NDArray[np.uint8], channels: int) -> NDArray[np.float32]:
    """Return the spectrograms of an image of `spectrogram_image`, rounded to half a decibel.

    Args:
        image: uint8 (tile row x band, tile column x frame).
        channels: Number of spectrograms.

    Returns:
        float32 (channel, band, frame).

    """
    columns = min(channels, COLUMNS)
    rows = -(-channels // columns)
    height, width = image.shape[0] // rows, image.shape[1] // columns
    tiles = image.reshape(rows, height, columns, width).swapaxes(1, 2).reshape(rows * columns, height, width)
    values = tiles[:channels, ::-1].astype(np.float32) / STEPS_PER_DB + FLOOR_DB
    return np.ascontiguousarray(values, dtype=np.float32)
