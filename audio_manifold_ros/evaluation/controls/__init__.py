# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Controls for scores: predictors without audio, and the networks with other audio or mirrored microphones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.evaluation.controls.audio_control import (
        audio_controls,
        control_order,
        mirrored_features,
        mirrored_microphones,
        shuffled_order,
        with_map_of,
    )
    from audio_manifold_ros.evaluation.controls.pixel_prior import PixelPrior, PixelPriorBuilder

__all__ = [
    'PixelPrior',
    'PixelPriorBuilder',
    'audio_controls',
    'control_order',
    'mirrored_features',
    'mirrored_microphones',
    'shuffled_order',
    'with_map_of',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'audio_control': (
            'audio_controls control_order mirrored_features mirrored_microphones shuffled_order with_map_of'
        ),
        'pixel_prior': 'PixelPrior PixelPriorBuilder',
    },
)
