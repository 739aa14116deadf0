# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The exception of the audio package."""


class AudioError(Exception):
    """Audio that cannot be captured, read or conditioned; the message says what to do."""
