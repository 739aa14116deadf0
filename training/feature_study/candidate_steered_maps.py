# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Candidates for the steered map: other values of its definition, and other uses of the phase."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.features.mel_frames import hann
from audio_manifold_ros.features.spatial_batch import window_frames
from audio_manifold_ros.features.spatial_frames import SPECTRUM_FLOOR, STEERED_FLOOR, SpatialFrames
from audio_manifold_ros.features.steering import steered_bins, steering_weights
from training.feature_study.study_street import DEFAULT, octagon_geometry

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.common.array_types import FloatArray, Samples
    from audio_manifold_ros.features.array_geometry import ArrayGeometry
    from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec

# Frames in the middle of the window that the read-out gets.
MIDDLE_FRAMES = 5
ELEVATIONS_RAD = (math.radians(30.0), math.radians(60.0))
# Diagonal loading of the covariances, relative to the mean power of a microphone.
LOADING = 0.3
# Doppler: frames at each end of the window, and logarithmic frequency steps.
END_FRAMES = 7
DOPPLER_HZ, DOPPLER_STEP, DOPPLER_SHIFTS, SMOOTHED_STEPS = (200.0, 5000.0), 0.015, 4, 15

# From a window (mic, sample) to a map (value, azimuth).
Candidate = Callable[['Samples'], 'Samples']


def steered_candidates() -> Mapping[str, Candidate]:
    """Return the candidates by what they change. The first one is the default."""
    geometry = octagon_geometry(DEFAULT)
    edges = DEFAULT.band_edges_hz
    halved = tuple(sorted({*edges, *(math.sqrt(low * high) for low, high in pairwise(edges))}))
    default = _steered(geometry, DEFAULT)
    higher = [_steered(_raised(geometry, elevation), DEFAULT) for elevation in ELEVATIONS_RAD]
    specs = {f'`whitening` {value:g}': replace(DEFAULT, whitening=value) for value in (0.0, 0.3, 0.85, 1.0)}
    specs['12 bands in the same range'] = replace(DEFAULT, band_edges_hz=halved)
    specs['a seventh band up to 8 kHz'] = replace(DEFAULT, band_edges_hz=(*edges, 8000.0))
    specs['`n_fft` 1024'] = replace(DEFAULT, n_fft=1024)
    specs['`n_fft` 4096 (18 frames)'] = replace(DEFAULT, n_fft=4096, frames=18)
    adaptive = _adaptive_beams(geometry)
    return {
        'default (`whitening` 0.6)': default,
        **{name: _steered(geometry, spec) for name, spec in specs.items()},
        'beams at elevations of 30° and 60° in addition': _joined(default, *higher),
        'Doppler shift of the beams in addition': _joined(default, _doppler(geometry)),
        'adaptive beams (minimum variance) in place': adaptive,
        'adaptive beams in addition': _joined(default, adaptive),
    }


def _steered(geometry: ArrayGeometry, spec: SpatialFeatureSpec) -> Candidate:
    maps = SpatialFrames(spec, geometry.positions_m, geometry.azimuths_rad)
    first = (spec.frames - MIDDLE_FRAMES) // 2

    def candidate(window: Samples) -> Samples:
        frames = maps.maps(window_frames(window, spec)[:, first : first + MIDDLE_FRAMES])
        return frames[:, spec.mel_bands :].reshape(-1, spec.azimuths)

    return candidate


def _joined(*candidates: Candidate) -> Candidate:
    return lambda window: np.concatenate([candidate(window) for candidate in candidates])


def _raised(geometry: ArrayGeometry, elevation_rad: float) -> ArrayGeometry:
    """Return a geometry whose horizontal beams are those of a plane array at an elevation."""
    return replace(geometry, positions_m=geometry.positions_m * math.cos(elevation_rad))


def _spectra(window: Samples) -> NDArray[np.complex128]:
    """Return the spectra (bin, mic, frame) of all frames, with the default whitening."""
    spectra = np.fft.rfft(window_frames(window, DEFAULT) * hann(DEFAULT.n_fft)).transpose(2, 0, 1)
    level = np.sqrt(np.mean(np.abs(spectra) ** 2, axis=1, keepdims=True)) + SPECTRUM_FLOOR
    whitened: NDArray[np.complex128] = spectra / level**DEFAULT.whitening
    return whitened


def _adaptive_beams(geometry: ArrayGeometry) -> Candidate:
    """Return beams of minimum variance (Capon 1969), with the covariance of each bin over the window."""
    bands = steered_bins(DEFAULT)
    bins = np.concatenate(bands)
    ends = np.cumsum([len(band) for band in bands])[:-1]
    weights = steering_weights(
        geometry.positions_m, geometry.azimuths_rad, bins * DEFAULT.sample_rate_hz / DEFAULT.n_fft
    )
    microphones = weights.shape[-1]
    directions = weights.conj() * microphones
    first = (DEFAULT.frames - MIDDLE_FRAMES) // 2

    def candidate(window: Samples) -> Samples:
        spectra = _spectra(window)[bins]
        # Loud frames do not dominate the covariance.
        even = spectra / (np.sqrt(np.mean(np.abs(spectra) ** 2, axis=1, keepdims=True)) + SPECTRUM_FLOOR)
        covariance = even @ even.conj().transpose(0, 2, 1) / even.shape[-1]
        inverse = np.linalg.inv(covariance + LOADING * np.eye(microphones))
        steered = directions @ inverse.transpose(0, 2, 1)
        scale = np.sum(directions.conj() * steered, axis=-1, keepdims=True).real
        power = np.abs(steered.conj() @ spectra[..., first : first + MIDDLE_FRAMES] / scale) ** 2
        decibels = 10 * np.log10(np.stack([part.mean(axis=0) for part in np.split(power, ends)]) + STEERED_FLOOR)
        relative = decibels - decibels.mean(axis=1, keepdims=True)
        middle: Samples = relative.transpose(2, 0, 1).reshape(-1, DEFAULT.azimuths).astype(np.float32)
        return middle

    return candidate


def _doppler(geometry: ArrayGeometry) -> Candidate:
    """Return the correlation of the spectra of each beam at both ends of the window, over logarithmic shifts."""
    low_hz, high_hz = DOPPLER_HZ
    bins_hz = np.arange(DEFAULT.n_fft // 2 + 1, dtype=np.float64) * (DEFAULT.sample_rate_hz / DEFAULT.n_fft)
    used = np.flatnonzero((bins_hz >= low_hz * 0.9) & (bins_hz <= high_hz * 1.1))
    steps_hz = np.exp(np.arange(math.log(low_hz), math.log(high_hz), DOPPLER_STEP))
    weights = steering_weights(geometry.positions_m, geometry.azimuths_rad, bins_hz[used])

    def spectrum(spectra: NDArray[np.complex128]) -> FloatArray:
        """Return the detrended level (azimuth, step) of the beams of frames (bin, mic, frame)."""
        power = np.mean(np.abs(weights @ spectra) ** 2, axis=-1)
        level = np.log(np.stack([np.interp(steps_hz, bins_hz[used], beam) for beam in power.T]) + STEERED_FLOOR)
        kernel = np.ones(SMOOTHED_STEPS) / SMOOTHED_STEPS
        trend = np.stack([np.convolve(beam, kernel, mode='same') for beam in level])
        detrended = level - trend
        return np.asarray(detrended / (detrended.std(axis=1, keepdims=True) + SPECTRUM_FLOOR))

    def candidate(window: Samples) -> Samples:
        spectra = _spectra(window)[used]
        early, late = spectrum(spectra[..., :END_FRAMES]), spectrum(spectra[..., -END_FRAMES:])
        shifts = range(-DOPPLER_SHIFTS, DOPPLER_SHIFTS + 1)
        return np.stack([np.mean(early * np.roll(late, shift, axis=1), axis=1) for shift in shifts]).astype(np.float32)

    return candidate
