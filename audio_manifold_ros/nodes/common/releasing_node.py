# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Base class of nodes that own threads, files or devices."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from rclpy.node import Node


class ReleasingNode(Node):
    """Node that releases its resources, the newest first, before it is destroyed.

    From Kilted on, a context destroys its nodes when it is shut down, also those whose constructor raised. So a
    constructor adds each resource to `resources` when it has it. A node with half of its resources releases this half.

    Attributes:
        resources: Callbacks that release the resources. Each is called once.

    """

    def __init__(self, name: str, **node_options: Any) -> None:
        """Create the node, without resources."""
        self.resources = ExitStack()
        super().__init__(name, **node_options)

    def destroy_node(self) -> None:
        """Release the resources, then destroy the node."""
        self.resources.close()
        super().destroy_node()
