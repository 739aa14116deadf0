# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Images of one instant, at most one of each modality."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.modalities.registry import MODALITIES

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class ModalityImages:
    """Ground truth or prediction of one instant. Each field is the `image` of a modality.

    Attributes:
        depth_m: float (row, column), metres along the camera's z axis, NaN invalid; None without depth.
        labels: uint8 (row, column), class ids, 255 unlabelled; None without labels.
        normals: float (row, column, 3), unit vectors to the camera's right, down and forward that point out of the
            surface, NaN invalid; None without normals.

    """

    depth_m: NDArray[Any] | None = None
    labels: NDArray[np.uint8] | None = None
    normals: NDArray[Any] | None = None

    def image(self, modality: str) -> NDArray[Any] | None:
        """Return the image of a modality, or None without one."""
        image: NDArray[Any] | None = getattr(self, MODALITIES[modality].image)
        return image

    def by_modality(self) -> dict[str, NDArray[Any]]:
        """Return the existing images by modality, in the order of the registry."""
        found = ((name, self.image(name)) for name in MODALITIES)
        return {name: image for name, image in found if image is not None}


def image_fields(images: Mapping[str, NDArray[Any] | None]) -> dict[str, Any]:
    """Return images by modality as the fields of `ModalityImages`."""
    return {MODALITIES[name].image: image for name, image in images.items()}


def to_modality_images(images: Mapping[str, NDArray[Any] | None]) -> ModalityImages:
    """Return images by modality as one value."""
    return ModalityImages(**image_fields(images))
