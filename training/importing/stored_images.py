# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Images of a drive from labels: at the size for training and, optionally, at the size of the labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.class_ids import SKY
from audio_manifold_ros.common.image_resize import resize_nearest
from audio_manifold_ros.datasets.drive_attributes import METRES
from audio_manifold_ros.datasets.drive_images import NATIVE_PREFIX
from audio_manifold_ros.modalities.registry import DEPTH, MODALITIES, SEGMENTATION


def stored_images(
    images: Mapping[str, NDArray[Any]], size: tuple[int, int], depth_unit: str, *, native: bool
) -> dict[str, NDArray[Any]]:
    """Return the image arguments of `DriveWriter.add_image`.

    Args:
        images: Depth and classes (row, column) by modality, each of its own size, the whole image.
        size: Rows and columns for training. Images are sampled at the nearest pixels.
        depth_unit: Unit of the depth. Depth in metres becomes NaN in the sky, where a model only guesses. Disparity
            is stored unchanged.
        native: Also return the images in their own size, if it differs.

    """
    stored = _named({kind: resize_nearest(image, *size) for kind, image in images.items()}, depth_unit, '')
    if native:
        stored |= _named(
            {kind: image for kind, image in images.items() if image.shape != size}, depth_unit, NATIVE_PREFIX
        )
    return stored


def _named(images: Mapping[str, NDArray[Any]], depth_unit: str, prefix: str) -> dict[str, NDArray[Any]]:
    named: dict[str, NDArray[Any]] = {}
    labels = images.get(SEGMENTATION)
    if labels is not None:
        named[f'{prefix}{MODALITIES[SEGMENTATION].image}'] = labels
    if DEPTH in images:
        depth = images[DEPTH].astype(np.float16)
        has_sky_labels = labels is not None and labels.shape == depth.shape and depth_unit == METRES
        named[f'{prefix}{MODALITIES[DEPTH].image}'] = (
            np.where(labels == SKY, np.float16(np.nan), depth) if has_sky_labels else depth
        )
    return named
