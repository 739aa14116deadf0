# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The exception of the workbench package."""


class MeasurementError(Exception):
    """A measurement of the rig that cannot be made or applied; the message says what to do."""
