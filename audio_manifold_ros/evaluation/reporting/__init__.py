# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reports of an evaluation: contact sheet, video and model card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.evaluation.reporting.contact_sheet import Snapshot
    from audio_manifold_ros.evaluation.reporting.video import Mp4Writer, write_video

__all__ = [
    'Mp4Writer',
    'Snapshot',
    'write_video',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'contact_sheet': 'Snapshot',
        'video': 'Mp4Writer write_video',
    },
)
