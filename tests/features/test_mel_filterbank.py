# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The mel filters against librosa, and the properties of their definition."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from audio_manifold_ros.features.mel_filterbank import hz_to_mel, mel_filterbank, mel_to_hz
from audio_manifold_ros.features.spec import FeatureSpec


@pytest.mark.filterwarnings('ignore:Empty filters')
@pytest.mark.parametrize(
    ('bands', 'f_min_hz', 'f_max_hz'), [(256, 0.0, 11_250.0), (64, 50.0, 8_000.0), (1, 0.0, 400.0)]
)
def test_equals_librosa(bands: int, f_min_hz: float, f_max_hz: float) -> None:
    spec = FeatureSpec(mel_bands=bands, f_min_hz=f_min_hz, f_max_hz=f_max_hz)
    expected = librosa.filters.mel(
        sr=22_500, n_fft=2048, n_mels=bands, fmin=f_min_hz, fmax=f_max_hz, htk=True, norm=None
    )
    filters = mel_filterbank(spec)
    assert filters.dtype == np.float32
    np.testing.assert_allclose(filters, expected, rtol=0, atol=1e-6)


def test_neighbours_share_every_bin_between_their_centres() -> None:
    spec = FeatureSpec(mel_bands=40)
    total = mel_filterbank(spec).sum(axis=0)
    centres_hz = mel_to_hz(np.linspace(0.0, hz_to_mel(11_250.0), 42))[1:-1]
    bins_hz = np.linspace(0.0, 11_250.0, 1025)
    between = (bins_hz >= centres_hz[0]) & (bins_hz <= centres_hz[-1])
    np.testing.assert_allclose(total[between], 1.0, atol=1e-6)


def test_the_scale_is_htk() -> None:
    assert float(hz_to_mel(1000.0)) == pytest.approx(999.9855, abs=1e-3)
    np.testing.assert_allclose(mel_to_hz(hz_to_mel([0.0, 440.0, 11_250.0])), [0.0, 440.0, 11_250.0], atol=1e-8)
