# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Controls for scores: the pixel prior, shuffled audio, one microphone copied to all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.evaluation.controls.audio_controls import (
        control_order,
        one_microphone,
        shuffled_order,
        without_direction,
    )
    from audio_manifold_ros.evaluation.controls.pixel_prior import PixelPrior, PixelPriorBuilder

__all__ = [
    'PixelPrior',
    'PixelPriorBuilder',
    'control_order',
    'one_microphone',
    'shuffled_order',
    'without_direction',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'audio_controls': 'control_order one_microphone shuffled_order without_direction',
        'pixel_prior': 'PixelPrior PixelPriorBuilder',
    },
)
