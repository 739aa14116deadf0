# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Colour maps for depth, classes, spectrograms and confidence. Images are uint8 (row, column, 3), red first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import RgbImage
from audio_manifold_ros.common.class_ids import CLASS_COLOURS
from audio_manifold_ros.modalities.registry import DEPTH, NORMALS, SEGMENTATION

COLORMAP_NEAR_M, COLORMAP_FAR_M = 2.0, 80.0
# Dark blue to yellow with uniformly increasing lightness, so that it is readable in grey as well.
DEPTH_RAMP = np.array(
    [
        (13, 8, 68),
        (58, 20, 120),
        (104, 30, 134),
        (150, 44, 125),
        (193, 64, 104),
        (228, 93, 77),
        (248, 135, 47),
        (252, 184, 42),
        (245, 240, 120),
    ],
    dtype=np.float32,
)
# Black over teal to pale green, clearly different from depth.
CONFIDENCE_RAMP = np.array(
    [(12, 14, 18), (16, 62, 84), (28, 126, 122), (120, 200, 130), (235, 250, 205)], dtype=np.float32
)


def _ramp_table(ramp: NDArray[np.float32]) -> NDArray[np.uint8]:
    at = np.linspace(0, len(ramp) - 1, 256)
    channels = [np.interp(at, np.arange(len(ramp)), ramp[:, c]) for c in range(3)]
    return np.stack(channels, axis=1).round().astype(np.uint8)


DEPTH_COLORMAP = _ramp_table(DEPTH_RAMP)
CONFIDENCE_TABLE = _ramp_table(CONFIDENCE_RAMP)


def colour_depth(depth_m: NDArray[np.float32]) -> RgbImage:
    """Colour depth (row, column) in metres on a logarithmic scale: near is bright, far is dark, invalid is black."""
    with np.errstate(invalid='ignore', divide='ignore'):
        far = np.log(depth_m / COLORMAP_NEAR_M) / np.log(COLORMAP_FAR_M / COLORMAP_NEAR_M)
    valid = np.isfinite(depth_m)
    index = 255 - np.clip(np.where(valid, far, 0.0) * 255, 0, 255).astype(np.uint8)
    return np.where(valid[..., None], DEPTH_COLORMAP[index], 0).astype(np.uint8)


def palette(colours: Mapping[int, tuple[int, int, int]]) -> NDArray[np.uint8]:
    """Return the colours (256, 3) of all class ids. Unknown ids are black."""
    table = np.zeros((256, 3), dtype=np.uint8)
    for class_id, colour in colours.items():
        table[class_id] = colour
    return table


def colour_labels(labels: NDArray[np.uint8]) -> RgbImage:
    """Colour class ids (row, column) with the colours of Cityscapes. Unlabelled pixels are black."""
    return CLASS_TABLE[labels]


def colour_normals(normals: NDArray[np.floating[Any]]) -> RgbImage:
    """Colour unit normals (row, column, 3): red to the right, green up, blue towards the camera, invalid is black."""
    unit = (1 + normals * np.array([1, -1, -1], dtype=normals.dtype)) / 2
    return np.clip(np.nan_to_num(unit) * 255, 0, 255).astype(np.uint8)


def colour_confidence(confidence: NDArray[np.floating[Any]]) -> RgbImage:
    """Colour a confidence (row, column) of 0..1. High confidence is bright."""
    return CONFIDENCE_TABLE[np.clip(confidence * 255, 0, 255).astype(np.uint8)]


def colour_spectrogram(features: NDArray[np.floating[Any]], low: float, high: float) -> RgbImage:
    """Colour one spectrogram (mel, frame) from dark at `low` to bright at `high`, low frequencies at the bottom."""
    unit = (features[::-1] - low) / max(high - low, 1e-6)
    return DEPTH_COLORMAP[np.clip(unit * 255, 0, 255).astype(np.uint8)]


def colour_features(features: NDArray[np.float32], columns: int = 4) -> RgbImage:
    """Tile the spectrograms (mic, mel, frame) of all microphones in rows of `columns`, low frequencies below."""
    mics, height, width = features.shape
    low, high = np.percentile(features[:, ::4, ::4], (2, 99))
    index = np.clip((features - low) / max(float(high - low), 1e-6) * 255, 0, 255).astype(np.uint8)
    rows = -(-mics // columns)
    tiles = np.zeros((rows * columns, height, width), dtype=np.uint8)
    tiles[:mics] = index[:, ::-1]
    grid = tiles.reshape(rows, columns, height, width).transpose(0, 2, 1, 3)
    return DEPTH_COLORMAP[grid.reshape(rows * height, columns * width)]


CLASS_TABLE = palette(dict(enumerate(CLASS_COLOURS.values())))
# By modality, the picture of an image.
MODALITY_COLOURS: Mapping[str, Callable[[NDArray[Any]], RgbImage]] = {
    DEPTH: colour_depth,
    SEGMENTATION: colour_labels,
    NORMALS: colour_normals,
}
