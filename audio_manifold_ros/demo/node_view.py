# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""View of a running perception node, by its topics."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import rclpy
from rclpy.utilities import try_shutdown

from audio_manifold_ros.bag_evaluation.snapshots import SnapshotSampler
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.demo.demo_client import DemoClient
from audio_manifold_ros.demo.demo_sampler import FRAME_INTERVAL_S
from audio_manifold_ros.demo.frame_view import FrameView
from audio_manifold_ros.demo.vehicle_reader import VehicleReader
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.bundle_rig import BundleRig
from audio_manifold_ros.nodes.common.perception_client import POLL_INTERVAL_S
from audio_manifold_ros.viewer.view_output import ViewOutput, open_output
from audio_manifold_ros.viewer.view_recording import ViewRecording

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from audio_manifold_ros.demo.demo_frame import DemoFrame


class ViewedFrames(SnapshotSampler['DemoFrame']):
    """Sampler that shows each frame and keeps the newest one."""

    def __init__(self, show: Callable[[DemoFrame], None], interval_s: float = FRAME_INTERVAL_S) -> None:
        """Start without frames.

        Args:
            show: Called with each frame.
            interval_s: Least time between two frames.

        """
        super().__init__(interval_s)
        self._show = show
        self._period_ns = round(interval_s * NS_PER_S)
        self._newest_ns: int | None = None

    def is_due(self, stamp_ns: int) -> bool:
        """Return True if the interval since the newest frame is over. A clock that is set back starts again."""
        newest_ns = self._newest_ns
        return newest_ns is None or stamp_ns <= newest_ns - NS_PER_S or stamp_ns >= newest_ns + self._period_ns

    def add(self, stamp_ns: int, item: DemoFrame) -> None:
        """Show a frame."""
        self._newest_ns = stamp_ns
        self.items[:] = [item]
        self._show(item)


def show_node(
    bundle_folder: Path,
    rig: Path,
    namespace: str,
    output: ViewOutput,
    seconds: float | None,
    announce: Callable[[str], None],
) -> None:
    """Show the images of a running node until an interrupt.

    Args:
        bundle_folder: Folder of the bundle that the node runs.
        rig: Folder of its rig.
        namespace: Namespace of the node.
        output: Destination of the view.
        seconds: End after this time. None does not end.
        announce: Called with the place where to look.

    Raises:
        InferenceError: The bundle cannot be used with the rig.
        RigError: A file of the rig is invalid.
        DatasetError: The rig cannot be read.
        ViewerError: The view cannot be opened.

    """
    used, rig_files = BundleRig.open(Bundle.load(bundle_folder), rig), RigFiles.from_folder(rig)
    manifest = used.manifest
    vehicle_reader = VehicleReader.open(manifest, rig_files)
    has_vehicles = vehicle_reader is not None
    with open_output(output, manifest.modalities, has_vehicles=has_vehicles) as (stream, place):
        view = FrameView(ViewRecording(stream, rig_files, manifest), manifest)
        remaps = ['--ros-args', '-r', f'__ns:=/{namespace.strip("/")}'] if namespace else []
        rclpy.init(args=remaps)
        try:
            frames = ViewedFrames(lambda frame: view.show(frame, newest_latency_ms(client)))
            client = DemoClient(manifest, frames, lambda: None, vehicle_reader)
            announce(place)
            end_s = None if seconds is None else time.monotonic() + seconds
            while end_s is None or time.monotonic() < end_s:
                client.spin_once(POLL_INTERVAL_S)
            client.destroy_node()
        finally:
            try_shutdown()


def newest_latency_ms(client: DemoClient) -> float | None:
    """Return the latency of the newest image, None before the first one."""
    return client.latencies_ms[-1] if client.latencies_ms else None
