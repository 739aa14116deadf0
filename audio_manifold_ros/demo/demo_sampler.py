# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sampled frames of a demo, for the results and for the live view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.bag_evaluation.snapshots import SnapshotSampler

if TYPE_CHECKING:
    from collections.abc import Callable

    from audio_manifold_ros.demo.demo_frame import DemoFrame

FRAME_INTERVAL_S, MAX_FRAMES = 0.1, 900


class DemoSampler(SnapshotSampler['DemoFrame']):
    """Sampled frames of a demo.

    Attributes:
        show: Called with each sampled frame. It does nothing without a view.

    """

    def __init__(self) -> None:
        """Start without frames and without a view."""
        super().__init__(FRAME_INTERVAL_S, MAX_FRAMES)
        self.show: Callable[[DemoFrame], None] = lambda _: None

    def add(self, stamp_ns: int, item: DemoFrame) -> None:
        """Keep a frame that is due, and show it."""
        super().add(stamp_ns, item)
        self.show(item)
