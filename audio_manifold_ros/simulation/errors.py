# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The exception of the simulation package."""


class SimulationError(Exception):
    """A street that cannot be built, heard or drawn; the message says what to do."""
