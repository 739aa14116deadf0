# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The exception of the nodes package."""


class NodeError(Exception):
    """A parameter, message or source that a node cannot use; the message says what to do."""
