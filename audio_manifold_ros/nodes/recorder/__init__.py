# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The recorder node: topics and audio device into a bag, with checks and a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.nodes.recorder.bag_recording import BagRecording
    from audio_manifold_ros.nodes.recorder.device_recorder import DeviceRecorder
    from audio_manifold_ros.nodes.recorder.recorder import Recorder
    from audio_manifold_ros.nodes.recorder.writer_thread import WriterThread

__all__ = [
    'BagRecording',
    'DeviceRecorder',
    'Recorder',
    'WriterThread',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'bag_recording': 'BagRecording',
        'device_recorder': 'DeviceRecorder',
        'recorder': 'Recorder',
        'writer_thread': 'WriterThread',
    },
)
