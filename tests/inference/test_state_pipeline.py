# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pipelines of bundles with a state over time: live equals offline, and the past ends at a gap and at a flush."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.common.array_types import Samples
from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.inference.backends.backend import input_shape
from audio_manifold_ros.inference.backends.onnx_backend import OnnxBackend
from audio_manifold_ros.inference.backends.torch_backend import TorchBackend
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.bundle.prediction import Prediction
from audio_manifold_ros.inference.bundle_rig import BundleRig
from audio_manifold_ros.networks.spatial.state_config import LatentStateConfig
from audio_manifold_ros.simulation.drive import Drive
from tests.inference.spatial_bundle import write_spatial_bundle
from tests.inference.test_spatial_pipeline import RATE_HZ, RIG, make_pipeline, stream

STATE = LatentStateConfig(past=3, step_hops=9, channels=8, reduced=4)
STEP = STATE.step_hops * 256


@pytest.fixture(scope='module')
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write_spatial_bundle(tmp_path_factory.mktemp('models') / 'state', state=STATE)


@pytest.fixture(scope='module')
def rig(bundle: Bundle) -> BundleRig:
    return BundleRig.open(bundle, resource_path(RIG))


@pytest.fixture(scope='module')
def backend(bundle: Bundle) -> OnnxBackend:
    return OnnxBackend(bundle, 1)


@pytest.fixture(scope='module')
def street() -> Samples:
    return Drive(1_200_005).audio(0, 2 * RATE_HZ)


def offline(bundle: Bundle, backend: OnnxBackend, predictions: list[Prediction]) -> list[Prediction]:
    """Check each prediction against the networks with the latents of the predictions before it."""
    latents: dict[int, np.ndarray] = {}
    for prediction in predictions:
        past = np.zeros(bundle.manifest.past_shape, dtype=np.float32)
        for place in range(STATE.past):
            wanted = prediction.end_sample - (STATE.past - place) * STEP
            nearest = min(latents, key=lambda end, wanted=wanted: abs(end - wanted), default=None)
            if nearest is not None and abs(nearest - wanted) <= STEP / 2:
                past[place] = latents[nearest]
        output = backend.run(np.concatenate([prediction.require_features(), past.reshape(-1)]))
        np.testing.assert_array_equal(prediction.labels, output.labels)
        seen = ~np.isnan(prediction.depth_m)
        np.testing.assert_array_equal(prediction.depth_m[seen], output.depth_m[seen])
        assert output.latents is not None
        latents[prediction.end_sample] = output.latents
    return predictions


@pytest.mark.parametrize('length', [256, 700, 5000])
def test_live_predictions_equal_those_with_the_stored_past(
    bundle: Bundle, backend: OnnxBackend, rig: BundleRig, street: Samples, length: int
) -> None:
    predictions = offline(bundle, backend, stream(make_pipeline(bundle, backend, rig), street, length=length))
    assert len(predictions) >= 6
    # The last ones depend on their past.
    alone = backend.run(predictions[-1].require_features())
    assert not np.array_equal(predictions[-1].depth_m, alone.depth_m)


def test_the_past_ends_at_a_flush(bundle: Bundle, backend: OnnxBackend, rig: BundleRig, street: Samples) -> None:
    pipeline = make_pipeline(bundle, backend, rig)
    stream(pipeline, street)
    pipeline.flush()
    first = stream(pipeline, street)[0]
    alone = backend.run(first.require_features())
    np.testing.assert_array_equal(first.labels, alone.labels)
    seen = ~np.isnan(first.depth_m)
    np.testing.assert_array_equal(first.depth_m[seen], alone.depth_m[seen])


def test_the_past_ends_at_a_long_gap(bundle: Bundle, backend: OnnxBackend, rig: BundleRig, street: Samples) -> None:
    pipeline = make_pipeline(bundle, backend, rig)
    stream(pipeline, street)
    after = stream(pipeline, street, first=street.shape[1] + (STATE.past + 1) * STEP)[0]
    alone = backend.run(after.require_features())
    np.testing.assert_array_equal(after.labels, alone.labels)


def test_torch_gives_the_images_of_onnx_runtime(bundle: Bundle, backend: OnnxBackend) -> None:
    features = np.random.default_rng(2).normal(size=input_shape(bundle.manifest)).astype(np.float32)
    ours, theirs = backend.run(features), TorchBackend(bundle, threads=1).run(features)
    np.testing.assert_allclose(ours.depth_m, theirs.depth_m, rtol=1e-3)
    np.testing.assert_allclose(ours.latents, theirs.latents, atol=1e-3)


def test_features_of_another_size_are_refused(bundle: Bundle, backend: OnnxBackend) -> None:
    size = bundle.manifest.features.input_shape(8)[0]
    expected = input_shape(bundle.manifest)[0]
    with pytest.raises(InferenceError, match=rf'\({size + 1},\): the bundle takes float32 \({expected},\)'):
        backend.run(np.zeros(size + 1, dtype=np.float32))


def test_the_bundle_is_read_again_with_its_state(bundle: Bundle) -> None:
    manifest = Bundle.load(Path(bundle.folder)).manifest
    assert manifest.state == STATE
    assert manifest.past_shape == (3, 4, 8, 8)
