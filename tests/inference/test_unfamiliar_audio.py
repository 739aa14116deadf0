# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The shipped bundle on audio that it was not trained on: white noise, mixed channels, half the bandwidth."""

from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.common.array_types import Samples
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.inference.backends.onnx_backend import OnnxBackend
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.bundle.prediction import Prediction
from audio_manifold_ros.inference.pipeline import Pipeline
from audio_manifold_ros.inference.pipeline_settings import PipelineSettings
from audio_manifold_ros.inference.pipeline_status import PipelineStatus
from audio_manifold_ros.rig.rig import MicrophoneArray
from audio_manifold_ros.simulation.drive import Drive


@pytest.fixture(scope='module')
def street() -> tuple[Bundle, OnnxBackend, MicrophoneArray]:
    bundle = Bundle.load(resource_path('models/paper_8x8'))
    array = MicrophoneArray.from_yaml(resource_path('calibration/roof_octagon') / 'mic_array.yaml')
    return bundle, OnnxBackend(bundle), array


def run(
    street: tuple[Bundle, OnnxBackend, MicrophoneArray], samples: Samples, rate_hz: int = 22_500
) -> tuple[list[Prediction], PipelineStatus]:
    pipeline = Pipeline(*street, rate_hz, PipelineSettings(max_rate_hz=5.0))
    found = []
    for first in range(0, samples.shape[1], 512):
        pipeline.push(AudioBlock(samples[:, first : first + 512], first, rate_hz, 10**18 + first * 10**9 // rate_hz))
        found.append(pipeline.predict())
    return [prediction for prediction in found if prediction is not None], pipeline.status()


def noise(seconds: float) -> Samples:
    rng = np.random.default_rng(0)
    count = round(seconds * 22_500)
    return (0.076 * (rng.standard_normal(count) + 0.8 * rng.standard_normal((8, count)))).astype(np.float32)


def mean_confidence(predictions: list[Prediction]) -> float:
    return float(np.mean([prediction.confidence for prediction in predictions if prediction.confidence is not None]))


def test_confidence_falls_on_white_noise(street: tuple[Bundle, OnnxBackend, MicrophoneArray]) -> None:
    familiar, familiar_status = run(street, Drive(900_001).audio(0, 45_000))
    unfamiliar, unfamiliar_status = run(street, noise(2))
    assert familiar_status.distance_ratio is not None
    assert familiar_status.distance_ratio < 1
    assert unfamiliar_status.distance_ratio is not None
    assert unfamiliar_status.distance_ratio > 1.2
    # The confidence falls with the fourth power of the ratio.
    assert mean_confidence(unfamiliar) < 0.5 * mean_confidence(familiar)


def test_mixed_channels_are_named(street: tuple[Bundle, OnnxBackend, MicrophoneArray]) -> None:
    samples = noise(2.2)
    assert not run(street, samples)[1].mixed_channels
    samples[6] = (samples[0] + samples[2]) / 2
    assert 'mic_6 = 0.50 · mic_0 + 0.50 · mic_2' in run(street, samples)[1].mixed_channels


@pytest.mark.parametrize(('rate_hz', 'is_warned'), [(16_000, True), (22_050, False), (22_500, False), (48_000, False)])
def test_half_the_bandwidth_is_named(
    street: tuple[Bundle, OnnxBackend, MicrophoneArray],
    rate_hz: int,
    is_warned: bool,  # noqa: FBT001
) -> None:
    warning = Pipeline(*street, rate_hz).status().bandwidth_warning
    assert bool(warning) == is_warned
    assert not is_warned or 'no sound above 8000 Hz' in warning
