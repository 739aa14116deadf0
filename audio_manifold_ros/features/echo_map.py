# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Echo map: the correlation of the array's mean signal with beams around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.audio.fourier import inverse_transform, real_transform
from audio_manifold_ros.features.lag_segment import LagSegment
from audio_manifold_ros.features.steering import (
    echo_azimuths_rad,
    echo_bins,
    echo_lag_edges,
    lead_s,
    steering_weights,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from audio_manifold_ros.common.array_types import FloatArray, Samples
    from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec

SPECTRUM_FLOOR = 1e-9


class EchoMap:
    """The echo map of segments of a window, for one array. That of the window is their mean (`mean_map`).

    The reference is the mean of the microphones, in which the vehicle's own noise dominates. It is correlated with a
    delay-and-sum beam in each azimuth. The cross-spectrum is divided by the magnitude of the reference and by the
    level that is common to all microphones, to the power of `echo_whitening`. With 1, each frequency has the same
    weight, and the envelope of the correlation is 1 for a beam that equals the reference. With less, the cross-spectra
    are divided by their root mean square too, so that the gain does not matter. The map is the largest value of the
    envelope within each millisecond of lag.

    Only a short segment of lags is needed. `LagSegment` resamples the cross-spectra of the microphones to the few
    frequencies that describe this segment, before they are steered and transformed. One thread uses an instance.

    Args:
        spec: Definition of the features.
        positions_m: (mic, 3) of the microphones that are used.

    """

    def __init__(self, spec: SpatialFeatureSpec, positions_m: FloatArray) -> None:
        """Compute the resampling and the steering weights."""
        bins, edges = echo_bins(spec), echo_lag_edges(spec)
        azimuths_rad = echo_azimuths_rad(spec)
        margin = int(np.abs(lead_s(positions_m, azimuths_rad)).max() * spec.sample_rate_hz) + 2
        self._whitening = np.float32(spec.echo_whitening)
        self._bins = slice(int(bins[0]), int(bins[-1]) + 1)
        lags = int(edges[0]), int(edges[-1])
        self._segment = segment = LagSegment((self._bins.start, self._bins.stop), spec.echo_samples, lags, margin)
        self._lags = edges[:-1] - edges[0]
        self._lag_samples = int(edges[-1] - edges[0])
        weights = steering_weights(positions_m, azimuths_rad, segment.frequencies * spec.sample_rate_hz)
        weights *= segment.output_phase[:, None, None] / len(bins)
        self._weights = np.ascontiguousarray(weights.transpose(0, 2, 1), dtype=np.complex64)
        self._spectrum = np.zeros((spec.echo_azimuths, segment.period_samples), dtype=np.complex64)

    def map(self, samples: Samples) -> Samples:
        """Return the echo map float32 (azimuth, lag) of a segment float32 (mic, echo_samples)."""
        spectrum = real_transform(samples)[:, self._bins]
        cross = self._segment.resample(spectrum, whitening_factor(spectrum, self._whitening))
        self._spectrum[:, : cross.shape[1]] = np.matmul(cross.T[:, None], self._weights)[:, 0].T
        correlation = inverse_transform(self._spectrum)[:, : self._lag_samples]
        squares = np.square(correlation.view(np.float32))
        power = squares[:, 0::2] + squares[:, 1::2]
        largest: Samples = np.maximum.reduceat(power, self._lags, axis=1)
        return np.sqrt(largest)


def mean_map(maps: Sequence[Samples]) -> Samples:
    """Return the echo map of a window from those of its segments, in order."""
    mean: Samples = np.mean(maps, axis=0, dtype=np.float32) if len(maps) > 1 else maps[0]
    return mean


def whitening_factor(spectrum: NDArray[np.complex64], exponent: np.float32) -> NDArray[np.complex64]:
    """Return the factor (bin,) that turns spectra (mic, bin) into whitened cross-spectra with their mean."""
    floor, share = np.float32(SPECTRUM_FLOOR), np.float32(1 / len(spectrum))
    parts = spectrum.view(np.float32)
    squares = np.einsum('mp,mp->p', parts, parts)
    level = np.sqrt((squares[0::2] + squares[1::2]) * share) + floor
    reference = np.add.reduce(spectrum, axis=0) * share
    product = (np.abs(reference) + floor) * level
    # A product with the inverse takes a third of the time of a division of complex numbers.
    scale = 1 / product
    if exponent < 1:
        remaining = product ** (1 - exponent)
        scale *= remaining / np.sqrt(np.mean(np.square(remaining)))
    factor: NDArray[np.complex64] = reference.conj() * scale
    return factor
