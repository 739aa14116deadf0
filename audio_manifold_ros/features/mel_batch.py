# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Mel features of complete windows, for datasets and as the reference of the streaming form."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.common.errors import FeatureError
from audio_manifold_ros.features.interpolation import resize
from audio_manifold_ros.features.mel_frames import MelFrames

if TYPE_CHECKING:
    from audio_manifold_ros.common.array_types import Samples
    from audio_manifold_ros.features.spec import FeatureSpec


class _PerThread(threading.local):
    def __init__(self) -> None:
        self.instances: dict[FeatureSpec, MelFrames] = {}


_per_thread = _PerThread()


def mel_spectrogram(samples: Samples, spec: FeatureSpec) -> Samples:
    """Return the spectrograms of windows, before the resize (paper, section 4).

    Args:
        samples: float32 (…, window_samples), full scale ±1.
        spec: Definition of the features.

    Returns:
        float32 (…, mel_band, frame), decibels over `db_divisor`.

    Raises:
        FeatureError: The windows have another length.

    """
    if samples.shape[-1] != spec.window_samples:
        msg = f'Windows of {samples.shape[-1]!r} samples: give {spec.window_samples} (window_samples).'
        raise FeatureError(msg)
    mel = _mel_frames(spec)
    windows = np.asarray(samples, dtype=np.float32).reshape(-1, spec.window_samples)
    out = np.empty((windows.shape[0], spec.mel_bands, spec.frames), dtype=np.float32)
    for i, window in enumerate(windows):
        out[i] = mel.levels(cut_frames(window, spec)).T
    return out.reshape(*samples.shape[:-1], spec.mel_bands, spec.frames)


def mel_features(samples: Samples, spec: FeatureSpec) -> Samples:
    """Return the input of the network: `mel_spectrogram`, resized to float32 (…, height, width).

    Raises:
        FeatureError: The windows have another length.

    """
    return resize(mel_spectrogram(samples, spec), spec.height, spec.width, spec.resize)


def cut_frames(window: Samples, spec: FeatureSpec) -> Samples:
    """Return the overlapping frames (frame, n_fft) of one window (window_samples,) as a read-only view."""
    half = spec.n_fft // 2
    first = 0
    if spec.edges == 'reflect':
        window = np.pad(window, half, mode='reflect')
    else:
        first = spec.left_edge_frames * spec.hop_samples - half
    frames = np.lib.stride_tricks.sliding_window_view(window, spec.n_fft)[first :: spec.hop_samples]
    return frames[: spec.frames]


def _mel_frames(spec: FeatureSpec) -> MelFrames:
    """Return the calling thread's instance for a specification."""
    if spec not in _per_thread.instances:
        _per_thread.instances[spec] = MelFrames(spec)
    return _per_thread.instances[spec]
