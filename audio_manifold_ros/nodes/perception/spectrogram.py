# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The spectrograms of all microphones as one grey image, half a decibel a step, and back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

STEPS_PER_DB = 2.0
# The noise of 16-bit quantisation lies at -72 dB, a sine at full scale at 54 dB.
FLOOR_DB = -75.0
COLUMNS = 4


def spectrogram_image(features: NDArray[np.float32], db_divisor: float) -> NDArray[np.uint8]:
    """Tile spectrograms, four side by side, low notes below.

    Args:
        features: float32 (mic, mel, frame), decibels divided by `db_divisor`.
        db_divisor: As in the `FeatureSpec`.

    Returns:
        uint8 (tile row x mel, tile column x frame); 0 is -75 dB or less, 255 is 52.5 dB or more.

    """
    mics, height, width = features.shape
    rows = -(-mics // COLUMNS)
    tiles = np.zeros((rows * COLUMNS, height, width), dtype=np.uint8)
    tiles[:mics] = np.clip((features[:, ::-1] * db_divisor - FLOOR_DB) * STEPS_PER_DB, 0, 255)
    return tiles.reshape(rows, COLUMNS, height, width).swapaxes(1, 2).reshape(rows * height, COLUMNS * width)


def image_features(image: NDArray[np.uint8], mics: int, db_divisor: float) -> NDArray[np.float32]:
    """Return the features (mic, mel, frame) that an image of `spectrogram_image` was made of, to half a decibel."""
    rows = -(-mics // COLUMNS)
    height, width = image.shape[0] // rows, image.shape[1] // COLUMNS
    tiles = image.reshape(rows, height, COLUMNS, width).swapaxes(1, 2).reshape(rows * COLUMNS, height, width)[:mics]
    values = (tiles[:, ::-1].astype(np.float32) / STEPS_PER_DB + FLOOR_DB) / db_divisor
    return np.ascontiguousarray(values, dtype=np.float32)
