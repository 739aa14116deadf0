# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Features of whole windows in torch, for training on the device that trains."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from audio_manifold_ros.features.errors import FeatureError
from audio_manifold_ros.features.mel_filterbank import mel_filterbank
from audio_manifold_ros.features.mel_frames import hann
from audio_manifold_ros.features.resize import resize_matrix

if TYPE_CHECKING:
    from audio_manifold_ros.features.spec import FeatureSpec


class MelFeatures(nn.Module):
    """The features of `batch.mel_features` as a module without parameters.

    The Fourier transform stays in double precision, for the reason that `MelFrames` gives, and the rest in single
    precision, whatever the module or autocast is set to: window, filters and interpolation are no buffers of the
    module, and follow the samples to their device.

    Args:
        spec: Definition of the features.

    """

    def __init__(self, spec: FeatureSpec) -> None:
        """Compute window, filters and interpolation."""
        super().__init__()
        self.spec = spec
        self._window = torch.from_numpy(hann(spec.n_fft))
        self._filters = torch.from_numpy(mel_filterbank(spec).T.copy())
        self._rows = torch.from_numpy(resize_matrix(spec.mel_bands, spec.height).T.copy())
        self._columns = torch.from_numpy(resize_matrix(spec.frames, spec.width))

    def forward(self, samples: torch.Tensor) -> torch.Tensor:
        """Return features float32 (batch, mic, height, width) of windows float32 (batch, mic, window_samples).

        Raises:
            FeatureError: The windows have another length.

        """
        with torch.autocast(samples.device.type, enabled=False):
            return self._rows @ self.spectrogram(samples) @ self._columns

    def spectrogram(self, samples: torch.Tensor) -> torch.Tensor:
        """Return the mel spectrograms float32 (batch, mic, mel_band, frame), before the resize."""
        spec = self.spec
        if samples.shape[-1] != spec.window_samples:
            msg = f'Windows of {samples.shape[-1]!r} samples: give {spec.window_samples} (window_samples).'
            raise FeatureError(msg)
        self._follow(samples.device)
        spectrum = torch.fft.rfft(self._frames(samples.double()) * self._window)
        power = (spectrum.real.square() + spectrum.imag.square()).float()
        mel: torch.Tensor = (power @ self._filters).clamp_min(spec.floor_power)
        return (mel.log() * (10.0 / math.log(10.0) / spec.db_divisor)).transpose(-1, -2)

    def _follow(self, device: torch.device) -> None:
        if self._window.device != device:
            for name in ('_window', '_filters', '_rows', '_columns'):
                setattr(self, name, getattr(self, name).to(device))

    def _frames(self, samples: torch.Tensor) -> torch.Tensor:
        half = self.spec.n_fft // 2
        if self.spec.edges == 'reflect':
            samples = functional.pad(samples, (half, half), mode='reflect')
        else:
            samples = samples[..., self.spec.left_edge_frames * self.spec.hop_samples - half :]
        return samples.unfold(-1, self.spec.n_fft, self.spec.hop_samples)[..., : self.spec.frames, :]
