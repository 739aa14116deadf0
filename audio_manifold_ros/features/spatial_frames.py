# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Level and steered map of frames of samples: the computation that the batch and the streaming form share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

from audio_manifold_ros.features.banded_matrix import BandedMatrix
from audio_manifold_ros.features.mel_filterbank import mean_mel_filters
from audio_manifold_ros.features.mel_frames import hann
from audio_manifold_ros.features.steering import steered_bins, steering_weights

if TYPE_CHECKING:
    from audio_manifold_ros.common.array_types import FloatArray, Samples
    from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec

LEVEL_FLOOR = 1e-10
STEERED_FLOOR = 1e-12
SPECTRUM_FLOOR = 1e-9
FILTER_BLOCK_VALUES = 4096
DECIBELS = 10.0 / np.log(10.0)


class SpatialFrames:
    """Level and steered map of frames, for one array.

    The level map is the power of each mel band, averaged over the microphones, in decibels. For the steered map, the
    spectra are divided by the level that is common to all microphones, to the power of `whitening`. A beam is the mean
    of the spectra, each delayed so that a plane wave from its azimuth is aligned. The power of a beam is averaged over
    the bins of a band. The map is this power in decibels, relative to the mean of the decibels over the azimuths.

    The Fourier transform is computed in double precision, for the reason given in `MelFrames`. One thread uses an
    instance.

    Args:
        spec: Definition of the features.
        positions_m: (mic, 3) of the microphones that are used.
        azimuths_rad: (azimuth,) of the steered map.

    """

    def __init__(self, spec: SpatialFeatureSpec, positions_m: FloatArray, azimuths_rad: FloatArray) -> None:
        """Compute window, filters and steering weights."""
        bands = steered_bins(spec)
        self._bins = np.concatenate(bands)
        self._first_bins = np.cumsum([0, *(len(bins) for bins in bands[:-1])])
        self._bin_counts = np.array([len(bins) for bins in bands], dtype=np.float32)
        self._whitening = spec.whitening
        self._window = hann(spec.n_fft)
        self._filters = BandedMatrix(np.ascontiguousarray(mean_mel_filters(spec).T), FILTER_BLOCK_VALUES)
        bins_hz = self._bins * spec.sample_rate_hz / spec.n_fft
        self._weights = steering_weights(positions_m, azimuths_rad, bins_hz).astype(np.complex64)
        self._level_values, self._shape = spec.mel_bands, spec.steered_shape[:2]
        self.values = spec.mel_bands + spec.steered_bands * spec.azimuths

    def maps(self, frames: Samples) -> Samples:
        """Return level and steered map of frames.

        Args:
            frames: float32 (mic, frame, n_fft) of the microphones that are used.

        Returns:
            float32 (frame, value): the mel bands in decibels, then the steered map (band, azimuth) in decibels.

        """
        spectrum = fft.rfft(frames * self._window, axis=-1, workers=1).astype(np.complex64)
        parts = np.square(spectrum.view(np.float32)).mean(axis=0)
        power = parts[:, 0::2] + parts[:, 1::2]
        out = np.empty((frames.shape[1], self.values), dtype=np.float32)
        out[:, : self._level_values] = _decibels(self._filters.product(power), LEVEL_FLOOR)
        steered = self._steered(spectrum[:, :, self._bins], power[:, self._bins])
        out[:, self._level_values :] = steered.reshape(len(out), -1)
        return out

    def _steered(self, spectrum: Samples, power: Samples) -> Samples:
        """Return the steered map (frame, band, azimuth) of spectra (mic, frame, bin) and their mean power."""
        level = np.sqrt(power) + np.float32(SPECTRUM_FLOOR)
        whitened = spectrum * level ** np.float32(-self._whitening)
        beams = np.matmul(self._weights, np.ascontiguousarray(whitened.transpose(2, 0, 1)))
        squares = np.square(beams.view(np.float32))
        response: Samples = np.add.reduceat(squares[..., 0::2] + squares[..., 1::2], self._first_bins, axis=0)
        decibels = _decibels(response / self._bin_counts[:, None, None], STEERED_FLOOR)
        decibels -= decibels.mean(axis=1, keepdims=True)
        return decibels.transpose(2, 0, 1)


def _decibels(power: Samples, floor: float) -> Samples:
    power = power + np.float32(floor)
    np.log(power, out=power)
    return np.multiply(power, np.float32(DECIBELS), out=power)
