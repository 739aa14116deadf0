# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Policy for faulty microphones: channel plan, replaced features, marked predictions, lower confidence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from audio_manifold_ros.audio.microphone_health import Fault
from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.features.mel_batch import mel_features
from audio_manifold_ros.features.spec import FeatureSpec
from audio_manifold_ros.inference.backends.onnx_backend import OnnxBackend
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.channel_policy import ChannelPlan, plan_channels, plan_spatial_channels
from audio_manifold_ros.inference.pipeline import Pipeline
from audio_manifold_ros.inference.pipeline_settings import PipelineSettings
from audio_manifold_ros.rig.rig import MicrophoneArray
from tests.inference.sounds import DEAD_FROM_S, RATE_HZ, noise, stream_predictions


@pytest.fixture(scope='module')
def backend(short_bundle: Bundle) -> OnnxBackend:
    return OnnxBackend(short_bundle)


@pytest.mark.parametrize(
    ('faulty', 'policy', 'tolerated', 'wanted'),
    [
        ((), 'stop', 0, ChannelPlan()),
        ((3,), 'stop', 7, ChannelPlan(stopped=True, usable_fraction=0.0)),
        ((3,), 'mask', 1, ChannelPlan(masked=(3,), usable_fraction=0.875)),
        ((3,), 'mask', 0, ChannelPlan(substitutes=((3, 2),), usable_fraction=0.875)),
        ((3, 2), 'mask', 1, ChannelPlan(substitutes=((2, 1), (3, 4)), usable_fraction=0.75)),
        ((3,), 'substitute', 7, ChannelPlan(substitutes=((3, 2),), usable_fraction=0.875)),
        (tuple(range(8)), 'substitute', 0, ChannelPlan(stopped=True, usable_fraction=0.0)),
    ],
)
def test_the_policy_decides(
    array: MicrophoneArray, faulty: tuple[int, ...], policy: str, tolerated: int, wanted: ChannelPlan
) -> None:
    assert plan_channels(array, faulty, policy, tolerated) == wanted


def test_a_disabled_microphone_is_missing_but_no_reason_to_stop(array: MicrophoneArray) -> None:
    off = replace(array, microphones=(replace(array.microphones[0], enabled=False), *array.microphones[1:]))
    assert plan_channels(off, (), 'mask', 1).masked == (0,)
    assert plan_channels(off, (), 'stop', 0).substitutes == ((0, 1),)
    assert plan_channels(off, (1,), 'substitute', 0).substitutes == ((0, 7), (1, 2))


def test_an_unknown_policy_is_refused(array: MicrophoneArray) -> None:
    with pytest.raises(InferenceError, match="'pray': give one of mask, substitute, stop"):
        plan_channels(array, (), 'pray', 0)


@pytest.mark.parametrize(
    ('faulty', 'policy', 'fewest', 'wanted'),
    [
        ((), 'stop', 4, ChannelPlan()),
        ((3, 1), 'mask', 4, ChannelPlan(masked=(1, 3), usable_fraction=0.75)),
        ((3, 1), 'substitute', 4, ChannelPlan(masked=(1, 3), usable_fraction=0.75)),
        ((3,), 'stop', 4, ChannelPlan(stopped=True, usable_fraction=0.0)),
    ],
)
def test_spatial_features_leave_out_faulty_microphones(
    array: MicrophoneArray, faulty: tuple[int, ...], policy: str, fewest: int, wanted: ChannelPlan
) -> None:
    plan = plan_spatial_channels(array, faulty, policy, fewest)
    assert plan == wanted
    assert np.flatnonzero(~plan.active(8)).tolist() == sorted(plan.masked)


def test_too_few_microphones_stop_spatial_features_with_the_reason(array: MicrophoneArray) -> None:
    plan = plan_spatial_channels(array, (0, 1, 2, 3, 4), 'mask', 4)
    assert plan.stopped
    assert plan.stop_reason == '3 of 8 microphones work, and the bundle needs at least 4'


@pytest.mark.parametrize('spec', [FeatureSpec(), FeatureSpec(floor_power=1e-5, db_divisor=4.3)])
def test_masked_features_are_those_of_silence(spec: FeatureSpec) -> None:
    features = mel_features(np.zeros((8, spec.window_samples), dtype=np.float32), spec)
    original = np.ones_like(features)
    filled = ChannelPlan(masked=(1,), substitutes=((4, 5),)).fill_features(original, spec)
    np.testing.assert_allclose(filled[1], features[1], rtol=1e-5)
    assert (filled[[0, 2, 3, 4, 5, 6, 7]] == 1).all()
    assert (original == 1).all()


@pytest.mark.parametrize('policy', ['mask', 'substitute'])
def test_predictions_are_marked_and_less_confident(
    short_bundle: Bundle, backend: OnnxBackend, array: MicrophoneArray, policy: str
) -> None:
    pipeline = Pipeline(short_bundle, backend, array, RATE_HZ, PipelineSettings(policy=policy))
    name = array.microphones[6].name
    found = stream_predictions(pipeline, noise(3.0, (6,)))
    marked = [p for p in found if (p.masked if policy == 'mask' else p.substituted) == (name,)]
    clean = [p for p in found if not p.masked and not p.substituted]
    assert len(marked) + len(clean) == len(found)
    first_s = marked[0].end_sample / RATE_HZ
    assert DEAD_FROM_S < first_s < DEAD_FROM_S + 2
    assert max(p.end_sample for p in clean) < marked[0].end_sample
    silence = short_bundle.manifest.features.silence
    for prediction in marked:
        filled = prediction.features[6]
        wanted = np.full_like(filled, silence) if policy == 'mask' else prediction.features[5]
        np.testing.assert_allclose(filled, wanted, rtol=1e-6)
        output = backend.run(prediction.features)
        full = short_bundle.manifest.confidence.image(output, 128, 128)
        np.testing.assert_allclose(prediction.confidence, full * 7 / 8, rtol=1e-5)
    status = pipeline.status()
    assert status.faults == ((name, Fault.DEAD),)
    assert not status.stopped
    assert (status.masked, status.substitutes) == (
        ((name,), ()) if policy == 'mask' else ((), ((name, array.microphones[5].name),))
    )


def test_more_missing_than_tolerated_are_substituted(
    short_bundle: Bundle, backend: OnnxBackend, array: MicrophoneArray
) -> None:
    pipeline = Pipeline(short_bundle, backend, array, RATE_HZ)
    last = stream_predictions(pipeline, noise(3.0, (1, 2, 3)))[-1]
    assert last.masked == ()
    assert last.substituted == tuple(array.microphones[place].name for place in (1, 2, 3))


def test_stop_withholds_and_the_policy_changes_while_running(
    short_bundle: Bundle, backend: OnnxBackend, array: MicrophoneArray
) -> None:
    pipeline = Pipeline(short_bundle, backend, array, RATE_HZ, PipelineSettings(policy='stop'))
    found = stream_predictions(pipeline, noise(3.0, (0,)))
    assert max(p.end_sample for p in found) / RATE_HZ < DEAD_FROM_S + 2
    status = pipeline.status()
    assert status.stopped
    assert status.withheld > 5
    pipeline.apply(PipelineSettings(policy='substitute'))
    assert not pipeline.status().stopped
    pipeline.apply(PipelineSettings(policy='stop'))
    pipeline.flush()
    assert stream_predictions(pipeline, noise(1.0)), 'after a new beginning no fault is reported'
