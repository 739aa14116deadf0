# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Offline inference on a bag equals the pipeline on the same samples."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.bag_evaluation.offline_inference import MAX_REASONS, OfflineInference
from audio_manifold_ros.bags.decoding.audio_blocks import DecodedAudioMessage, audio_blocks
from audio_manifold_ros.bags.decoding.audio_chunk import AudioFormat
from audio_manifold_ros.bags.decoding.dataset_topics import find_topics
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.features.mel_batch import mel_features
from audio_manifold_ros.inference.backends.onnx_backend import OnnxBackend
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.pipeline import Pipeline
from audio_manifold_ros.inference.pipeline_settings import PipelineSettings
from audio_manifold_ros.rig.rig import MicrophoneArray
from tests.bags.sound_bag import AUDIO_TYPE, START_NS, SoundBag


@pytest.fixture(scope='module')
def bundle() -> Bundle:
    return Bundle.load(resource_path('models/paper_8x8'))


@pytest.fixture(scope='module')
def backend(bundle: Bundle) -> OnnxBackend:
    return OnnxBackend(bundle, 1)


@pytest.fixture(scope='module')
def array() -> MicrophoneArray:
    return MicrophoneArray.from_yaml(resource_path('calibration/roof_octagon') / 'mic_array.yaml')


def blocks(bag: Path) -> list[DecodedAudioMessage]:
    with BagReader(bag) as reader:
        return list(audio_blocks(reader, find_topics(str(bag), reader.topics)))


def test_every_due_prediction_uses_its_own_samples(
    bundle: Bundle, backend: OnnxBackend, array: MicrophoneArray, tmp_path: Path
) -> None:
    written = SoundBag(seconds=2.6, lost=frozenset({100}))
    found = blocks(written.write(tmp_path / 'drive'))
    run = OfflineInference(found, bundle, backend, array, rate_hz=10.0)
    predictions = list(run.predictions())
    audio_usage = run.audio_usage()

    samples = written.samples().astype(np.float32) / 32768
    for prediction in predictions:
        window = samples[list(array.device_channels), prediction.first_sample : prediction.end_sample]
        assert np.abs(mel_features(window, bundle.manifest.features) - prediction.features).max() < 1e-3
        assert abs(prediction.stamp_ns - START_NS - (prediction.first_sample + 11_250) * NS_PER_S // 22_500) < 1_500_000
    gap = 100 * 256, 101 * 256
    assert all(p.end_sample <= gap[0] or p.first_sample >= gap[1] for p in predictions)
    for stretch in (
        [p for p in predictions if p.end_sample <= gap[0]],
        [p for p in predictions if p.end_sample > gap[1]],
    ):
        assert {b - a for a, b in itertools.pairwise(ends(stretch))} <= {2048, 2304}  # whole hops around 2250
    assert (
        len(predictions)
        == audio_usage.predicted
        == (25_600 - 22_500) // 2250 + 1 + (58_368 - 25_856 - 22_500) // 2250 + 1
    )
    assert (audio_usage.gaps, audio_usage.samples_lost, audio_usage.restarts, audio_usage.refusals) == (1, 256, 0, {})
    assert audio_usage.seconds == pytest.approx(227 * 256 / 22_500)


def ends(predictions: list) -> list[int]:
    return [prediction.end_sample for prediction in predictions]


def test_a_restarted_stream_is_continued(
    bundle: Bundle, backend: OnnxBackend, array: MicrophoneArray, tmp_path: Path
) -> None:
    found = blocks(SoundBag(seconds=2.6, restart_block=110).write(tmp_path / 'drive'))
    run = OfflineInference(found, bundle, backend, array, rate_hz=5.0)
    predictions = list(run.predictions())
    assert run.audio_usage().restarts == 1
    assert run.audio_usage().refusals == {}
    stamps = [prediction.stamp_ns for prediction in predictions]
    assert stamps == sorted(stamps)
    assert any(b.end_sample < a.end_sample for a, b in itertools.pairwise(predictions))


def test_refused_messages_are_counted_by_reason(
    bundle: Bundle, backend: OnnxBackend, array: MicrophoneArray, tmp_path: Path
) -> None:
    found = blocks(SoundBag(seconds=1.2, image_rate_hz=0.0).write(tmp_path / 'drive'))
    few = [entry if number % 2 else replace(entry, block=thin(entry.block)) for number, entry in enumerate(found[:40])]
    few += [
        replace(entry, block=None, rejection_reason=f'reason {number}') for number, entry in enumerate(found[40:100])
    ]
    run = OfflineInference(few, bundle, backend, array)
    assert list(run.predictions()) == []
    refusals = run.audio_usage().refusals
    assert sum(refusals.values()) == 20 + 60
    assert len(refusals) <= MAX_REASONS + 1
    assert any('channel' in reason for reason in refusals)


def thin(block: AudioBlock | None) -> AudioBlock:
    assert block is not None
    return replace(block, samples=block.samples[:3])


def test_audio_without_an_index_gives_the_predictions_of_its_stamps(
    bundle: Bundle, backend: OnnxBackend, array: MicrophoneArray, tmp_path: Path
) -> None:
    own = SoundBag(seconds=2.4, lost=frozenset({100}), jitter_ns=0, image_rate_hz=0.0)
    foreign = own.write_raw_audio(tmp_path / 'foreign', '/audio')
    mine = list(OfflineInference(blocks(own.write(tmp_path / 'own')), bundle, backend, array, 5.0).predictions())
    theirs = list(OfflineInference(blocks(foreign), bundle, backend, array, 5.0).predictions())
    assert ends(theirs) == ends(mine)
    assert [p.stamp_ns for p in theirs] == [p.stamp_ns for p in mine]
    assert all(np.array_equal(a.features, b.features) for a, b in zip(theirs, mine, strict=True))


def test_arrays_are_read_in_the_stated_format(tmp_path: Path) -> None:
    own = SoundBag(seconds=1.0, jitter_ns=0, image_rate_hz=0.0)
    bare = own.write_multi_arrays(tmp_path / 'bare', '/mic/samples')
    with BagReader(bare) as reader:
        topics = find_topics(str(bare), reader.topics, audio='/mic/samples')
        unstated = list(audio_blocks(reader, topics))
        audio_usage = [entry.block for entry in audio_blocks(reader, topics, AudioFormat(22_500, 8))]
    assert all(entry.block is None and entry.rejection_reason for entry in unstated)
    steps = np.concatenate([block.samples for block in audio_usage], axis=1) * 32768
    np.testing.assert_array_equal(steps, own.samples()[:, : steps.shape[1]])
    ends = [block.first_sample + block.samples.shape[1] for block in audio_usage]
    assert [block.first_sample for block in audio_usage[1:]] == ends[:-1]


def test_predictions_equal_those_of_the_pipeline(
    bundle: Bundle, backend: OnnxBackend, array: MicrophoneArray, tmp_path: Path
) -> None:
    found = blocks(SoundBag(seconds=1.6, rate_hz=48_000).write(tmp_path / 'drive'))
    assert found[0].message.type == AUDIO_TYPE
    pipeline = Pipeline(bundle, backend, array, 48_000, PipelineSettings(max_rate_hz=10.0))

    def by_hand() -> Iterator[tuple[int, bytes]]:
        for entry in found:
            pipeline.push(entry.block)
            prediction = pipeline.predict()
            if prediction is not None:
                yield prediction.stamp_ns, prediction.depth_m.tobytes()

    straight = OfflineInference(found, bundle, backend, array, 10.0).predictions()
    assert [(p.stamp_ns, p.depth_m.tobytes()) for p in straight] == list(by_hand())


def test_faulty_microphones_are_counted(
    bundle: Bundle, backend: OnnxBackend, array: MicrophoneArray, tmp_path: Path
) -> None:
    found = blocks(SoundBag(seconds=2.6, image_rate_hz=0.0).write(tmp_path / 'drive'))
    for entry in found:
        assert entry.block is not None
        entry.block.samples[array.device_channels[4]] = 0
    run = OfflineInference(found, bundle, backend, array, rate_hz=10.0)
    predictions = list(run.predictions())
    assert {prediction.substituted for prediction in predictions} == {('mic_4',)}
    assert run.audio_usage().untrusted == {'mic_4': len(predictions)}
