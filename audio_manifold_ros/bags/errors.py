# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The exception of the bags package."""


class BagError(Exception):
    """A bag that cannot be read, written or used; the message names the file and says what to do."""
