# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The exception of the datasets package."""


class DatasetError(Exception):
    """A drive that cannot be written, read or used; the message names the file and says what to do."""
