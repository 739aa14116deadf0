# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Conversion between the spectrograms of all microphones and one grey image with steps of half a decibel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

STEPS_PER_DB = 2.0
# 16-bit quantisation noise is at -72 dB, a full-scale sine at 54 dB.
FLOOR_DB = -75.0
COLUMNS = 4


def spectrogram_image(features: NDArray[np.float32], db_divisor: float) -> NDArray[np.uint8]:
    """Return the spectrograms as tiles, four per row, low frequencies at the bottom.

    Args:
        features: float32 (mic, mel, frame), decibels divided by `db_divisor`.
        db_divisor: The divisor of the `FeatureSpec`.

    Returns:
        uint8 (tile row x mel, tile column x frame); 0 is -75 dB or less, 255 is 52.5 dB or more.

    """
    mics, height, width = features.shape
    rows = -(-mics // COLUMNS)
    tiles = np.zeros((rows * COLUMNS, height, width), dtype=np.uint8)
    tiles[:mics] = np.clip((features[:, ::-1] * db_divisor - FLOOR_DB) * STEPS_PER_DB, 0, 255)
    return tiles.reshape(rows, COLUMNS, height, width).swapaxes(1, 2).reshape(rows * height, COLUMNS * width)


def image_features(image: NDArray[np.uint8], mics: int, db_divisor: float) -> NDArray[np.float32]:
    """Return the features of an image of `spectrogram_image`, rounded to half a decibel.

    Args:
        image: uint8 (tile row x mel, tile column x frame).
        mics: Number of microphones.
        db_divisor: The divisor of the `FeatureSpec`.

    Returns:
        float32 (mic, mel, frame).

    """
    rows = -(-mics // COLUMNS)
    height, width = image.shape[0] // rows, image.shape[1] // COLUMNS
    tiles = image.reshape(rows, height, COLUMNS, width).swapaxes(1, 2).reshape(rows * COLUMNS, height, width)[:mics]
    values = (tiles[:, ::-1].astype(np.float32) / STEPS_PER_DB + FLOOR_DB) / db_divisor
    return np.ascontiguousarray(values, dtype=np.float32)
