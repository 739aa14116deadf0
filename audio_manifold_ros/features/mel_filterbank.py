# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Triangular mel filters on the HTK scale, as in the paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
    from audio_manifold_ros.features.spec import FeatureSpec


def hz_to_mel(frequency_hz: ArrayLike) -> NDArray[np.float64]:
    """Return mel of the HTK scale (HTK book, section 5.4): 2595 log10(1 + f / 700)."""
    return 2595.0 * np.log10(1.0 + np.asarray(frequency_hz, dtype=np.float64) / 700.0)


def mel_to_hz(mel: ArrayLike) -> NDArray[np.float64]:
    """Return the frequency of a mel value, the inverse of `hz_to_mel`."""
    return 700.0 * (10.0 ** (np.asarray(mel, dtype=np.float64) / 2595.0) - 1.0)


def mel_filterbank(spec: FeatureSpec) -> NDArray[np.float32]:
    """Return the weights of every bin of the power spectrum in every band, float32 (mel_band, bin).

    Each filter is a triangle of height 1, linear in hertz, from the centre of the band below to the centre of the band
    above. The centres are equally spaced in mel. There is no area norm. With the default values some of the lowest
    bands are narrower than a bin and contain no bin. Their level is always the floor.
    """
    bins_hz = np.linspace(0.0, spec.sample_rate_hz / 2, spec.n_fft // 2 + 1)
    corners_hz = mel_to_hz(np.linspace(hz_to_mel(spec.f_min_hz), hz_to_mel(spec.f_max_hz), spec.mel_bands + 2))
    return _triangles(bins_hz, corners_hz).astype(np.float32)


def mean_mel_filters(spec: SpatialFeatureSpec) -> NDArray[np.float32]:
    """Return the weights of every bin in every band of the level map, float32 (mel_band, bin).

    Each filter is a triangle as in `mel_filterbank`, from 0 Hz to half the sample rate. Its weights sum to 1, so that
    a band is the mean power of its bins. A band that contains no bin has the nearest one.
    """
    half_rate_hz = spec.sample_rate_hz / 2
    bins_hz = np.linspace(0.0, half_rate_hz, spec.n_fft // 2 + 1)
    corners_hz = mel_to_hz(np.linspace(0.0, hz_to_mel(half_rate_hz), spec.mel_bands + 2))
    weights = _triangles(bins_hz, corners_hz)
    for band in np.flatnonzero(weights.sum(axis=1) == 0):
        weights[band, np.argmin(np.abs(bins_hz - corners_hz[band + 1]))] = 1.0
    weights /= weights.sum(axis=1, keepdims=True)
    return weights.astype(np.float32)


def _triangles(bins_hz: NDArray[np.floating], corners_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    low, centre, high = corners_hz[:-2, None], corners_hz[1:-1, None], corners_hz[2:, None]
    rising = (bins_hz - low) / (centre - low)
    falling = (high - bins_hz) / (high - centre)
    return np.clip(np.minimum(rising, falling), 0.0, None)
