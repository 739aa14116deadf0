# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Confidence as bytes, for readers that take an image of 0 to 255."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CERTAIN = 255


def confidence_to_bytes(confidence: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return a confidence (row, column) from 0 to 1 as uint8 from 0 to 255, rounded."""
    return np.rint(confidence * CERTAIN).astype(np.uint8)
