# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The int8 graphs of the shipped bundles predict nearly what their float32 graphs predict, on a simulated street."""

from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.common.array_types import Samples
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.inference.backends.backend import FLOAT32, INT8
from audio_manifold_ros.inference.backends.onnx_backend import OnnxBackend
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.bundle.prediction import Prediction
from audio_manifold_ros.inference.bundle_rig import BundleRig
from audio_manifold_ros.inference.pipeline import Pipeline
from audio_manifold_ros.simulation.drive import Drive

RATE_HZ = 22_500
BLOCK = 11_250
SEED, SECONDS = 950_100, 8
MAX_WORSE = 0.01


@pytest.fixture(scope='module')
def audio() -> Samples:
    return Drive(SEED).audio(0, SECONDS * RATE_HZ)


def _predictions(rig: BundleRig, precision: str, audio: Samples) -> list[Prediction]:
    backend = OnnxBackend(rig.bundle, precision=precision)
    pipeline = Pipeline(rig.bundle, backend, rig.array, RATE_HZ, geometry=rig.geometry)
    predictions = []
    for first in range(0, audio.shape[1] - BLOCK + 1, BLOCK):
        samples = np.ascontiguousarray(audio[:, first : first + BLOCK])
        pipeline.push(AudioBlock(samples, first, RATE_HZ, first * 10**9 // RATE_HZ))
        prediction = pipeline.predict()
        if prediction is not None:
            predictions.append(prediction)
    return predictions


@pytest.mark.parametrize('name', ['street', 'paper_8x8'])
def test_int8_predicts_what_float32_predicts(name: str, audio: Samples) -> None:
    rig = BundleRig.open(Bundle.load(resource_path(f'models/{name}')), resource_path('calibration/roof_octagon'))
    scores = rig.bundle.manifest.metrics[INT8]
    assert max(scores['worse'].values()) <= MAX_WORSE
    exact, rounded = (_predictions(rig, precision, audio) for precision in (FLOAT32, INT8))
    assert len(exact) == len(rounded) > SECONDS
    same, depth_changes = [], []
    for expected, found in zip(exact, rounded, strict=True):
        assert expected.labels is not None
        assert found.labels is not None
        assert expected.depth_m is not None
        assert found.depth_m is not None
        same.append(np.mean(found.labels == expected.labels))
        depth_changes.append(np.nanmean(np.abs(found.depth_m / expected.depth_m - 1)))
    assert np.mean(same) > 0.97
    assert np.mean(depth_changes) < 0.02
