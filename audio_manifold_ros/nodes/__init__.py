# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ROS 2 nodes: perception, recorder, replay, simulator, rig frames, live evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.nodes.perception.perception_node import PerceptionNode
    from audio_manifold_ros.nodes.recorder.recorder import Recorder
    from audio_manifold_ros.nodes.replay.replay import Replay
    from audio_manifold_ros.nodes.rig.rig_frames import RigFrames
    from audio_manifold_ros.nodes.simulator.simulated_drive import SimulatedDrive

__all__ = [
    'PerceptionNode',
    'Recorder',
    'Replay',
    'RigFrames',
    'SimulatedDrive',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'perception.perception_node': 'PerceptionNode',
        'recorder.recorder': 'Recorder',
        'replay.replay': 'Replay',
        'rig.rig_frames': 'RigFrames',
        'simulator.simulated_drive': 'SimulatedDrive',
    },
)
