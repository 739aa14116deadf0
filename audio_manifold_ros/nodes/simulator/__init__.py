# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The simulated drive node: audio and ground truth of a simulated street."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.nodes.simulator.render_ahead import RenderAheadQueue
    from audio_manifold_ros.nodes.simulator.simulated_drive import SimulatedDrive

__all__ = [
    'RenderAheadQueue',
    'SimulatedDrive',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'render_ahead': 'RenderAheadQueue',
        'simulated_drive': 'SimulatedDrive',
    },
)
