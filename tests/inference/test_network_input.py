# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A pipeline with waveform input predicts the same as one with feature input."""

from __future__ import annotations

import threading
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.audio.microphone_health import Fault
from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.features.mel_batch import mel_features
from audio_manifold_ros.inference.backends.fused_pipeline import FusedWaveformNetwork
from audio_manifold_ros.inference.backends.torch_backend import TorchBackend, load_network
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.bundle.prediction import Prediction
from audio_manifold_ros.inference.pipeline import Pipeline
from audio_manifold_ros.inference.pipeline_settings import PipelineSettings
from audio_manifold_ros.rig.rig import MicrophoneArray
from tests.inference.sounds import RATE_HZ, noise, stream_predictions


@pytest.fixture(scope='module')
def backend(short_bundle: Bundle) -> TorchBackend:
    return TorchBackend(short_bundle, threads=1)


@pytest.fixture(scope='module')
def waveform_backend(short_bundle: Bundle, backend: TorchBackend) -> SimpleNamespace:
    """Return a backend with waveform input, as on a GPU, on the CPU."""
    network = FusedWaveformNetwork(short_bundle.manifest, load_network(short_bundle), torch.device('cpu'))
    return SimpleNamespace(name='torch', reason='for sound', run=backend.run, waveform_network=network)


def assert_same(found: list[Prediction], expected: list[Prediction], bundle: Bundle, backend: TorchBackend) -> None:
    """Features agree within 1e-4, and images are those of the features: two codes may be equally near at one of them.

    Where that is so, another cell of the code turns a fifth of an image, and says nothing of the pipeline.
    """
    assert len(found) == len(expected) > 3
    for ours, theirs in zip(found, expected, strict=True):
        for name in ('first_sample', 'end_sample', 'stamp_ns', 'newest_stamp_ns', 'masked', 'substituted'):
            assert getattr(ours, name) == getattr(theirs, name), name
        np.testing.assert_allclose(ours.features, theirs.features, rtol=0, atol=1e-4)
        output = backend.run(ours.features)
        np.testing.assert_array_equal(ours.labels, output.labels)
        seen = ~np.isnan(ours.depth_m)
        assert seen.any()
        np.testing.assert_allclose(ours.depth_m[seen], output.depth_m[seen], rtol=1e-6)
        usable_fraction = 1 - len(ours.masked + ours.substituted) / 8
        confidence = bundle.manifest.confidence.image(output, *ours.confidence.shape) * usable_fraction
        np.testing.assert_allclose(ours.confidence, confidence, rtol=1e-5)


@pytest.mark.parametrize('length', [256, 4000])
def test_predictions_are_the_same_through_gains_and_gaps(
    short_bundle: Bundle, backend: TorchBackend, waveform_backend: SimpleNamespace, array: MicrophoneArray, length: int
) -> None:
    turned = (replace(array.microphones[1], gain_db=6.0), replace(array.microphones[0], polarity=-1))
    rig = replace(array, microphones=(*turned, *array.microphones[2:]))
    pipelines = [
        Pipeline(short_bundle, each, rig, RATE_HZ, PipelineSettings(max_rate_hz=12.0))
        for each in (waveform_backend, backend)
    ]
    found, expected = (stream_predictions(pipeline, noise(1.3), length, lost=3) for pipeline in pipelines)
    assert_same(found, expected, short_bundle, backend)
    statuses = [replace(pipeline.status(), preprocessing_s=0.0) for pipeline in pipelines]
    assert statuses[0] == statuses[1]
    assert statuses[0].gaps == 1
    for pipeline in pipelines:
        pipeline.flush()
        assert pipeline.predict() is None
        assert not pipeline.status().window_ready


@pytest.mark.parametrize('policy', ['mask', 'substitute'])
def test_faulty_microphones_are_replaced_the_same_way(
    short_bundle: Bundle, backend: TorchBackend, waveform_backend: SimpleNamespace, array: MicrophoneArray, policy: str
) -> None:
    pipelines = [
        Pipeline(short_bundle, each, array, RATE_HZ, PipelineSettings(max_rate_hz=3.0, policy=policy))
        for each in (waveform_backend, backend)
    ]
    found, expected = (stream_predictions(pipeline, noise(3.0, dead=(6,))) for pipeline in pipelines)
    assert_same(found, expected, short_bundle, backend)
    assert (array.microphones[6].name, Fault.DEAD) in pipelines[0].status().faults
    last = found[-1]
    filled = (
        np.full_like(last.require_features()[6], short_bundle.manifest.features.silence)
        if policy == 'mask'
        else last.require_features()[5]
    )
    assert last.masked + last.substituted == (array.microphones[6].name,)
    np.testing.assert_allclose(last.require_features()[6], filled, rtol=1e-6)
    assert last.confidence.max() <= 0.875


def test_features_stay_on_their_device_unless_requested(
    short_bundle: Bundle, waveform_backend: SimpleNamespace, backend: TorchBackend, array: MicrophoneArray
) -> None:
    audio = noise(0.3)
    block = AudioBlock(audio, 0, RATE_HZ, 0)
    for each in (waveform_backend, backend):
        pipeline = Pipeline(short_bundle, each, array, RATE_HZ)
        pipeline.push(block)
        without_features = pipeline.predict(with_features=False)
        pipeline.flush()
        pipeline.push(block)
        seen = pipeline.predict()
        assert without_features is not None
        assert seen is not None
        np.testing.assert_array_equal(without_features.depth_m, seen.depth_m)
        if each is backend:
            np.testing.assert_array_equal(without_features.require_features(), seen.require_features())
        else:
            assert without_features.features is None
            with pytest.raises(InferenceError, match='without its features'):
                without_features.require_features()


def test_one_thread_pushes_while_another_predicts(
    short_bundle: Bundle, waveform_backend: SimpleNamespace, array: MicrophoneArray
) -> None:
    pipeline = Pipeline(short_bundle, waveform_backend, array, RATE_HZ, PipelineSettings(max_rate_hz=100.0))
    audio, found = noise(2.0), []
    finished = threading.Event()

    def capture() -> None:
        for first in range(0, audio.shape[1], 256):
            pipeline.push(AudioBlock(audio[:, first : first + 256], first, RATE_HZ, first * 10**9 // RATE_HZ))
        finished.set()

    thread = threading.Thread(target=capture)
    thread.start()
    while not finished.is_set():
        found.append(pipeline.predict())
    thread.join()
    found.append(pipeline.predict())
    predictions = [prediction for prediction in found if prediction is not None]
    assert predictions
    for prediction in predictions:
        window = audio[:, prediction.first_sample : prediction.end_sample]
        np.testing.assert_allclose(
            prediction.require_features(), mel_features(window, short_bundle.manifest.features), atol=1e-4
        )
