# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Study of state over time: heads that correct the latents of a window with those of the windows before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from training.state_study.drive_latents import DriveLatents, encode_drives
    from training.state_study.fit_state import fit_head, score_head
    from training.state_study.state_heads import STATE_HEADS
    from training.state_study.study import study_page

__all__ = ['STATE_HEADS', 'DriveLatents', 'encode_drives', 'fit_head', 'score_head', 'study_page']

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'drive_latents': 'DriveLatents encode_drives',
        'fit_state': 'fit_head score_head',
        'state_heads': 'STATE_HEADS',
        'study': 'study_page',
    },
)
