# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The definition of the spatial features in float64, bin by bin, and sounds whose maps are known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec

Array = NDArray[np.float64]
SOUND_MPS = 343.0


def ring(microphones: int, radius_m: float = 0.5) -> Array:
    """Return positions (mic, 3) on a circle."""
    angles = 2 * np.pi * np.arange(microphones) / microphones
    return radius_m * np.stack([np.cos(angles), np.sin(angles), np.zeros_like(angles)], axis=1)


def lead_s(positions_m: Array, azimuth_rad: float) -> Array:
    """Return by how much a plane wave reaches each microphone before the centre."""
    return positions_m @ [np.cos(azimuth_rad), np.sin(azimuth_rad), 0.0] / SOUND_MPS


def delayed(signal: Array, delay_s: float, rate_hz: int) -> Array:
    """Return a signal that is delayed on a circle."""
    hz = np.fft.rfftfreq(len(signal), 1 / rate_hz)
    return np.fft.irfft(np.fft.rfft(signal) * np.exp(-2j * np.pi * hz * delay_s), len(signal))


def plane_wave(signal: Array, positions_m: Array, azimuth_rad: float, rate_hz: int) -> Array:
    """Return the samples (mic, sample) of a plane wave."""
    return np.stack([delayed(signal, -lead, rate_hz) for lead in lead_s(positions_m, azimuth_rad)])


def expected_maps(
    samples: NDArray[np.float32], positions_m: Array, azimuths_rad: Array, spec: SpatialFeatureSpec
) -> dict[str, Array]:
    """Return the three maps of a window (mic, sample) as the documentation defines them."""
    spectra = frame_spectra(samples.astype(np.float64), spec)
    level = 10 * np.log10(filters(spec) @ (np.abs(spectra) ** 2).mean(axis=0).T + 1e-10)
    steered = steered_map(spectra, positions_m, azimuths_rad, spec)
    length = spec.window_samples - (spec.echo_segments - 1) * spec.echo_step_samples
    firsts = [number * spec.echo_step_samples for number in range(spec.echo_segments)]
    echoes = [echo_map(samples[:, first : first + length].astype(np.float64), positions_m, spec) for first in firsts]
    return {'level': level, 'steered': steered, 'echo': np.mean(echoes, axis=0)}


def frame_spectra(samples: Array, spec: SpatialFeatureSpec) -> Array:
    window = np.sin(np.pi * np.arange(spec.n_fft) / spec.n_fft) ** 2
    ends = spec.window_samples - spec.frame_hop_samples * np.arange(spec.frames)[::-1]
    return np.stack([np.fft.rfft(samples[:, end - spec.n_fft : end] * window) for end in ends], axis=1)


def filters(spec: SpatialFeatureSpec) -> Array:
    hz = np.fft.rfftfreq(spec.n_fft, 1 / spec.sample_rate_hz)
    top = 2595 * np.log10(1 + spec.sample_rate_hz / 1400)
    corners = 700 * (10 ** (np.linspace(0, top, spec.mel_bands + 2) / 2595) - 1)
    rows = np.array([np.interp(hz, corners[i : i + 3], [0, 1, 0], 0, 0) for i in range(spec.mel_bands)])
    for row, centre in zip(rows, corners[1:], strict=False):
        if not row.any():
            row[np.abs(hz - centre).argmin()] = 1
    return rows / rows.sum(axis=1, keepdims=True)


def steered_map(spectra: Array, positions_m: Array, azimuths_rad: Array, spec: SpatialFeatureSpec) -> Array:
    hz = np.fft.rfftfreq(spec.n_fft, 1 / spec.sample_rate_hz)
    whitened = spectra / (np.sqrt((np.abs(spectra) ** 2).mean(axis=0)) + 1e-9) ** spec.whitening
    power = np.empty(spec.steered_shape)
    for band, (low, high) in enumerate(zip(spec.band_edges_hz, spec.band_edges_hz[1:], strict=False)):
        bins = np.flatnonzero((hz >= low) & (hz < high))[:: 2 if low >= spec.thin_above_hz else 1]
        for azimuth, angle in enumerate(azimuths_rad):
            shifts = np.exp(-2j * np.pi * hz[bins] * lead_s(positions_m, angle)[:, None])
            beam = (shifts[:, None] * whitened[:, :, bins]).mean(axis=0)
            power[band, azimuth] = (np.abs(beam) ** 2).mean(axis=1)
    decibels = 10 * np.log10(power + 1e-12)
    return decibels - decibels.mean(axis=1, keepdims=True)


def echo_map(samples: Array, positions_m: Array, spec: SpatialFeatureSpec) -> Array:
    length, rate_hz = samples.shape[1], spec.sample_rate_hz
    hz = np.fft.rfftfreq(length, 1 / rate_hz)
    inside = (hz >= spec.echo_band_hz[0]) & (hz < spec.echo_band_hz[1])
    spectra = np.where(inside, np.fft.rfft(samples), 0)
    level = np.sqrt((np.abs(spectra) ** 2).mean(axis=0)) + 1e-9
    reference = spectra.mean(axis=0)
    product = level * (np.abs(reference) + 1e-9)
    divisor = product**spec.echo_whitening
    divisor *= np.sqrt(np.mean((product / divisor)[inside] ** 2))
    first_ms, last_ms = spec.echo_lags_ms
    result = np.empty(spec.echo_shape)
    for row in range(spec.echo_azimuths):
        lead = lead_s(positions_m, -np.pi + 2 * np.pi * row / spec.echo_azimuths)
        beam = (spectra * np.exp(-2j * np.pi * hz * lead[:, None])).mean(axis=0)
        cross = beam * reference.conj() / divisor
        envelope = np.abs(np.fft.ifft(cross, length)) * length / inside.sum()
        for lag, ms in enumerate(range(first_ms, last_ms)):
            first, last = (round(edge * rate_hz / 1000) for edge in (ms, ms + 1))
            result[row, lag] = envelope[first:last].max()
    return result
