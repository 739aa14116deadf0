# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Mel features of a window as librosa and OpenCV compute them: the reference of tests and benchmarks."""

from __future__ import annotations

import cv2
import librosa
import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.features.spec import FeatureSpec


def librosa_spectrogram(samples: NDArray[np.float32], spec: FeatureSpec) -> NDArray[np.float32]:
    """Return the spectrogram of a window (channel, sample) as librosa computes it, before it is resized."""
    power = librosa.feature.melspectrogram(
        y=samples,
        sr=spec.sample_rate_hz,
        n_fft=spec.n_fft,
        win_length=spec.win_samples,
        hop_length=spec.hop_samples,
        n_mels=spec.mel_bands,
        fmin=spec.f_min_hz,
        fmax=spec.f_max_hz,
        htk=True,
        norm=None,
        pad_mode='reflect',
    )
    levels: NDArray[np.float32] = librosa.power_to_db(power, amin=spec.floor_power, top_db=None) / spec.db_divisor
    return levels


def librosa_features(samples: NDArray[np.float32], spec: FeatureSpec) -> NDArray[np.float32]:
    """Return the features of a window (channel, sample) as librosa and OpenCV compute them."""
    levels = librosa_spectrogram(samples, spec)
    return np.stack([cv2.resize(channel, (spec.width, spec.height)) for channel in levels])
