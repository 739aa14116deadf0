# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sheets of pictures to look at: rows of windows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from audio_manifold_ros.drawing.colormaps import colour_depth, colour_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from numpy.typing import NDArray

GAP_PIXELS = 2


def draw(modality: str, images: torch.Tensor) -> NDArray[np.uint8]:
    """Colour metres or class ids (picture, row, column) for people: uint8 (picture, row, column, 3)."""
    pixels: NDArray[Any] = images.detach().cpu().numpy()
    return colour_depth(pixels.astype(np.float32)) if modality == 'depth' else colour_labels(pixels.astype(np.uint8))


def make_image_grid(rows: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Join rows of pictures (picture, row, column, 3) of one size to one picture (row, column, 3)."""
    return np.concatenate([_join(row) for row in rows])


def _join(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    padded = np.pad(pictures, ((0, 0), (0, GAP_PIXELS), (0, GAP_PIXELS), (0, 0)), constant_values=255)
    return np.concatenate(list(padded), axis=1)
