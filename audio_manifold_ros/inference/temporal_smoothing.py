# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Temporal smoothing of predicted images: a causal first-order filter for each pixel.

Successive windows overlap by more than 95 %, but images flicker between them where nothing moves. Depth is filtered as
its logarithm, normals as vectors. The class of a pixel changes when the filtered share of other classes exceeds one
half.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.modalities.modality_images import image_fields
from audio_manifold_ros.modalities.registry import DEPTH, NORMALS, SEGMENTATION

if TYPE_CHECKING:
    from audio_manifold_ros.inference.bundle.prediction import NetworkOutput

Image = NDArray[Any]


# Filtered values of one image: ln depth, normals, or class ids with their support, the filtered share float32 of
# predictions with that class.
FilterState = tuple[Image, ...]


@dataclass(frozen=True)
class SmoothedImages:
    """State of the filters after a window.

    Attributes:
        end_s: End of the window.
        states: State by modality.

    """

    end_s: float
    states: Mapping[str, FilterState] = field(default_factory=dict)


def smooth(
    before: SmoothedImages | None, output: NetworkOutput, end_s: float, time_constant_s: float
) -> tuple[NetworkOutput, SmoothedImages]:
    """Return the output with filtered images, and the state for the next window.

    Args:
        before: State after the last window. None for the first window, whose images stay as they are.
        output: Output of the networks. Its images are finite.
        end_s: End of the window.
        time_constant_s: Time constant of the filter. A sudden change has 63 % of its effect after it.

    """
    images = output.by_modality()
    if before is None:
        return output, SmoothedImages(end_s, {name: FILTERS[name].start(image) for name, image in images.items()})
    weight = -math.expm1(-max(end_s - before.end_s, 0.0) / time_constant_s)
    states = {name: FILTERS[name].update(before.states[name], image, weight) for name, image in images.items()}
    smoothed = {name: FILTERS[name].image(state) for name, state in states.items()}
    return replace(output, **image_fields(smoothed)), SmoothedImages(end_s, states)


@dataclass(frozen=True)
class ImageFilter:
    """Filter of the images of a modality.

    Attributes:
        start: Returns the state after the first image.
        update: Returns the state after the next image. The weight of the image is from 0 to 1.
        image: Returns the filtered image.

    """

    start: Callable[[Image], FilterState]
    update: Callable[[FilterState, Image, float], FilterState]
    image: Callable[[FilterState], Image]


def _start_depth(depth_m: Image) -> FilterState:
    return (np.log(depth_m),)


def _update_depth(state: FilterState, depth_m: Image, weight: float) -> FilterState:
    return (_mix(state[0], np.log(depth_m), weight),)


def _depth_image(state: FilterState) -> Image:
    return np.asarray(np.exp(state[0]))


def _start_classes(labels: Image) -> FilterState:
    return labels, np.ones(labels.shape, np.float32)


def _update_classes(state: FilterState, labels: Image, weight: float) -> FilterState:
    before, support = state
    support = _mix(support, np.equal(labels, before).astype(np.float32), weight)
    is_replaced = support < 0.5
    return np.where(is_replaced, labels, before), np.where(is_replaced, np.float32(1) - support, support)


def _start_normals(normals: Image) -> FilterState:
    return (normals,)


def _update_normals(state: FilterState, normals: Image, weight: float) -> FilterState:
    mixed = _mix(state[0], normals, weight)
    length = np.linalg.norm(mixed, axis=-1, keepdims=True)
    # Opposite vectors may cancel: the new one remains.
    is_usable = length > np.finfo(mixed.dtype).eps
    return (np.where(is_usable, mixed / np.where(is_usable, length, 1), normals),)


def _first(state: FilterState) -> Image:
    return state[0]


def _mix(before: Image, image: Image, weight: float) -> Image:
    return np.asarray(before + before.dtype.type(weight) * (image - before))


FILTERS: Mapping[str, ImageFilter] = {
    DEPTH: ImageFilter(_start_depth, _update_depth, _depth_image),
    SEGMENTATION: ImageFilter(_start_classes, _update_classes, _first),
    NORMALS: ImageFilter(_start_normals, _update_normals, _first),
}
