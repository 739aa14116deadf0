# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bins and steering weights of the spatial features."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.common.units import SPEED_OF_SOUND_MPS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.common.array_types import FloatArray
    from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec


def lead_s(positions_m: FloatArray, azimuths_rad: FloatArray) -> FloatArray:
    """Return by how much a plane wave from each azimuth reaches each microphone before the centre, in seconds.

    Args:
        positions_m: (mic, 3) relative to the centre.
        azimuths_rad: (azimuth,), positive to the left. The elevation is 0.

    Returns:
        float64 (azimuth, mic).

    """
    towards = np.stack([np.cos(azimuths_rad), np.sin(azimuths_rad), np.zeros_like(azimuths_rad)], axis=1)
    return towards @ positions_m.T / SPEED_OF_SOUND_MPS


def steering_weights(
    positions_m: FloatArray, azimuths_rad: FloatArray, frequencies_hz: FloatArray
) -> NDArray[np.complex128]:
    """Return the weights (frequency, azimuth, mic) of delay-and-sum beams. The sum of their magnitudes is 1."""
    delay_s = lead_s(positions_m, azimuths_rad)
    weights: NDArray[np.complex128] = np.exp(-2j * np.pi * frequencies_hz[:, None, None] * delay_s)
    return weights / len(positions_m)


def steered_bins(spec: SpatialFeatureSpec) -> list[NDArray[np.intp]]:
    """Return the bins of the transform of a frame that each band of the steered map uses."""
    bins_hz = np.fft.rfftfreq(spec.n_fft, 1.0 / spec.sample_rate_hz)
    bands = []
    for low_hz, high_hz in zip(spec.band_edges_hz, spec.band_edges_hz[1:], strict=False):
        bins = np.flatnonzero((bins_hz >= low_hz) & (bins_hz < high_hz))
        bands.append(bins[::2] if low_hz >= spec.thin_above_hz else bins)
    return bands


def echo_bins(spec: SpatialFeatureSpec) -> NDArray[np.intp]:
    """Return the bins of the transform of a window that the echo map uses. They are consecutive."""
    bins_hz = np.fft.rfftfreq(spec.echo_samples, 1.0 / spec.sample_rate_hz)
    low_hz, high_hz = spec.echo_band_hz
    return np.flatnonzero((bins_hz >= low_hz) & (bins_hz < high_hz))


def echo_azimuths_rad(spec: SpatialFeatureSpec) -> FloatArray:
    """Return the azimuths of the rows of the echo map."""
    return -np.pi + 2 * np.pi * np.arange(spec.echo_azimuths) / spec.echo_azimuths


def echo_lag_edges(spec: SpatialFeatureSpec) -> NDArray[np.intp]:
    """Return the first sample of each lag of the echo map, and the end of the last one."""
    first_ms, last_ms = spec.echo_lags_ms
    lags_ms = np.arange(first_ms, last_ms + 1)
    return np.round(lags_ms * spec.sample_rate_hz / 1000).astype(np.intp)
