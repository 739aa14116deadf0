# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reflections of sound: walls, sides of vehicles, and trunks and poles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.simulation.sound.reflection.cylinders import Cylinders
    from audio_manifold_ros.simulation.sound.reflection.image_source_method import Walls
    from audio_manifold_ros.simulation.sound.reflection.mirror import Mirrors

__all__ = ['Cylinders', 'Mirrors', 'Walls']

__getattr__, __dir__ = lazy_exports(
    __name__, {'cylinders': 'Cylinders', 'image_source_method': 'Walls', 'mirror': 'Mirrors'}
)
