# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Postprocessing of the networks' output: confidence, invalid depth and unlabelled pixels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.modalities.modality_images import ModalityImages, to_modality_images
from audio_manifold_ros.modalities.registry import DEPTH, MODALITIES, NORMALS, SEGMENTATION

if TYPE_CHECKING:
    from audio_manifold_ros.inference.bundle.manifest import Manifest
    from audio_manifold_ros.inference.bundle.prediction import NetworkOutput

SKY = 'sky'
Mask = NDArray[np.bool_]


def postprocess(
    manifest: Manifest, output: NetworkOutput, *, usable_fraction: float, min_confidence: float
) -> tuple[ModalityImages, NDArray[np.float32]]:
    """Return images and confidence as they are published.

    Args:
        manifest: Of the bundle.
        output: Output of the networks for one window.
        usable_fraction: Fraction of the microphones in use, and 1 for familiar audio. The confidence is multiplied by
            it.
        min_confidence: Pixels of lower confidence become invalid: NaN or unlabelled.

    Returns:
        The images of the bundle, and the confidence float32 (row, column) from 0 to 1.

    """
    confidence = manifest.confidence.image(output, manifest.camera.height, manifest.camera.width)
    confidence *= np.float32(usable_fraction)
    # No confidence is below zero.
    is_low = confidence < min_confidence if min_confidence > 0 else None
    return _published(manifest, output, is_low), confidence


def published_images(manifest: Manifest, predicted: ModalityImages) -> ModalityImages:
    """Return images as the node publishes them at any confidence. Images that the bundle does not predict are None."""
    own = to_modality_images({name: predicted.image(name) for name in manifest.modalities})
    return _published(manifest, own, None)


def no_return_mask(manifest: Manifest, depth_m: NDArray[np.float32], labels: NDArray[np.uint8] | None) -> Mask:
    """Return where depth is published as NaN: the sky, or, without labels of it, the far end of the range."""
    sky = manifest.class_id(SKY)
    if labels is not None and sky is not None:
        return np.equal(labels, sky)
    depth = manifest.depth
    far_m = np.inf if depth is None else depth.max_m - depth.far_margin_m
    return np.greater_equal(depth_m, far_m)


def _published(manifest: Manifest, images: ModalityImages, is_low: Mask | None) -> ModalityImages:
    """Return images with the invalid value where they have no content, and where the confidence is low."""
    published = {}
    for name, image in images.by_modality().items():
        masks = [mask for mask in (NO_CONTENT[name](manifest, images), is_low) if mask is not None]
        published[name] = _masked(image, reduce(np.logical_or, masks), MODALITIES[name].invalid) if masks else image
    return to_modality_images(published)


def _masked(image: NDArray[Any], mask: Mask, invalid: float) -> NDArray[Any]:
    pixels = mask.reshape(*mask.shape, *(1,) * (image.ndim - mask.ndim))
    return np.where(pixels, image.dtype.type(invalid), image)


def _no_depth(manifest: Manifest, images: ModalityImages) -> Mask | None:
    return None if images.depth_m is None else no_return_mask(manifest, images.depth_m, images.labels)


def _always_a_class(manifest: Manifest, images: ModalityImages) -> Mask | None:
    del manifest, images
    return None


def _no_surface(manifest: Manifest, images: ModalityImages) -> Mask | None:
    sky = manifest.class_id(SKY)
    if images.labels is not None and sky is not None:
        return np.equal(images.labels, sky)
    return _no_depth(manifest, images)


# By modality, the pixels (row, column) without content in the images of a bundle; None if there are none.
NO_CONTENT: Mapping[str, Callable[[Manifest, ModalityImages], Mask | None]] = {
    DEPTH: _no_depth,
    SEGMENTATION: _always_a_class,
    NORMALS: _no_surface,
}
