# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Features of complete windows by any specification, mel or spatial."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.errors import FeatureError
from audio_manifold_ros.features.array_geometry import ArrayGeometry
from audio_manifold_ros.features.mel_batch import mel_features
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec

if TYPE_CHECKING:
    from audio_manifold_ros.common.array_types import Mask, Samples
    from audio_manifold_ros.features.array_geometry import Rig
    from audio_manifold_ros.features.kinds import AnyFeatureSpec


def rig_geometry(rig: Rig, spec: AnyFeatureSpec) -> ArrayGeometry | None:
    """Return the geometry of a rig that the features need, None for mel features.

    Raises:
        RigError: A file of the rig is invalid.
        FeatureError: The rig cannot be used with these features.

    """
    return ArrayGeometry.from_rig(rig, spec) if isinstance(spec, SpatialFeatureSpec) else None


def window_features(
    samples: Samples, spec: AnyFeatureSpec, geometry: ArrayGeometry | None = None, active: Mask | None = None
) -> Samples:
    """Return the features of one window.

    Args:
        samples: float32 (mic, window_samples), full scale ±1.
        spec: Definition of the features.
        geometry: Geometry of the array, for spatial features.
        active: bool (mic,), False for a microphone that spatial features leave out. None for those of the geometry.

    Returns:
        float32 (mic, height, width) of mel features, (size,) of spatial features.

    Raises:
        FeatureError: The window has another shape, or spatial features have no geometry or no microphone.

    """
    if not isinstance(spec, SpatialFeatureSpec):
        return mel_features(samples, spec)
    if geometry is None:
        msg = 'Spatial features need the geometry of the array: give it (ArrayGeometry.from_rig).'
        raise FeatureError(msg)
    # Imported here, because it needs scipy.fft, which mel features do not.
    from audio_manifold_ros.features.spatial_batch import spatial_features

    return spatial_features(samples, geometry, spec, active)
