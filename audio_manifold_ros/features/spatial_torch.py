# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Spatial features of complete windows in torch, for training and for inference on a GPU."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from audio_manifold_ros.common.errors import FeatureError
from audio_manifold_ros.common.units import SPEED_OF_SOUND_MPS
from audio_manifold_ros.features.echo_map import SPECTRUM_FLOOR
from audio_manifold_ros.features.lag_segment import LagSegment
from audio_manifold_ros.features.mel_filterbank import mean_mel_filters
from audio_manifold_ros.features.mel_frames import hann
from audio_manifold_ros.features.spatial_batch import check_windows
from audio_manifold_ros.features.spatial_frames import LEVEL_FLOOR, STEERED_FLOOR
from audio_manifold_ros.features.steering import echo_azimuths_rad, echo_bins, echo_lag_edges, steered_bins

if TYPE_CHECKING:
    from audio_manifold_ros.features.array_geometry import ArrayGeometry
    from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec

# Largest size of the frames that are transformed at once, in double precision.
MAX_FRAME_BYTES = {'cpu': 1 << 22}
MAX_FRAME_BYTES_GPU = 1 << 30


@dataclass(frozen=True, eq=False)
class GeometryTensors:
    """Geometries of a batch of windows: one for all of them, or one for each.

    Attributes:
        positions_m: float64 (geometry, mic, 3).
        azimuths_rad: float64 (geometry, azimuth).
        active: bool (geometry, mic).

    """

    positions_m: torch.Tensor
    azimuths_rad: torch.Tensor
    active: torch.Tensor

    @classmethod
    def of(cls, geometries: Sequence[ArrayGeometry], device: torch.device | str = 'cpu') -> GeometryTensors:
        """Return the tensors of geometries. Arrays with fewer microphones than the largest get inactive ones."""
        microphones = max(geometry.microphones for geometry in geometries)
        positions_m = np.zeros((len(geometries), microphones, 3))
        active = np.zeros((len(geometries), microphones), dtype=bool)
        for i, geometry in enumerate(geometries):
            positions_m[i, : geometry.microphones] = geometry.positions_m
            active[i, : geometry.microphones] = geometry.active
        azimuths_rad = np.stack([geometry.azimuths_rad for geometry in geometries])
        return cls(*(torch.from_numpy(values).to(device) for values in (positions_m, azimuths_rad, active)))

    def with_active(self, active: torch.Tensor) -> GeometryTensors:
        """Return the geometries with other microphones left out, too: bool (mic,) or (geometry, mic)."""
        return GeometryTensors(self.positions_m, self.azimuths_rad, self.active & active)

    def __len__(self) -> int:
        """Return the number of geometries."""
        return len(self.positions_m)

    def item(self, items: slice) -> GeometryTensors:
        """Return the geometries of some windows of the batch."""
        if len(self) == 1:
            return self
        return GeometryTensors(self.positions_m[items], self.azimuths_rad[items], self.active[items])


class SpatialFeatures(nn.Module):
    """The features of `spatial_batch.spatial_features` as a module without parameters.

    The Fourier transform of the frames is always computed in double precision, and the rest in single precision, for
    any setting of the module or autocast. Tables are not buffers of the module. They are moved to the device of the
    samples. If TF32 is allowed, the maps lose precision.

    Args:
        spec: Definition of the features.

    """

    def __init__(self, spec: SpatialFeatureSpec) -> None:
        """Compute the tables that do not depend on the array."""
        super().__init__()
        self.spec = spec
        bands, bins = steered_bins(spec), echo_bins(spec)
        self._band_sizes = [len(band) for band in bands]
        self._echo_bins = slice(int(bins[0]), int(bins[-1]) + 1)
        edges = echo_lag_edges(spec)
        self._lags = int(edges[0]), int(edges[-1])
        lag_samples = np.arange(np.diff(edges).max())
        samples_of_lags = np.minimum(edges[:-1, None] + lag_samples, edges[1:, None] - 1) - edges[0]
        self._tables = {
            'window': torch.from_numpy(hann(spec.n_fft)),
            'filters': torch.from_numpy(mean_mel_filters(spec).T.copy()),
            'bins': torch.from_numpy(np.concatenate(bands)),
            'echo_azimuths': torch.from_numpy(echo_azimuths_rad(spec)),
            'samples_of_lags': torch.from_numpy(samples_of_lags),
        }

    def forward(self, samples: torch.Tensor, geometry: GeometryTensors) -> torch.Tensor:
        """Return features float32 (batch, size) of windows float32 (batch, mic, window_samples).

        Args:
            samples: The windows. Values of inactive microphones are ignored if they are finite.
            geometry: One geometry, or one for each window, on the device of the samples.

        Raises:
            FeatureError: A shape is wrong, or a window has no active microphone.

        """
        self._check(samples, geometry)
        device = samples.device
        self._tables = {name: table.to(device) for name, table in self._tables.items()}
        window_bytes = samples.shape[1] * self.spec.frames * self.spec.n_fft * self._tables['window'].itemsize
        count = max(MAX_FRAME_BYTES.get(device.type, MAX_FRAME_BYTES_GPU) // window_bytes, 1)
        chunks = [slice(first, first + count) for first in range(0, len(samples), count)]
        with torch.autocast(device.type, enabled=False):
            return torch.cat([self._features(samples[chunk].float(), geometry.item(chunk)) for chunk in chunks])

    def _check(self, samples: torch.Tensor, geometry: GeometryTensors) -> None:
        check_windows(tuple(samples.shape), geometry.positions_m.shape[1], self.spec)
        if samples.ndim != 3 or len(geometry) not in (1, len(samples)):
            msg = (
                f'Windows of shape {tuple(samples.shape)!r} with {len(geometry)} geometries: '
                'give (batch, mic, window_samples) and one geometry, or one for each window.'
            )
            raise FeatureError(msg)
        if geometry.azimuths_rad.shape[1] != self.spec.azimuths:
            msg = f'The geometry has {geometry.azimuths_rad.shape[1]} azimuths: give {self.spec.azimuths}.'
            raise FeatureError(msg)
        if not geometry.active.any(dim=1).all():
            msg = 'A window has no active microphone: give at least one.'
            raise FeatureError(msg)

    def _features(self, samples: torch.Tensor, geometry: GeometryTensors) -> torch.Tensor:
        share = geometry.active / geometry.active.sum(dim=1, keepdim=True)
        share = share.float()[..., None]
        samples = torch.where(geometry.active[..., None], samples, 0.0)
        spec = self.spec
        segments = (samples[..., first : first + spec.echo_samples] for first in spec.echo_starts)
        echo = torch.stack([self._echo_map(segment, geometry, share) for segment in segments]).mean(dim=0)
        maps = (*self._frame_maps(samples, geometry, share), echo)
        return torch.cat([values.flatten(1) for values in maps], dim=1)

    def _frame_maps(
        self, samples: torch.Tensor, geometry: GeometryTensors, share: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return level map (window, mel_band, frame) and steered map (window, band, azimuth, frame)."""
        spec, tables = self.spec, self._tables
        frames = samples[..., spec.first_frame_sample :].double().unfold(-1, spec.n_fft, spec.frame_hop_samples)
        spectra = torch.fft.rfft(frames * tables['window']).to(torch.complex64)
        power = (_squares(spectra) * share[..., None]).sum(dim=1)
        level = _decibels(power @ tables['filters'], LEVEL_FLOOR).transpose(1, 2)
        whitening = (power[..., tables['bins']].sqrt() + SPECTRUM_FLOOR).pow(-spec.whitening)
        whitened = spectra[..., tables['bins']] * whitening[:, None]
        hz = tables['bins'] * (spec.sample_rate_hz / spec.n_fft)
        beams = _beams(whitened, _weights(geometry.positions_m, geometry.azimuths_rad, hz, share))
        bands = [band.mean(dim=-1) for band in torch.split(_squares(beams), self._band_sizes, dim=-1)]
        steered = _decibels(torch.stack(bands, dim=1), STEERED_FLOOR)
        return level, steered - steered.mean(dim=2, keepdim=True)

    def _echo_map(self, samples: torch.Tensor, geometry: GeometryTensors, share: torch.Tensor) -> torch.Tensor:
        """Return the echo map (window, azimuth, lag) of segments (window, mic, echo_samples)."""
        spec, tables, bins = self.spec, self._tables, self._echo_bins
        radius_m = float(geometry.positions_m[..., :2].norm(dim=-1).max())
        margin = int(radius_m / SPEED_OF_SOUND_MPS * spec.sample_rate_hz) + 2
        segment = LagSegment((bins.start, bins.stop), spec.echo_samples, self._lags, margin)
        spectra = torch.fft.rfft(samples)[..., bins]
        level = (_squares(spectra) * share).sum(dim=1).sqrt() + SPECTRUM_FLOOR
        reference = (spectra * share).sum(dim=1)
        product = (reference.abs() + SPECTRUM_FLOOR) * level
        remaining = product.pow(1 - spec.echo_whitening)
        factor = reference.conj() * remaining / (product * remaining.square().mean(dim=-1, keepdim=True).sqrt())
        cross = _resample(segment, spectra * factor[:, None])
        hz = torch.from_numpy(segment.frequencies * spec.sample_rate_hz).to(samples.device)
        phase = torch.from_numpy(segment.output_phase / (bins.stop - bins.start)).to(samples.device, torch.complex64)
        azimuths = tables['echo_azimuths'].expand(len(geometry), -1)
        weights = _weights(geometry.positions_m, azimuths, hz, share) * phase[:, None, None]
        beams = _beams(cross[:, :, None], weights)[:, :, 0]
        correlation = torch.fft.ifft(beams, segment.period_samples, norm='forward')
        return _squares(correlation)[..., tables['samples_of_lags']].amax(dim=-1).sqrt()


def _squares(values: torch.Tensor) -> torch.Tensor:
    return values.real.square() + values.imag.square()


def _decibels(power: torch.Tensor, floor: float) -> torch.Tensor:
    return (power + floor).log() * (10.0 / math.log(10.0))


def _weights(
    positions_m: torch.Tensor, azimuths_rad: torch.Tensor, frequencies_hz: torch.Tensor, share: torch.Tensor
) -> torch.Tensor:
    """Return the steering weights complex64 (geometry, frequency, azimuth, mic), 0 for inactive microphones."""
    towards = torch.stack([azimuths_rad.cos(), azimuths_rad.sin(), torch.zeros_like(azimuths_rad)], dim=-1)
    lead_s = towards @ positions_m.transpose(1, 2) / SPEED_OF_SOUND_MPS
    phase = (-2 * math.pi * frequencies_hz[:, None, None]) * lead_s[:, None]
    return torch.polar(share[:, None, None, :, 0].double().expand_as(phase), phase).to(torch.complex64)


def _beams(spectra: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Return beams (window, azimuth, frame, bin) of spectra (window, mic, frame, bin).

    Args:
        spectra: complex64.
        weights: (geometry, bin, azimuth, mic) of one geometry, or of one for each window.

    """
    windows, mics, frames, bins = spectra.shape
    grouped = spectra.reshape(len(weights), -1, mics, frames, bins).permute(0, 4, 2, 1, 3)
    beams = weights @ grouped.reshape(len(weights), bins, mics, -1)
    parts = beams.reshape(len(weights), bins, -1, windows // len(weights), frames).permute(0, 3, 2, 4, 1)
    return parts.reshape(windows, -1, frames, bins)


def _resample(segment: LagSegment, spectra: torch.Tensor) -> torch.Tensor:
    """Return what `LagSegment.resample` returns, (window, mic, new_bin)."""
    if not segment.is_cut:
        return spectra
    after = segment.rate_samples - segment.first - spectra.shape[-1]
    band = nn.functional.pad(spectra, (segment.first, after))
    correlation = torch.fft.ifft(band, norm='forward')
    indices = torch.from_numpy(segment.indices).to(spectra.device)
    rise = torch.from_numpy(segment.rise).to(spectra.device)
    cut = correlation[..., indices]
    before, inside, beyond = torch.split(cut, [len(rise), segment.inside, len(rise)], dim=-1)
    period = torch.cat([inside, beyond * (1 - rise) + before * rise], dim=-1)
    result: torch.Tensor = torch.fft.fft(period, norm='forward')
    return result
