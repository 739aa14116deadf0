# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Nodes in child processes on a ROS graph of their own, which this process takes part in."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import rclpy
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import try_shutdown

from audio_manifold_ros.processes.process_group import ProcessGroup
from audio_manifold_ros.processes.ros_isolation import isolated_environment

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def isolated_nodes() -> Iterator[ProcessGroup]:
    """Initialise rclpy on an isolated graph and yield a group that starts nodes on the same graph.

    At the end, the nodes are terminated, their logs are deleted and rclpy is shut down. The environment variables of
    this process keep the isolation. Ctrl-C is left to the caller.
    """
    environment = isolated_environment()
    os.environ.update(environment)
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    try:
        with (
            tempfile.TemporaryDirectory(prefix='audio_manifold_nodes_') as logs,
            ProcessGroup(Path(logs), environment) as children,
        ):
            yield children
    finally:
        try_shutdown()
