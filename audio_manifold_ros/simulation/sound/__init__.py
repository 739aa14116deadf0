# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Acoustics of a street: emission, propagation, noise fields and microphones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.simulation.sound.acoustics import StreetAcoustics

__all__ = ['StreetAcoustics']

__getattr__, __dir__ = lazy_exports(__name__, {'acoustics': 'StreetAcoustics'})
