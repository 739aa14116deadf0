# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Specifications and arrays for the tests of the spatial features."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.features.array_geometry import ArrayGeometry
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec

SPEC = SpatialFeatureSpec()
SMALL = SpatialFeatureSpec(
    sample_rate_hz=8000,
    window_samples=3000,
    n_fft=256,
    frame_hop_samples=192,
    hop_samples=64,
    frames=6,
    image_columns=5,
    other_azimuths=3,
    band_edges_hz=(200.0, 700.0, 1500.0, 3000.0),
    mel_bands=12,
    echo_azimuths=6,
    echo_band_hz=(250.0, 3200.0),
    echo_lags_ms=(4, 30),
)
SEGMENTS = replace(SMALL, window_samples=3400, echo_segments=3, echo_step_samples=192, echo_whitening=0.85)
SPECS = {
    'default': SPEC,
    'small': SMALL,
    'long_lags': replace(SMALL, echo_lags_ms=(2, 180)),
    'odd_window': replace(SMALL, window_samples=3001, echo_azimuths=5, echo_lags_ms=(3, 20)),
    'phat': replace(SMALL, whitening=1.0, thin_above_hz=0.0),
    'whitened_in_part': replace(SMALL, echo_whitening=0.6),
    'segments': SEGMENTS,
    'no_whitening': replace(SMALL, whitening=0.0, echo_whitening=0.0, frames=1),
}
AZIMUTHS = np.concatenate([np.linspace(0.8, -0.8, 48), np.linspace(-1.1, -5.2, 16)])


def geometry(positions_m: NDArray[np.float64], spec: SpatialFeatureSpec = SPEC) -> ArrayGeometry:
    """Return the geometry of an array, all of whose microphones are active."""
    azimuths = AZIMUTHS if spec.azimuths == 64 else np.linspace(3.0, -3.0, spec.azimuths)
    return ArrayGeometry(positions_m, azimuths, np.ones(len(positions_m), dtype=bool))
