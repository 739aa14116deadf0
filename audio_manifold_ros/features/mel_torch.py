# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Mel features of complete windows in torch, for training and for inference on a GPU."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from audio_manifold_ros.common.errors import FeatureError
from audio_manifold_ros.features.interpolation import neighbours
from audio_manifold_ros.features.mel_filterbank import mel_filterbank
from audio_manifold_ros.features.mel_frames import analysis_window

if TYPE_CHECKING:
    from audio_manifold_ros.features.spec import FeatureSpec, Resize


# Largest size of the frames that are transformed at once, in double precision.
MAX_FRAME_BYTES = {'cpu': 1 << 21}
MAX_FRAME_BYTES_GPU = 1 << 30


class MelFeatureExtractor(nn.Module):
    """The features of `mel_batch.mel_features` as a module without parameters.

    The Fourier transform is always computed in double precision, for the reason given in `MelFrames`, and the rest in
    single precision, for any setting of the module or autocast. Window, filters and interpolation are not buffers of
    the module. They are moved to the device of the samples. If TF32 is allowed, the filters lose up to 0.005 dB.

    A few channels at a time are transformed. On a CPU their frames fit into its cache.

    Args:
        spec: Definition of the features.

    """

    def __init__(self, spec: FeatureSpec) -> None:
        """Compute window, filters and interpolation."""
        super().__init__()
        self.spec = spec
        self._window = torch.from_numpy(analysis_window(spec))
        self._filters = torch.from_numpy(mel_filterbank(spec).T.copy()) if spec.bands == 'mel' else None
        self._to_height = _Interpolation(spec.mel_bands, spec.height, spec.resize)
        self._to_width = _Interpolation(spec.frames, spec.width, spec.resize)

    def forward(self, samples: torch.Tensor) -> torch.Tensor:
        """Return features float32 (batch, mic, height, width) of windows float32 (batch, mic, window_samples).

        Raises:
            FeatureError: The windows have another length.

        """
        with torch.autocast(samples.device.type, enabled=False):
            return self._to_width(self._to_height(self._levels(samples)).transpose(-1, -2))

    def spectrogram(self, samples: torch.Tensor) -> torch.Tensor:
        """Return the spectrograms float32 (batch, mic, mel_band, frame), before the resize."""
        return self._levels(samples).transpose(-1, -2)

    def _levels(self, samples: torch.Tensor) -> torch.Tensor:
        """Return the levels (batch, mic, frame, mel_band)."""
        spec = self.spec
        if samples.shape[-1] != spec.window_samples:
            msg = f'Windows of {samples.shape[-1]!r} samples: give {spec.window_samples} (window_samples).'
            raise FeatureError(msg)
        self._move_to(samples.device)
        channel_bytes = spec.frames * spec.n_fft * self._window.itemsize
        chunk_channels = max(MAX_FRAME_BYTES.get(samples.device.type, MAX_FRAME_BYTES_GPU) // channel_bytes, 1)
        channels = samples.reshape(-1, spec.window_samples)
        bands = torch.cat([self._bands(chunk) for chunk in channels.split(chunk_channels)])
        levels = bands.clamp_min_(spec.floor_power).log_().mul_(10.0 / math.log(10.0) / spec.db_divisor)
        return levels.reshape(*samples.shape[:-1], *levels.shape[-2:])

    def _bands(self, channels: torch.Tensor) -> torch.Tensor:
        """Return the power (channel, frame, mel_band) of channels (channel, window_samples)."""
        spectrum = torch.fft.rfft(self._frames(channels.double()) * self._window)
        power = (spectrum.real.square() + spectrum.imag.square()).float()
        bands: torch.Tensor = power if self._filters is None else power @ self._filters
        return bands

    def _move_to(self, device: torch.device) -> None:
        if self._window.device != device:
            self._window = self._window.to(device)
            self._filters = None if self._filters is None else self._filters.to(device)
            self._to_height.move_to(device)
            self._to_width.move_to(device)

    def _frames(self, samples: torch.Tensor) -> torch.Tensor:
        half = self.spec.n_fft // 2
        if self.spec.edges == 'reflect':
            samples = functional.pad(samples, (half, half), mode='reflect')
        else:
            samples = samples[..., self.spec.left_edge_frames * self.spec.hop_samples - half :]
        return samples.unfold(-1, self.spec.n_fft, self.spec.hop_samples)[..., : self.spec.frames, :]


class _Interpolation:
    """Resizes the last axis by indexing: exact in single precision, also where matrix products use TF32."""

    def __init__(self, size: int, new_size: int, mode: Resize) -> None:
        left, right, right_weight = neighbours(size, new_size, mode)
        self._left, self._right = torch.from_numpy(left), torch.from_numpy(right)
        self._right_weight = torch.from_numpy(right_weight).float()
        self._interpolates = bool(right_weight.any())
        self._resizes = size != new_size

    def move_to(self, device: torch.device) -> None:
        self._left, self._right = self._left.to(device), self._right.to(device)
        self._right_weight = self._right_weight.to(device)

    def __call__(self, values: torch.Tensor) -> torch.Tensor:
        if not self._resizes:
            return values
        left_values = values.index_select(-1, self._left)
        return (
            torch.lerp(left_values, values.index_select(-1, self._right), self._right_weight)
            if self._interpolates
            else left_values
        )
