# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The exception of the demo package."""


class DemoError(Exception):
    """A demonstration that cannot go on; the message says what to do."""
