# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The exception of the training package."""


class TrainingError(Exception):
    """A configuration, data set or checkpoint that nothing can be learnt from; the message says what to do."""
