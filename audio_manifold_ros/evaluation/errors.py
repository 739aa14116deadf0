# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The exception of the evaluation package."""


class EvaluationError(Exception):
    """Images or scores that cannot be compared; the message says which and what to do."""
