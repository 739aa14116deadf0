# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The exception of the inference package."""


class InferenceError(Exception):
    """A bundle or backend that cannot be used; the message says what to do."""
