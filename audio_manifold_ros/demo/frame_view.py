# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames of a running node in a view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.demo.snapshots import GroundTruthHold, to_snapshot
from audio_manifold_ros.modalities.registry import MODALITIES

if TYPE_CHECKING:
    from audio_manifold_ros.demo.demo_frame import DemoFrame
    from audio_manifold_ros.inference.bundle.manifest import Manifest
    from audio_manifold_ros.viewer.view_recording import ViewRecording


class FrameView:
    """Logs frames in order of time. The time of the view starts with the first frame."""

    def __init__(self, recording: ViewRecording, manifest: Manifest) -> None:
        """Start without frames.

        Args:
            recording: Recording of the view.
            manifest: Manifest of the bundle.

        """
        self._recording, self._manifest = recording, manifest
        self._hold = GroundTruthHold(MODALITIES)
        self._first_ns: int | None = None
        self._newest_ns = 0

    def show(self, frame: DemoFrame, latency_ms: float | None) -> None:
        """Log a frame. A frame that is older than the one before is ignored.

        Args:
            frame: The frame.
            latency_ms: From the newest sample of the window to the arrival of the image.

        """
        self._first_ns = frame.stamp_ns if self._first_ns is None else self._first_ns
        if frame.stamp_ns < max(self._newest_ns, self._first_ns):
            return
        self._newest_ns = frame.stamp_ns
        time_s = (frame.stamp_ns - self._first_ns) / NS_PER_S
        self._recording.log(to_snapshot(frame, time_s, self._hold, self._manifest), latency_ms)
