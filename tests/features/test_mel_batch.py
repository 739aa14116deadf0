# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The batch form against an independent implementation and against torch."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import librosa
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import FeatureError
from audio_manifold_ros.features.mel_batch import cut_frames, mel_features, mel_spectrogram
from audio_manifold_ros.features.mel_torch import MelFeatureExtractor
from audio_manifold_ros.features.presets import omninet_features, reference_features
from audio_manifold_ros.features.spec import FeatureSpec
from audio_manifold_ros.testing.librosa_features import librosa_spectrogram

Signal = Callable[[int, int], NDArray[np.float32]]

SPECS = {
    'paper': FeatureSpec(),
    'interior': FeatureSpec(edges='interior'),
    'odd': FeatureSpec(16_000, 9_001, 512, 401, 100, 'mel', 64, 50.0, 7_500.0, height=40, width=77),
    'odd_interior': FeatureSpec(
        16_000, 9_001, 512, 512, 300, mel_bands=30, edges='interior', f_max_hz=8_000.0, height=64, width=9
    ),
    'reference': reference_features(),
    'omninet': omninet_features(22_500, 22_500),
    'omninet_resized': replace(omninet_features(16_000, 9_001), height=128, width=128),
}


@pytest.mark.filterwarnings('ignore:Empty filters')
@pytest.mark.parametrize('name', ['paper', 'odd', 'reference'])
def test_equals_librosa_before_the_resize(name: str, signal: Signal) -> None:
    spec = SPECS[name]
    samples = signal(2, spec.window_samples)
    spectrogram = mel_spectrogram(samples, spec)
    assert spectrogram.dtype == np.float32
    assert spectrogram.shape == (2, spec.mel_bands, spec.frames)
    np.testing.assert_allclose(spectrogram, librosa_spectrogram(samples, spec), rtol=0, atol=1e-3)


def test_linear_bands_are_the_logarithm_of_librosa_s_bins(signal: Signal) -> None:
    """Compare with OmniNet's features as its authors compute them: power spectrum by librosa, floor, logarithm."""
    spec = SPECS['omninet']
    samples = signal(2, spec.window_samples).astype(np.float64)
    spectrum = librosa.stft(samples, n_fft=512, hop_length=160, win_length=400, center=True, pad_mode='reflect')
    expected = np.log(np.maximum(spectrum.real**2 + spectrum.imag**2, 1e-5))
    features = mel_features(samples.astype(np.float32), spec)
    assert features.shape == (2, 257, 141)
    np.testing.assert_allclose(features, expected, rtol=0, atol=1e-4)


def test_the_nearest_resize_takes_every_second_band(signals: dict[str, Signal]) -> None:
    spec = SPECS['reference']
    spectrogram = mel_spectrogram(signals['noise'](1, spec.window_samples), spec)
    features = mel_features(signals['noise'](1, spec.window_samples), spec)
    in_torch = torch.nn.functional.interpolate(torch.from_numpy(spectrogram)[None], (128, 128), mode='nearest')
    np.testing.assert_array_equal(features, in_torch[0].numpy())


@pytest.mark.parametrize('spec', SPECS.values(), ids=SPECS)
def test_equals_torch(spec: FeatureSpec, signal: Signal) -> None:
    samples = signal(3, spec.window_samples)
    features = mel_features(samples, spec)
    assert features.shape == (3, spec.height, spec.width)
    in_torch = MelFeatureExtractor(spec)(torch.from_numpy(samples)[None])[0].numpy()
    np.testing.assert_allclose(features, in_torch, rtol=0, atol=1e-4)


def test_single_precision_is_not_sufficient(signals: dict[str, Signal]) -> None:
    """Measure the reason for the transform in double precision: a tone over the dither of 16 bits."""
    spec = FeatureSpec()
    samples = signals['tone_over_dither'](1, spec.window_samples)
    module = MelFeatureExtractor(spec)
    exact = module.spectrogram(torch.from_numpy(samples))
    frames = torch.from_numpy(cut_frames(samples[0], spec) * np.float32(1)) * module._window.float()
    assert module._filters is not None
    power = torch.fft.rfft(frames).abs().square() @ module._filters
    single = 10 * power.clamp_min(spec.floor_power).log10().T / spec.db_divisor
    assert (single - exact[0]).abs().max() > 1e-4


def test_interior_frames_are_those_of_the_reflected_form(signals: dict[str, Signal]) -> None:
    samples = signals['noise'](2, 22_500)
    full = mel_spectrogram(samples, FeatureSpec())
    interior = mel_spectrogram(samples, FeatureSpec(edges='interior'))
    np.testing.assert_allclose(interior, full[..., 4:84], rtol=0, atol=1e-6)


def test_module_keeps_its_precision_when_the_network_is_half(signals: dict[str, Signal]) -> None:
    samples = torch.from_numpy(signals['noise'](2, 22_500))[None]
    module = MelFeatureExtractor(FeatureSpec())
    expected = module(samples)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        assert torch.equal(module.half()(samples), expected)
    assert not list(module.state_dict())


def test_any_leading_axes(signals: dict[str, Signal]) -> None:
    samples = signals['noise'](6, 22_500)
    spec = FeatureSpec()
    expected = mel_features(samples, spec)
    np.testing.assert_array_equal(mel_features(samples.reshape(2, 3, -1), spec).reshape(expected.shape), expected)
    np.testing.assert_allclose(mel_features(samples[0], spec), expected[0], rtol=0, atol=1e-6)


def test_threads_do_not_disturb_each_other(signals: dict[str, Signal]) -> None:
    spec = FeatureSpec()
    windows = [signals[name](2, spec.window_samples) for name in ('noise', 'loud', 'zero', 'offset')] * 3
    expected = [mel_features(window, spec) for window in windows]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda window: mel_features(window, spec), windows))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize('length', [22_499, 22_501, 0])
def test_refuses_another_length(length: int) -> None:
    with pytest.raises(FeatureError, match=f'{length} samples: give 22500'):
        mel_features(np.zeros((8, length), dtype=np.float32), FeatureSpec())
    with pytest.raises(FeatureError, match=f'{length} samples: give 22500'):
        MelFeatureExtractor(FeatureSpec())(torch.zeros(1, 8, length))
