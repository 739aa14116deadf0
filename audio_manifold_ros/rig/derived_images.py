# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Images of modalities whose ground truth is computed from that of another modality."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from numpy.typing import NDArray

from audio_manifold_ros.modalities.modality_images import ModalityImages, to_modality_images
from audio_manifold_ros.modalities.registry import MODALITIES, NORMALS
from audio_manifold_ros.rig.camera import CameraModel
from audio_manifold_ros.rig.surface_normals import surface_normals

# By derived modality, its image from the image of `Modality.derived_from` and the camera.
DERIVED_IMAGES: Mapping[str, Callable[[NDArray[Any], CameraModel], NDArray[Any]]] = {NORMALS: surface_normals}


def with_derived(images: ModalityImages, camera: CameraModel, modalities: Iterable[str]) -> ModalityImages:
    """Return images together with those that can be derived from them.

    Args:
        images: Ground truth of one instant.
        camera: Pinhole camera. It is scaled to the size of each image.
        modalities: Modalities to derive. Stored modalities among them are ignored.

    """
    found = images.by_modality()
    for name in modalities:
        source = images.image(MODALITIES[name].derived_from) if name in DERIVED_IMAGES else None
        if source is not None and name not in found:
            found[name] = DERIVED_IMAGES[name](source, camera)
    return to_modality_images(found)
