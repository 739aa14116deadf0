# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Level and steered map of frames of samples: the computation that the batch and the streaming form share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.audio.fourier import real_transform
from audio_manifold_ros.features.banded_matrix import BandedMatrix
from audio_manifold_ros.features.mel_filterbank import mean_mel_filters
from audio_manifold_ros.features.mel_frames import hann
from audio_manifold_ros.features.steering import steered_bins, steering_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
        ends = np.cumsum([len(band) for band in bands]).tolist()
        self._bands = [slice(end - len(band), end) for end, band in zip(ends, bands, strict=True)]
        self._means = [np.full((1, len(band)), 1 / len(band), dtype=np.float32) for band in bands]
        self._whitening = np.float32(spec.whitening)
        self._window = hann(spec.n_fft)
        self._filters = BandedMatrix(np.ascontiguousarray(mean_mel_filters(spec).T), FILTER_BLOCK_VALUES)
        bins_hz = self._bins * spec.sample_rate_hz / spec.n_fft
        self._weights = np.ascontiguousarray(
            steering_weights(positions_m, azimuths_rad, bins_hz).transpose(0, 2, 1), dtype=np.complex64
        )
        self._level_values = spec.mel_bands
        self.values = spec.mel_bands + spec.steered_bands * spec.azimuths

    def maps(self, frames: Samples) -> Samples:
        """Return level and steered map of frames.

        Args:
            frames: float32 (mic, frame, n_fft) of the microphones that are used.

        Returns:
            float32 (frame, value): the mel bands in decibels, then the steered map (band, azimuth) in decibels.

        """
        count = frames.shape[1]
        out = np.empty((count, self.values), dtype=np.float32)
        whitened = np.empty((len(self._bins), count, len(frames)), dtype=np.complex64)
        for frame in range(count):
            spectrum = real_transform(frames[:, frame] * self._window).astype(np.complex64)
            power = _mean_power(spectrum)
            out[frame, : self._level_values] = self._filters.product(power[None])[0]
            level = np.sqrt(power[self._bins]) + np.float32(SPECTRUM_FLOOR)
            np.multiply(spectrum.T[self._bins], (level**-self._whitening)[:, None], out=whitened[:, frame])
        _to_decibels(out[:, : self._level_values], LEVEL_FLOOR)
        out[:, self._level_values :] = self._steered(whitened).reshape(count, -1)
        return out

    def _steered(self, spectra: NDArray[np.complex64]) -> Samples:
        """Return the steered map (frame, band, azimuth) of whitened spectra (bin, frame, mic)."""
        beams = np.matmul(spectra, self._weights).view(np.float32)
        parts = np.square(beams, out=beams).reshape(len(beams), -1)
        power = np.concatenate([mean @ parts[band] for mean, band in zip(self._means, self._bands, strict=True)])
        decibels = _to_decibels(power[:, 0::2] + power[:, 1::2], STEERED_FLOOR)
        steered = decibels.reshape(len(power), spectra.shape[1], -1).transpose(1, 0, 2)
        steered -= steered.mean(axis=-1, keepdims=True)
        return steered


def _mean_power(spectrum: NDArray[np.complex64]) -> Samples:
    """Return the power (bin,) of spectra (mic, bin), averaged over the microphones."""
    parts = spectrum.view(np.float32)
    squares = np.einsum('mp,mp->p', parts, parts)
    power: Samples = (squares[0::2] + squares[1::2]) / np.float32(len(spectrum))
    return power


def _to_decibels(power: Samples, floor: float) -> Samples:
    """Replace power by decibels."""
    power += np.float32(floor)
    np.log(power, out=power)
    power *= np.float32(DECIBELS)
    return power
