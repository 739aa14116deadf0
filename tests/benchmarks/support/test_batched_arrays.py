# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Batched arrays predict the same as single arrays."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from audio_manifold_ros.features.mel_batch import mel_features
from audio_manifold_ros.inference.backends.torch_backend import load_network
from audio_manifold_ros.inference.bundle.bundle import Bundle
from benchmarks.support.batched_arrays import BatchedArrays
from benchmarks.support.bundles import PAPER_8X8

ARRAYS, MICS = 3, 8
DEVICES = [
    'cpu',
    pytest.param(
        'cuda',
        marks=[
            pytest.mark.gpu,
            pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a CUDA device that torch can use'),
        ],
    ),
]


@pytest.mark.parametrize('device', DEVICES)
def test_a_batch_predicts_the_same_as_single_arrays(device: str) -> None:
    bundle = Bundle.load(PAPER_8X8)
    spec, network = bundle.manifest.features, load_network(bundle).eval()
    rng = np.random.default_rng(1)
    loudness = np.array([0.02, 0.1, 0.3])[:, None, None]
    sound = (loudness * rng.standard_normal((ARRAYS, MICS, spec.window_samples))).astype(np.float32)
    batch = BatchedArrays(network, spec, (ARRAYS, MICS), torch.device(device)).run(sound)
    with torch.inference_mode():
        separate_outputs = [network(torch.from_numpy(mel_features(array_audio, spec))[None]) for array_audio in sound]
    for batched_output, *each in zip(batch, *separate_outputs, strict=True):
        expected = torch.cat(each).numpy()
        assert batched_output.shape == expected.shape
        if expected.dtype == np.uint8:
            assert np.mean(batched_output == expected) > (0.999 if device == 'cpu' else 0.95)
        else:
            close = np.isclose(batched_output, expected, rtol=1e-3 if device == 'cpu' else 0.05, equal_nan=True)
            assert close.mean() > (0.999 if device == 'cpu' else 0.9)
    assert not np.array_equal(batch[0][0], batch[0][2], equal_nan=True)
