# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Live view in a browser or a file: spectrogram, images, point cloud with the vehicle, confidence and latency."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.viewer.view_output import ViewOutput, open_output
    from audio_manifold_ros.viewer.view_recording import ViewRecording

__all__ = [
    'ViewOutput',
    'ViewRecording',
    'open_output',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'view_output': 'ViewOutput open_output',
        'view_recording': 'ViewRecording',
    },
)
