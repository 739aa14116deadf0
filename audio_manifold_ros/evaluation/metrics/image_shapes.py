# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Check of images that are compared pixel by pixel."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from audio_manifold_ros.common.errors import EvaluationError


def check_image_shapes(kind: str, predicted: NDArray[Any], ground_truth: NDArray[Any]) -> None:
    """Refuse images that cannot be compared pixel by pixel.

    Args:
        kind: Name of the values for the message, for example `Depth`.
        predicted: Any array.
        ground_truth: Any array.

    Raises:
        EvaluationError: The shapes differ, or they are not (row, column).

    """
    if ground_truth.shape != predicted.shape or ground_truth.ndim != 2:
        msg = (
            f'{kind} of shape {predicted.shape} does not match the ground truth of shape {ground_truth.shape}: '
            'give two images of one size.'
        )
        raise EvaluationError(msg)
