# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of a pipeline that may change while it runs."""

from __future__ import annotations

from dataclasses import dataclass

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.channel_policy import DEFAULT_POLICY, check_policy
from audio_manifold_ros.inference.prediction_scheduler import check_rate_hz

MAX_SMOOTHING_S = 2.0


@dataclass(frozen=True)
class PipelineSettings:
    """Settings of a pipeline.

    Attributes:
        max_rate_hz: Largest number of predictions per second.
        min_confidence: Pixels of lower confidence become NaN and unlabelled.
        smoothing_s: Time constant of the temporal smoothing of the images (see `temporal_smoothing`). 0 for none.
        policy: Use of faulty microphones, one of `channel_policy.POLICIES`.

    Raises:
        InferenceError: A value is out of range.

    """

    max_rate_hz: float = 30.0
    min_confidence: float = 0.0
    smoothing_s: float = 0.0
    policy: str = DEFAULT_POLICY

    def __post_init__(self) -> None:
        """Validate the values."""
        check_rate_hz(self.max_rate_hz)
        if not 0 <= self.min_confidence <= 1:
            msg = f'min_confidence is {self.min_confidence!r}: give a number from 0 to 1.'
            raise InferenceError(msg)
        if not 0 <= self.smoothing_s <= MAX_SMOOTHING_S:
            msg = f'smoothing_s is {self.smoothing_s!r}: give a number of seconds from 0 to {MAX_SMOOTHING_S:g}.'
            raise InferenceError(msg)
        check_policy(self.policy)


DEFAULT_SETTINGS = PipelineSettings()
