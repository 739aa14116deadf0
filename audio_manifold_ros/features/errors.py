# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The exception of the features package."""


class FeatureError(Exception):
    """A feature specification or a window that cannot be used; the message says what to do."""
