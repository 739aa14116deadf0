# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Capture from a sound device: a child process owns PortAudio and writes to shared memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.audio.capture.capture_client import CaptureClient
    from audio_manifold_ros.audio.capture.capture_index import CaptureIndexer
    from audio_manifold_ros.audio.capture.capture_ring import (
        CaptureEvent,
        CaptureEventKind,
        CaptureJob,
        RingReader,
        RingWriter,
    )
    from audio_manifold_ros.audio.capture.device_source import DeviceSource

__all__ = [
    'CaptureClient',
    'CaptureEvent',
    'CaptureEventKind',
    'CaptureIndexer',
    'CaptureJob',
    'DeviceSource',
    'RingReader',
    'RingWriter',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'capture_client': 'CaptureClient',
        'capture_index': 'CaptureIndexer',
        'capture_ring': 'CaptureEvent CaptureEventKind CaptureJob RingReader RingWriter',
        'device_source': 'DeviceSource',
    },
)
