# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The exception of the networks package."""


class NetworkError(Exception):
    """A network that cannot be built or fed; the message says what to do."""
