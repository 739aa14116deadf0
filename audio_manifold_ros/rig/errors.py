# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The exception of the calibration package."""


class CalibrationError(Exception):
    """A rig file that cannot be used; the message names file, key and value, and says what to do."""
