# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Postprocessing of the networks' output: confidence, invalid depth and unlabelled pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.common.class_ids import UNLABELLED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.inference.bundle.manifest import Manifest
    from audio_manifold_ros.inference.bundle.prediction import NetworkOutput

SKY = 'sky'

Images = tuple['NDArray[np.float32] | None', 'NDArray[np.uint8] | None', 'NDArray[np.float32]']


def postprocess(manifest: Manifest, output: NetworkOutput, *, usable_fraction: float, min_confidence: float) -> Images:
    """Return depth, labels and confidence as they are published.

    Args:
        manifest: Of the bundle.
        output: Output of the networks for one window.
        usable_fraction: Fraction of the microphones in use, and 1 for familiar audio. The confidence is multiplied by
            it.
        min_confidence: Pixels of lower confidence become NaN and unlabelled.

    Returns:
        Depth float32 in metres with NaN where it is invalid, labels uint8, and confidence float32 from 0 to 1, each
        (row, column). Depth and labels are None if the bundle does not predict them.

    """
    depth_m, labels = output.depth_m, output.labels
    confidence = manifest.confidence.image(output, manifest.camera.height, manifest.camera.width)
    confidence *= np.float32(usable_fraction)
    is_low_confidence = confidence < min_confidence
    if depth_m is not None:
        depth_m = np.where(no_return_mask(manifest, depth_m, labels) | is_low_confidence, np.float32(np.nan), depth_m)
    if labels is not None:
        labels = np.where(is_low_confidence, np.uint8(UNLABELLED), labels)
    return depth_m, labels, confidence


def no_return_mask(
    manifest: Manifest, depth_m: NDArray[np.float32], labels: NDArray[np.uint8] | None
) -> NDArray[np.bool_]:
    """Return where depth is published as NaN: the sky, or, without labels of it, the far end of the range."""
    sky = manifest.class_id(SKY)
    if labels is not None and sky is not None:
        return np.equal(labels, sky)
    depth = manifest.depth
    far_m = np.inf if depth is None else depth.max_m - depth.far_margin_m
    return np.greater_equal(depth_m, far_m)
