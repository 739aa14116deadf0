# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Prior images of any camera, from a table of what is seen along each ray."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.camera_prior.camera_view import CameraView
    from audio_manifold_ros.camera_prior.prior_counts import PriorCounts
    from audio_manifold_ros.camera_prior.prior_table import PriorTable
    from audio_manifold_ros.camera_prior.ray_grid import RayGrid

__all__ = ['CameraView', 'PriorCounts', 'PriorTable', 'RayGrid']

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'camera_view': 'CameraView',
        'prior_counts': 'PriorCounts',
        'prior_table': 'PriorTable',
        'ray_grid': 'RayGrid',
    },
)
