# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Study of feature definitions: how much linear read-outs and simple detectors find in candidate maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from training.feature_study.candidate_echo_maps import EchoCandidate, echo_candidates
    from training.feature_study.candidate_steered_maps import steered_candidates
    from training.feature_study.study import study_page

__all__ = ['EchoCandidate', 'echo_candidates', 'steered_candidates', 'study_page']

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'candidate_echo_maps': 'EchoCandidate echo_candidates',
        'candidate_steered_maps': 'steered_candidates',
        'study': 'study_page',
    },
)
