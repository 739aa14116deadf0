# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The rig frames node: static transforms of microphones and camera."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.nodes.rig.rig_frames import RigFrames, RigParameters
    from audio_manifold_ros.nodes.rig.static_frames import publish_static_frames

__all__ = [
    'RigFrames',
    'RigParameters',
    'publish_static_frames',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'rig_frames': 'RigFrames RigParameters',
        'static_frames': 'publish_static_frames',
    },
)
