# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fourier transforms: those of numpy, without the packages that are large."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from audio_manifold_ros.audio import fourier
from audio_manifold_ros.audio.fourier import (
    EXTENSION,
    PackageTransforms,
    fast_length,
    inverse_transform,
    load_transforms,
    real_transform,
    scaled_transform,
)


@pytest.fixture(params=['extension', 'package'])
def source(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    transforms = load_transforms() if request.param == 'extension' else PackageTransforms()
    monkeypatch.setattr(fourier, '_TRANSFORMS', transforms)


@pytest.mark.usefixtures('source')
@pytest.mark.parametrize(('real', 'tolerance'), [(np.float32, 1e-4), (np.float64, 1e-12)])
def test_the_transforms_are_those_of_numpy(real: type, tolerance: float) -> None:
    rng = np.random.default_rng(0)
    samples = rng.standard_normal((3, 90)).astype(real)
    spectrum = real_transform(samples)
    np.testing.assert_allclose(spectrum, np.fft.rfft(samples.astype(float)), atol=tolerance)
    np.testing.assert_allclose(scaled_transform(spectrum), np.fft.fft(spectrum, norm='forward'), atol=tolerance)
    expected = np.fft.ifft(spectrum, norm='forward')
    assert spectrum.dtype == inverse_transform(spectrum).dtype == np.result_type(real, np.complex64)
    np.testing.assert_allclose(inverse_transform(spectrum), expected, atol=tolerance)
    np.testing.assert_allclose(inverse_transform(spectrum, out=spectrum), expected, atol=tolerance)
    assert fast_length(97) == 98


def test_the_features_do_not_import_the_whole_of_scipy() -> None:
    lines = (
        'import sys',
        'import audio_manifold_ros.features.echo_map, audio_manifold_ros.features.spatial_frames',
        f'assert {EXTENSION!r} in sys.modules',
        "assert not {'scipy.special', 'scipy.linalg', 'scipy.sparse'} & set(sys.modules), sorted(sys.modules)",
        'import numpy, scipy.fft',
        'assert abs(scipy.fft.rfft(numpy.ones(4))[0] - 4) < 1e-12',
    )
    subprocess.run([sys.executable, '-c', '\n'.join(lines)], check=True)
