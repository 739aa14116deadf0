# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Change of the images between two forms of one network: precisions, runtimes, engines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.modalities.registry import DEPTH, NORMALS, SEGMENTATION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audio_manifold_ros.modalities.modality_images import ModalityImages

Image = NDArray[Any]


@dataclass(frozen=True)
class ImageChange:
    """Measure of the change of an image.

    Attributes:
        measure: Returns the change from the second image to the first, 0 for equal images.
        phrase: Text with a place for the percentage.

    """

    measure: Callable[[Image, Image], float]
    phrase: str


def _relative_change(actual: Image, expected: Image) -> float:
    return float(np.mean(np.abs(actual / expected - 1)))


def _changed_fraction(actual: Image, expected: Image) -> float:
    return float(np.mean(actual != expected))


def _vector_change(actual: Image, expected: Image) -> float:
    return float(np.mean(np.linalg.norm(actual - expected, axis=-1)))


IMAGE_CHANGES: Mapping[str, ImageChange] = {
    DEPTH: ImageChange(_relative_change, 'depth by {} on average'),
    SEGMENTATION: ImageChange(_changed_fraction, '{} of the labels'),
    NORMALS: ImageChange(_vector_change, 'normals by {} of their length'),
}


def mean_changes(actual: Sequence[ModalityImages], expected: Sequence[ModalityImages]) -> dict[str, float]:
    """Return the mean change of the images of each modality.

    Args:
        actual: Images of some windows.
        expected: Images of the same windows by the network that they are compared with.

    """
    changes: dict[str, list[float]] = {}
    for first, second in zip(actual, expected, strict=True):
        reference = second.by_modality()
        for modality, image in first.by_modality().items():
            changes.setdefault(modality, []).append(IMAGE_CHANGES[modality].measure(image, reference[modality]))
    return {modality: float(np.mean(values)) for modality, values in changes.items()}


def describe_changes(changes: Mapping[str, float], digits: int = 3) -> str:
    """Return changes by modality as text, for example `depth by 0.012% on average and 0.100% of the labels`."""
    return ' and '.join(
        IMAGE_CHANGES[modality].phrase.format(f'{value:.{digits}%}') for modality, value in changes.items()
    )
