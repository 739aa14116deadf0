# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings whose ranges are checked whether a file or code builds them."""

from __future__ import annotations

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.schema import check_ranges


class CheckedSettings:
    """Base of frozen dataclasses of settings. The type hints of the fields state the ranges."""

    def __post_init__(self) -> None:
        """Refuse values out of their range.

        Raises:
            TrainingError: A value is out of its range.

        """
        check_ranges(self, TrainingError)
