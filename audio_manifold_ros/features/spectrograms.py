# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Spectrograms for people, from features of any kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.features.kinds import AnyFeatureSpec


def level_spectrograms(features: NDArray[np.float32], spec: AnyFeatureSpec) -> NDArray[np.float32]:
    """Return the levels of features float32 (channel, band, frame) in decibels.

    Mel features have one channel per microphone. Spatial features have one, the mean power of the microphones.
    """
    if isinstance(spec, SpatialFeatureSpec):
        place, shape = spec.blocks['level']
        return features[place].reshape(1, *shape)
    return np.asarray(features * np.float32(spec.db_divisor))


def spectrogram_channels(spec: AnyFeatureSpec, microphones: int) -> int:
    """Return the number of channels of `level_spectrograms`."""
    return 1 if isinstance(spec, SpatialFeatureSpec) else microphones
