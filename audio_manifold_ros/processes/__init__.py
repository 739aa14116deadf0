# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Child processes: a group that ends together, work that is spread, ROS isolation, memory of a process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.processes.parent_death import end_with_parent
    from audio_manifold_ros.processes.process_group import ProcessGroup
    from audio_manifold_ros.processes.process_pool import fresh_pool
    from audio_manifold_ros.processes.ros_isolation import isolated_environment
    from audio_manifold_ros.processes.spread_work import spread, spread_with_progress

__all__ = [
    'ProcessGroup',
    'end_with_parent',
    'fresh_pool',
    'isolated_environment',
    'spread',
    'spread_with_progress',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'parent_death': 'end_with_parent',
        'process_group': 'ProcessGroup',
        'process_pool': 'fresh_pool',
        'ros_isolation': 'isolated_environment',
        'spread_work': 'spread spread_with_progress',
    },
)
