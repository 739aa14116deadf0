# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Correctness of published pixels: the target that the confidence is fitted to and evaluated with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.common.class_ids import UNLABELLED
from audio_manifold_ros.modalities.registry import DEPTH, NORMALS, SEGMENTATION

DEPTH_TOLERANCE_RATIO = 0.25
NORMAL_TOLERANCE_DEG = 22.5


def depth_correctness(predicted_m: NDArray[np.floating], ground_truth_m: NDArray[np.floating]) -> FloatArray:
    """Return 1 for each pixel with correct published depth, else 0.

    Depth is correct within 25 % of the ground truth. Where the ground truth is NaN, only NaN is correct.

    Args:
        predicted_m: (…, row, column) metres, NaN invalid.
        ground_truth_m: The same shape, metres, NaN invalid.

    """
    with np.errstate(invalid='ignore'):
        is_close = np.abs(predicted_m - ground_truth_m) <= DEPTH_TOLERANCE_RATIO * ground_truth_m
    return np.where(np.isnan(ground_truth_m), np.isnan(predicted_m), is_close).astype(np.float64)


def label_correctness(predicted: NDArray[np.uint8], ground_truth: NDArray[np.uint8]) -> FloatArray:
    """Return 1 for each pixel with the correct class, 0 for a wrong class, NaN without a label (255)."""
    return np.where(ground_truth == UNLABELLED, np.nan, predicted == ground_truth)


def angle_deg(first: NDArray[np.floating], second: NDArray[np.floating]) -> FloatArray:
    """Return the angle between unit vectors (…, 3) in degrees, NaN where one is NaN."""
    cosine = np.sum(first.astype(np.float64) * second, axis=-1)
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1, 1))), dtype=np.float64)


def normal_correctness(predicted: NDArray[np.floating], ground_truth: NDArray[np.floating]) -> FloatArray:
    """Return 1 for each pixel whose normal is within 22.5° of the ground truth, else 0, NaN without ground truth."""
    with np.errstate(invalid='ignore'):
        is_close = angle_deg(predicted, ground_truth) <= NORMAL_TOLERANCE_DEG
    return np.where(np.isnan(ground_truth[..., 0]), np.nan, is_close)


# By modality, for the published image and the ground truth.
CORRECTNESS: Mapping[str, Callable[[NDArray[Any], NDArray[Any]], FloatArray]] = {
    DEPTH: depth_correctness,
    SEGMENTATION: label_correctness,
    NORMALS: normal_correctness,
}
