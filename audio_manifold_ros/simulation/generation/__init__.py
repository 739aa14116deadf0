# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Random generation of streets: layout, traffic, buildings, street furniture, pedestrians and weather."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.simulation.generation.random_street import sample_street

__all__ = ['sample_street']

__getattr__, __dir__ = lazy_exports(__name__, {'random_street': 'sample_street'})
