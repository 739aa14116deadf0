# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import threading
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.common.class_ids import UNLABELLED
from audio_manifold_ros.common.errors import AudioError, InferenceError
from audio_manifold_ros.features.mel_batch import mel_features
from audio_manifold_ros.features.presets import omninet_features
from audio_manifold_ros.features.spec import FeatureSpec
from audio_manifold_ros.inference.backend_factory import open_backend
from audio_manifold_ros.inference.backends.onnx_backend import OnnxBackend
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.bundle.prediction import Prediction
from audio_manifold_ros.inference.pipeline import Pipeline
from audio_manifold_ros.inference.pipeline_settings import PipelineSettings
from audio_manifold_ros.rig.rig import MicrophoneArray

RATE_HZ = 22_500
START_NS = 1_700_000_000_000_000_000
SKY = 10


@pytest.fixture(scope='module')
def backend(short_bundle: Bundle) -> OnnxBackend:
    return OnnxBackend(short_bundle)


def noise(seconds: float, rate_hz: int = RATE_HZ, channels: int = 8) -> np.ndarray:
    rng = np.random.default_rng(5)
    level = np.exp(rng.normal(-3, 0.2, (channels, 1)))  # no microphone stands out
    return (level * rng.standard_normal((channels, int(seconds * rate_hz)))).astype(np.float32)


def block(audio: np.ndarray, first: int, length: int, rate_hz: int = RATE_HZ, *, overflow: bool = False) -> AudioBlock:
    stamp_ns = START_NS + first * 1_000_000_000 // rate_hz
    return AudioBlock(audio[:, first : first + length], first, rate_hz, stamp_ns, overflow)


def stream_predictions(
    pipeline: Pipeline, audio: np.ndarray, rate_hz: int = RATE_HZ, length: int = 256
) -> list[Prediction]:
    found = []
    for first in range(0, audio.shape[1], length):
        pipeline.push(block(audio, first, length, rate_hz))
        found.append(pipeline.predict())
    return [prediction for prediction in found if prediction is not None]


@settings(deadline=None, max_examples=10)
@given(lengths=st.lists(st.integers(1, 3000), min_size=1, max_size=8), rate_hz=st.floats(5, 200))
def test_live_predictions_equal_offline_predictions(
    short_bundle: Bundle, backend: OnnxBackend, array: MicrophoneArray, lengths: list[int], rate_hz: float
) -> None:
    swapped = (replace(array.microphones[1], gain_db=6.0), replace(array.microphones[0], polarity=-1))
    rig = replace(array, microphones=(*swapped, *array.microphones[2:]))
    audio = noise(0.6)
    conditioned = audio[list(rig.device_channels)] * rig.factors[:, None]
    pipeline = Pipeline(short_bundle, backend, rig, RATE_HZ, PipelineSettings(max_rate_hz=rate_hz))
    first, index, windows, predictions = 0, 0, 0, 0
    while first < audio.shape[1]:
        length = lengths[index % len(lengths)]
        windows += pipeline.push(block(audio, first, length))
        prediction = pipeline.predict()
        if prediction is not None:
            predictions += 1
            window = conditioned[:, prediction.first_sample : prediction.end_sample]
            np.testing.assert_allclose(
                prediction.features, mel_features(window, short_bundle.manifest.features), atol=1e-4
            )
            expected = backend.run(prediction.features)
            np.testing.assert_array_equal(prediction.labels, expected.labels)
            near = expected.labels != SKY
            np.testing.assert_array_equal(prediction.depth_m[near], expected.depth_m[near])
            assert np.isnan(prediction.depth_m[~near]).all()
        first, index = first + length, index + 1
    assert predictions > 0
    assert windows == audio.shape[1] // 256 - 4500 // 256
    status = pipeline.status()
    assert (status.predicted, status.gaps, status.samples_lost) == (predictions, 0, 0)


@pytest.mark.parametrize(
    'spec',
    [replace(omninet_features(RATE_HZ, 4500), height=128, width=128), FeatureSpec(edges='interior')],
    ids=['features of another system', 'without reflected edges'],
)
def test_predicts_with_any_features(
    bundle: Bundle, backend: OnnxBackend, array: MicrophoneArray, spec: FeatureSpec
) -> None:
    other = Bundle(bundle.folder, replace(bundle.manifest, features=spec))
    audio = noise(0.15 + spec.window_samples / RATE_HZ)
    predictions = stream_predictions(
        Pipeline(other, backend, array, RATE_HZ, PipelineSettings(max_rate_hz=100.0)), audio
    )
    assert len(predictions) > 5
    conditioned = audio[list(array.device_channels)] * array.factors[:, None]
    for prediction in predictions:
        window = conditioned[:, prediction.first_sample : prediction.end_sample]
        assert prediction.end_sample % spec.hop_samples == 0
        np.testing.assert_allclose(prediction.features, mel_features(window, spec), rtol=0, atol=1e-4)
        np.testing.assert_array_equal(prediction.labels, backend.run(prediction.features).labels)


class BlockFault:
    """Faults of a block."""

    LOST, OVERFLOW, NAN, CHANNELS, RATE = range(1, 6)


@settings(deadline=None, max_examples=10)
@given(
    faults=st.lists(st.tuples(st.integers(2, 30), st.integers(1, 5)), min_size=1, max_size=4),
    input_rate_hz=st.sampled_from([RATE_HZ, 44_100]),
)
def test_no_window_that_touches_a_gap_is_predicted_from(
    short_bundle: Bundle,
    backend: OnnxBackend,
    array: MicrophoneArray,
    faults: list[tuple[int, int]],
    input_rate_hz: int,
) -> None:
    pipeline = Pipeline(short_bundle, backend, array, input_rate_hz, PipelineSettings(max_rate_hz=200.0))
    audio, length = noise(1.2, input_rate_hz), 500
    plan = np.zeros(audio.shape[1] // length, dtype=int)
    at = 0
    for wait, fault in faults:
        at += wait
        if at < len(plan):
            plan[at] = fault
    bad_s, predictions, refused = [], [], 0
    for number, fault in enumerate(plan):
        complete = block(audio, number * length, length, input_rate_hz, overflow=bool(fault == BlockFault.OVERFLOW))
        start_s, end_s = number * length / input_rate_hz, (number + 1) * length / input_rate_hz
        if fault:
            bad_s.append((start_s, start_s if fault == BlockFault.OVERFLOW else end_s))
        if fault == BlockFault.LOST:
            continue
        sent = {
            BlockFault.NAN: replace(complete, samples=np.full_like(complete.samples, np.nan)),
            BlockFault.CHANNELS: replace(complete, samples=complete.samples[:4]),
            BlockFault.RATE: replace(complete, sample_rate_hz=8000),
        }.get(fault, complete)
        try:
            pipeline.push(sent)
        except (InferenceError, AudioError):
            refused += 1
        predictions.append(pipeline.predict())
    assert refused == np.isin(plan, (BlockFault.NAN, BlockFault.CHANNELS, BlockFault.RATE)).sum()
    spans = [(p.first_sample / RATE_HZ, p.end_sample / RATE_HZ) for p in predictions if p is not None]
    sample_s = 1 / RATE_HZ
    for start_s, end_s in bad_s:
        assert not any(first < end_s - sample_s and last > start_s + sample_s for first, last in spans)
    longest = np.diff([0, *np.flatnonzero(plan), len(plan)]).max() * length / input_rate_hz
    assert spans or longest < 0.3, 'the stream goes on after a gap'


def test_losses_are_counted(short_bundle: Bundle, backend: OnnxBackend, array: MicrophoneArray) -> None:
    pipeline = Pipeline(short_bundle, backend, array, RATE_HZ, PipelineSettings(max_rate_hz=30.0))
    audio = noise(1.0)
    first = 0
    while first < audio.shape[1]:
        if not 9_000 <= first < 10_000:
            pipeline.push(block(audio, first, 250))
            pipeline.predict()
        first += 250
    status = pipeline.status()
    assert (status.gaps, status.samples_lost, status.dropped) == (1, 1000, 0)
    assert status.window_ready
    # Two warm-ups of 0.2 s, of which the second begins 1000 samples late.
    assert status.skipped == pytest.approx(2 * 6 + 1, abs=1)
    assert status.predicted == pytest.approx((22_500 - 4500 - 5500) / 750, abs=2)


def test_late_windows_are_dropped_and_counted(
    short_bundle: Bundle, backend: OnnxBackend, array: MicrophoneArray
) -> None:
    pipeline = Pipeline(short_bundle, backend, array, RATE_HZ, PipelineSettings(max_rate_hz=30.0))
    audio = noise(0.6)
    stream_predictions(pipeline, audio[:, :6144])
    for first in range(6144, 6144 + 12 * 256, 256):
        pipeline.push(block(audio, first, 256))
    before = pipeline.status()
    prediction = pipeline.predict()
    assert prediction is not None
    assert prediction.end_sample > 6144 + 10 * 256, 'the newest window comes first'
    assert pipeline.predict() is None, 'what was late is not made up for'
    assert pipeline.status().dropped == before.dropped + 3
    assert pipeline.status().predicted == before.predicted + 1


@pytest.mark.parametrize('input_rate_hz', [22_500, 44_100, 48_000, 96_000])
def test_thirty_predictions_a_second_from_every_device_rate(
    short_bundle: Bundle, backend: OnnxBackend, array: MicrophoneArray, input_rate_hz: int
) -> None:
    pipeline = Pipeline(short_bundle, backend, array, input_rate_hz, PipelineSettings(max_rate_hz=30.0))
    found = stream_predictions(pipeline, noise(1.2, input_rate_hz), input_rate_hz, input_rate_hz // 100)
    assert pipeline.status().dropped == 0
    assert len(found) == pytest.approx(30 * (1.2 - 0.2), abs=2)


def test_the_rate_changes_while_running(short_bundle: Bundle, backend: OnnxBackend, array: MicrophoneArray) -> None:
    pipeline = Pipeline(short_bundle, backend, array, RATE_HZ, PipelineSettings(max_rate_hz=5.0))
    audio = noise(3.0)
    assert len(stream_predictions(pipeline, audio[:, :22_528])) == pytest.approx(5 * 0.8, abs=1)
    pipeline.apply(PipelineSettings(max_rate_hz=20.0))
    found = []
    for first in range(22_528, 2 * 22_528, 256):
        pipeline.push(block(audio, first, 256))
        found.append(pipeline.predict())
    assert sum(prediction is not None for prediction in found) == pytest.approx(20, abs=1)


def test_the_threshold_changes_while_running(
    short_bundle: Bundle, backend: OnnxBackend, array: MicrophoneArray
) -> None:
    pipeline = Pipeline(short_bundle, backend, array, RATE_HZ)
    audio = noise(0.3)
    before = stream_predictions(pipeline, audio)[0]
    middle = float(np.median(before.confidence))
    unsure = before.confidence < middle
    assert 0.2 < unsure.mean() < 0.6
    pipeline.apply(PipelineSettings(min_confidence=middle))
    pipeline.flush()
    after = stream_predictions(pipeline, audio)[0]
    np.testing.assert_array_equal(after.confidence, before.confidence)
    assert np.isnan(after.depth_m[unsure]).all()
    assert (after.labels[unsure] == UNLABELLED).all()
    np.testing.assert_array_equal(after.depth_m[~unsure], before.depth_m[~unsure])
    np.testing.assert_array_equal(after.labels[~unsure], before.labels[~unsure])


def test_smoothing_reduces_the_change_between_images_and_starts_anew_after_a_flush(
    short_bundle: Bundle, backend: OnnxBackend, array: MicrophoneArray
) -> None:
    audio = noise(0.6)
    plain = stream_predictions(Pipeline(short_bundle, backend, array, RATE_HZ), audio)
    pipeline = Pipeline(short_bundle, backend, array, RATE_HZ, PipelineSettings(smoothing_s=0.1))
    smoothed = stream_predictions(pipeline, audio)
    np.testing.assert_array_equal(smoothed[0].depth_m, plain[0].depth_m)
    changes = [
        np.nanmean([np.abs(np.log(after.depth_m / before.depth_m)) for before, after in pairwise(found)])
        for found in (smoothed, plain)
    ]
    assert 0 < changes[0] < 0.6 * changes[1]
    pipeline.flush()
    again = stream_predictions(pipeline, audio)
    np.testing.assert_array_equal(again[0].depth_m, plain[0].depth_m)
    pipeline.apply(PipelineSettings(smoothing_s=0.0))
    pipeline.flush()
    np.testing.assert_array_equal(stream_predictions(pipeline, audio)[-1].labels, plain[-1].labels)


@pytest.mark.parametrize('frame_position', [0.0, 0.5, 1.0])
@pytest.mark.parametrize('input_rate_hz', [RATE_HZ, 48_000])
def test_stamps_are_the_time_that_the_images_describe(
    short_bundle: Bundle, backend: OnnxBackend, array: MicrophoneArray, frame_position: float, input_rate_hz: int
) -> None:
    positioned = Bundle(short_bundle.folder, replace(short_bundle.manifest, frame_position=frame_position))
    pipeline = Pipeline(positioned, backend, array, input_rate_hz)
    for prediction in stream_predictions(pipeline, noise(0.5, input_rate_hz), input_rate_hz):
        described = prediction.first_sample + frame_position * 4500
        assert prediction.stamp_ns == pytest.approx(START_NS + described / RATE_HZ * 1e9, abs=200_000)
        assert prediction.newest_stamp_ns == pytest.approx(
            START_NS + prediction.end_sample / RATE_HZ * 1e9, abs=200_000
        )
        assert prediction.end_sample - prediction.first_sample == 4500


def test_without_labels_the_far_end_of_the_range_is_invalid(
    short_bundle: Bundle, backend: OnnxBackend, array: MicrophoneArray
) -> None:
    manifest = short_bundle.manifest
    depth = replace(manifest.depth, far_margin_m=40.0)
    confidence = replace(manifest.confidence, modalities={'depth': manifest.confidence.modalities['depth']})
    blind = Bundle(
        short_bundle.folder,
        replace(manifest, modalities=('depth',), classes=(), depth=depth, confidence=confidence),
    )

    class DepthOnly:
        name = reason = 'depth only'
        waveform_network = None

        def run(self, features: np.ndarray) -> object:
            return replace(backend.run(features), labels=None)

    prediction = stream_predictions(Pipeline(blind, DepthOnly(), array, RATE_HZ), noise(0.4))[0]
    expected = backend.run(prediction.features).depth_m
    assert prediction.labels is None
    assert (np.isnan(prediction.depth_m) == (expected >= 40.0)).all()
    assert 0 < np.isnan(prediction.depth_m).mean() < 1


def test_an_index_that_goes_back_is_refused_once(
    short_bundle: Bundle, backend: OnnxBackend, array: MicrophoneArray
) -> None:
    pipeline = Pipeline(short_bundle, backend, array, RATE_HZ)
    audio = noise(0.5)
    stream_predictions(pipeline, audio)
    with pytest.raises(InferenceError, match=r'begins at sample 0 where 11250 was expected'):
        pipeline.push(block(audio, 0, 256))
    assert pipeline.predict() is None
    assert stream_predictions(pipeline, audio)[0].end_sample == 18 * 256


def test_flush_drops_all_audio_and_its_time(short_bundle: Bundle, backend: OnnxBackend, array: MicrophoneArray) -> None:
    pipeline = Pipeline(short_bundle, backend, array, RATE_HZ)
    audio = noise(0.5)
    before = stream_predictions(pipeline, audio)
    pipeline.flush()
    assert pipeline.predict() is None
    assert not pipeline.status().window_ready
    after = stream_predictions(pipeline, audio)
    assert [p.stamp_ns for p in after] == [p.stamp_ns for p in before]
    np.testing.assert_array_equal(after[0].features, before[0].features)
    assert pipeline.status().gaps == 0


def test_bad_blocks_are_refused_by_name(short_bundle: Bundle, backend: OnnxBackend, array: MicrophoneArray) -> None:
    pipeline = Pipeline(short_bundle, backend, array, RATE_HZ)
    good = block(noise(0.1), 0, 256)
    with pytest.raises(AudioError, match='4 channels'):
        pipeline.push(replace(good, samples=good.samples[:4]))
    with pytest.raises(AudioError, match='8000 Hz'):
        pipeline.push(replace(good, sample_rate_hz=8000))
    with pytest.raises(InferenceError, match='samples 0 to 256 holds NaN'):
        pipeline.push(replace(good, samples=good.samples * np.float32(np.nan)))
    assert stream_predictions(pipeline, noise(0.5))


def test_invalid_settings_are_refused(short_bundle: Bundle, backend: OnnxBackend, array: MicrophoneArray) -> None:
    for wrong in (
        {'max_rate_hz': 0.0},
        {'smoothing_s': -0.1},
        {'smoothing_s': 2.5},
        {'min_confidence': 1.5},
        {'min_confidence': float('nan')},
    ):
        with pytest.raises(InferenceError):
            Pipeline(short_bundle, backend, array, RATE_HZ, PipelineSettings(**wrong))
    with pytest.raises(InferenceError, match='has 7 microphones'):
        Pipeline(short_bundle, backend, replace(array, microphones=array.microphones[:7]), RATE_HZ)


def test_one_thread_pushes_while_another_predicts(
    short_bundle: Bundle, backend: OnnxBackend, array: MicrophoneArray
) -> None:
    pipeline = Pipeline(short_bundle, backend, array, RATE_HZ, PipelineSettings(max_rate_hz=200.0))
    audio = noise(3.0)
    finished = threading.Event()

    def capture() -> None:
        for first in range(0, audio.shape[1], 256):
            pipeline.push(block(audio, first, 256))
        finished.set()

    thread = threading.Thread(target=capture)
    thread.start()
    found = []
    while not finished.is_set():
        prediction = pipeline.predict()
        if prediction:
            found.append(prediction)
    thread.join()
    assert found
    for prediction in found:
        window = audio[:, prediction.first_sample : prediction.end_sample]
        np.testing.assert_allclose(prediction.features, mel_features(window, short_bundle.manifest.features), atol=1e-4)


def test_the_paper_s_window_of_one_second(bundle: Bundle, array: MicrophoneArray) -> None:
    pipeline = Pipeline(bundle, open_backend(bundle, 'onnx'), array, RATE_HZ)
    audio = noise(1.2)
    prediction = stream_predictions(pipeline, audio)[0]
    assert (prediction.first_sample, prediction.end_sample) == (28, 22_528)
    assert prediction.depth_m.shape == prediction.labels.shape == prediction.confidence.shape == (128, 128)
    assert prediction.confidence.dtype == prediction.depth_m.dtype == np.float32
    np.testing.assert_allclose(
        prediction.features, mel_features(audio[:, 28:22_528], bundle.manifest.features), atol=1e-4
    )
    assert prediction.features_s > 0
    assert prediction.network_s > 0
