# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The torch form of the spatial features equals the batch form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import FeatureError
from audio_manifold_ros.features import spatial_torch
from audio_manifold_ros.features.spatial_batch import spatial_features
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.features.spatial_torch import GeometryTensors, SpatialFeatures
from tests.features.spatial_cases import SMALL, SPECS, geometry

Array = NDArray[np.float32]
Signals = dict[str, Callable[[int, int], Array]]
TOLERANCE = 1e-4


def positions(microphones: int, seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).uniform(-0.4, 0.4, (microphones, 3))


@pytest.mark.parametrize('spec', SPECS.values(), ids=SPECS)
def test_equals_batch(signals: Signals, spec: SpatialFeatureSpec) -> None:
    array, features = geometry(positions(5), spec), SpatialFeatures(spec)
    for name in ('noise', 'near_silent', 'zero', 'tone_over_dither', 'clicks'):
        windows = signals[name](10, spec.window_samples).reshape(2, 5, -1)
        found = features(torch.from_numpy(windows), GeometryTensors.of([array]))
        np.testing.assert_allclose(
            found.numpy(), spatial_features(windows, array, spec), rtol=0, atol=TOLERANCE, err_msg=name
        )


@pytest.mark.parametrize('windows_at_once', [1, 2, 100])
def test_one_geometry_for_each_window(signals: Signals, monkeypatch: pytest.MonkeyPatch, windows_at_once: int) -> None:
    frames_bytes = 8 * 6 * SMALL.frames * SMALL.n_fft
    monkeypatch.setitem(spatial_torch.MAX_FRAME_BYTES, 'cpu', windows_at_once * frames_bytes)
    arrays = [geometry(positions(microphones, microphones), SMALL) for microphones in (4, 6, 1)]
    arrays[1] = replace(arrays[1], active=np.array([True, True, False, True, False, True]))
    windows = signals['noise'](18, SMALL.window_samples).reshape(3, 6, -1)
    found = SpatialFeatures(SMALL)(torch.from_numpy(windows), GeometryTensors.of(arrays)).numpy()
    for array, window, values in zip(arrays, windows, found, strict=True):
        expected = spatial_features(window[: array.microphones], array, SMALL)
        np.testing.assert_allclose(values, expected, rtol=0, atol=TOLERANCE)


def test_leaves_microphones_out(signals: Signals) -> None:
    array = geometry(positions(4), SMALL)
    windows = signals['noise'](8, SMALL.window_samples).reshape(2, 4, -1)
    masks = np.array([[True, True, True, True], [False, True, True, False]])
    tensors = GeometryTensors.of([array, array]).with_active(torch.from_numpy(masks))
    found = SpatialFeatures(SMALL)(torch.from_numpy(windows), tensors).numpy()
    for window, mask, values in zip(windows, masks, found, strict=True):
        np.testing.assert_allclose(values, spatial_features(window, array, SMALL, mask), rtol=0, atol=TOLERANCE)


def test_is_exact_under_autocast(signals: Signals) -> None:
    array, features = geometry(positions(4), SMALL), SpatialFeatures(SMALL)
    windows = torch.from_numpy(signals['noise'](4, SMALL.window_samples))[None]
    with torch.autocast('cpu', torch.bfloat16):
        found = features(windows, GeometryTensors.of([array]))
    assert found.dtype == torch.float32
    assert torch.equal(found, features(windows, GeometryTensors.of([array])))
    assert not list(features.state_dict())


def test_refuses_wrong_shapes() -> None:
    features, array = SpatialFeatures(SMALL), geometry(positions(4), SMALL)
    one = GeometryTensors.of([array])
    for shape in ((2, 4, 2999), (2, 5, 3000), (3000,)):
        with pytest.raises(FeatureError, match=r'give \(…, 4, 3000\)'):
            features(torch.zeros(shape), one)
    for shape, tensors in (((4, 3000), one), ((3, 4, 3000), GeometryTensors.of([array, array]))):
        with pytest.raises(FeatureError, match='one geometry, or one for each window'):
            features(torch.zeros(shape), tensors)
    with pytest.raises(FeatureError, match='no active microphone'):
        features(torch.zeros(1, 4, 3000), one.with_active(torch.zeros(4, dtype=torch.bool)))
    with pytest.raises(FeatureError, match='64 azimuths: give 8'):
        features(torch.zeros(1, 4, 3000), GeometryTensors.of([geometry(positions(4))]))
