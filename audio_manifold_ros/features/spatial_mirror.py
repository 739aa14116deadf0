# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Order of spatial features with left and right exchanged."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec


@lru_cache(maxsize=8)
def mirror_order(spec: SpatialFeatureSpec) -> NDArray[np.int64]:
    """Return int64 (size,): for each value of the features of a mirrored array its place in those of the array.

    It is exact for a camera that is symmetric about its vertical axis and looks along the x axis of the array. The
    order is its own inverse.
    """
    order = np.arange(spec.size)
    (steered, steered_shape), (echo, echo_shape) = spec.blocks['steered'], spec.blocks['echo']
    # Image columns and the rest of the circle are both symmetric about the x axis, in reverse order.
    columns = np.arange(spec.azimuths)
    image, rest = columns[: spec.image_columns][::-1], columns[spec.image_columns :][::-1]
    order[steered] = order[steered].reshape(steered_shape)[:, np.concatenate([image, rest])].ravel()
    # Row i of the echo map is at -pi + 2 pi i / count, so its mirror is row -i of the circle.
    rows = -np.arange(spec.echo_azimuths) % spec.echo_azimuths
    order[echo] = order[echo].reshape(echo_shape)[rows].ravel()
    order.flags.writeable = False
    return order
