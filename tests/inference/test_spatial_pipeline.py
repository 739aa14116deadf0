# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pipelines of bundles with spatial features: live equals offline, and faulty microphones are left out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.audio.microphone_health import Fault
from audio_manifold_ros.common.array_types import Samples
from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.features.batch_features import window_features
from audio_manifold_ros.features.spatial_batch import spatial_features
from audio_manifold_ros.inference.backends.onnx_backend import OnnxBackend
from audio_manifold_ros.inference.backends.torch_backend import TorchBackend
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.bundle.prediction import Prediction
from audio_manifold_ros.inference.bundle_rig import BundleRig
from audio_manifold_ros.inference.pipeline import Pipeline
from audio_manifold_ros.inference.pipeline_settings import PipelineSettings
from audio_manifold_ros.rig.camera import CameraModel
from audio_manifold_ros.simulation.drive import Drive
from audio_manifold_ros.testing.microphone_faults import break_microphone
from tests.inference.spatial_bundle import ARRAYS, write_spatial_bundle

RATE_HZ = 22_500
BLOCK = 512
RIG = 'calibration/roof_octagon'
ALL = np.ones(8, dtype=bool)


@pytest.fixture(scope='module')
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write_spatial_bundle(tmp_path_factory.mktemp('models') / 'spatial')


@pytest.fixture(scope='module')
def rig(bundle: Bundle) -> BundleRig:
    return BundleRig.open(bundle, resource_path(RIG))


@pytest.fixture(scope='module')
def backend(bundle: Bundle) -> OnnxBackend:
    return OnnxBackend(bundle, 1)


@pytest.fixture(scope='module')
def street() -> Samples:
    """Return eight seconds of a quiet street without wind at the capsules."""
    drive = Drive(1_200_005)
    return np.concatenate([drive.audio(second * RATE_HZ, RATE_HZ) for second in range(8)], axis=1)


def make_pipeline(bundle: Bundle, backend: OnnxBackend, rig: BundleRig, **settings: object) -> Pipeline:
    chosen = PipelineSettings(**{'max_rate_hz': 10.0, **settings})  # type: ignore[arg-type]
    return Pipeline(bundle, backend, rig.array, RATE_HZ, chosen, rig.geometry)


def stream(pipeline: Pipeline, samples: Samples, first: int = 0, length: int = BLOCK) -> list[Prediction]:
    found = []
    for at in range(0, samples.shape[1], length):
        stamp_ns = (first + at) * 10**9 // RATE_HZ
        pipeline.push(AudioBlock(samples[:, at : at + length], first + at, RATE_HZ, stamp_ns))
        found.append(pipeline.predict())
    return [prediction for prediction in found if prediction is not None]


def left_out(prediction: Prediction) -> np.ndarray:
    """Return bool (mic,), False for the microphones that are marked as not used."""
    return np.array([f'mic_{mic}' not in prediction.masked for mic in range(8)])


@pytest.mark.parametrize('length', [256, 700, 5000])
def test_live_predictions_equal_those_of_the_batch_form(
    bundle: Bundle, backend: OnnxBackend, rig: BundleRig, street: Samples, length: int
) -> None:
    turned = (replace(rig.array.microphones[0], gain_db=6.0), replace(rig.array.microphones[1], polarity=-1))
    array = replace(rig.array, microphones=(*turned, *rig.array.microphones[2:]))
    spec = bundle.manifest.features
    conditioned = street * array.factors[:, None]
    pipeline = make_pipeline(bundle, backend, replace(rig, array=array))
    predictions = stream(pipeline, street[:, : 2 * RATE_HZ], length=length)
    assert len(predictions) >= 6
    assert len({prediction.depth_m.tobytes() for prediction in predictions}) == len(predictions)
    for prediction in predictions:
        window = conditioned[:, prediction.first_sample : prediction.end_sample]
        expected = spatial_features(window, rig.geometry, spec, ALL)
        np.testing.assert_allclose(prediction.require_features(), expected, rtol=0, atol=1e-3)
        output = backend.run(prediction.require_features())
        np.testing.assert_array_equal(prediction.labels, output.labels)
        assert prediction.masked == ()


def test_two_channels_that_die_are_left_out_within_a_second_and_come_back(
    bundle: Bundle, backend: OnnxBackend, rig: BundleRig, street: Samples
) -> None:
    spec, dies, heals = bundle.manifest.features, 2 * RATE_HZ, 4 * RATE_HZ
    broken = street.copy()
    broken[2, dies:heals] = 0.0
    broken[5, dies:heals] = np.random.default_rng(0).normal(0, 3e-5, heals - dies)
    predictions = stream(make_pipeline(bundle, backend, rig), broken)
    for prediction in predictions:
        seconds = prediction.end_sample / RATE_HZ
        active = left_out(prediction)
        window = broken[:, prediction.first_sample : prediction.end_sample]
        expected = spatial_features(window, rig.geometry, spec, active)
        np.testing.assert_allclose(prediction.require_features(), expected, rtol=0, atol=1e-3)
        assert active[[0, 1, 3, 4, 6, 7]].all()
        if seconds < 2 or seconds > 8 - 0.2:
            assert active.all(), seconds
        if 3 < seconds < 4:
            assert not active[[2, 5]].any(), seconds
    assert predictions[-1].end_sample > 7.8 * RATE_HZ
    # The confidence is multiplied by the share of microphones in use.
    for prediction in predictions[::12]:
        output = backend.run(prediction.require_features())
        expected = bundle.manifest.confidence.image(output, *prediction.confidence.shape) * left_out(prediction).mean()
        np.testing.assert_allclose(prediction.confidence, expected, rtol=1e-5)


def test_without_the_fewest_microphones_predictions_stop_with_the_reason(
    bundle: Bundle, backend: OnnxBackend, rig: BundleRig, street: Samples
) -> None:
    pipeline = make_pipeline(bundle, backend, rig)
    broken = street.copy()
    broken[:5, 2 * RATE_HZ : 3 * RATE_HZ] = 0.0
    before = stream(pipeline, broken[:, : 2 * RATE_HZ])
    during = stream(pipeline, broken[:, 2 * RATE_HZ : 3 * RATE_HZ], 2 * RATE_HZ)
    assert before
    assert all(prediction.end_sample < 2.7 * RATE_HZ for prediction in during)
    status = pipeline.status()
    assert status.stopped
    assert status.withheld > 0
    assert status.stop_reason == '3 of 8 microphones work, and the bundle needs at least 4'
    assert dict(status.faults) == {f'mic_{mic}': Fault.UNPLUGGED for mic in range(5)}
    after = stream(pipeline, broken[:, 3 * RATE_HZ :], 3 * RATE_HZ)
    assert after[-1].masked == ()
    assert not pipeline.status().stopped


@pytest.mark.parametrize('policy', ['mask', 'substitute', 'stop'])
def test_a_neighbour_is_no_substitute(
    bundle: Bundle, backend: OnnxBackend, rig: BundleRig, street: Samples, policy: str
) -> None:
    pipeline = make_pipeline(bundle, backend, rig, policy=policy)
    broken = street[:, : 2 * RATE_HZ].copy()
    broken[6] = 0.0
    predictions = stream(pipeline, broken)
    assert predictions[-1].substituted == ()
    if policy == 'stop':
        assert pipeline.status().stopped
    else:
        assert predictions[-1].masked == ('mic_6',)


def test_an_unrelated_channel_is_left_out(
    bundle: Bundle, backend: OnnxBackend, rig: BundleRig, street: Samples
) -> None:
    late = break_microphone(street, 3, 'out of step', 3.3, RATE_HZ)
    predictions = stream(make_pipeline(bundle, backend, rig), late[:, : 5 * RATE_HZ])
    found = [prediction.end_sample / RATE_HZ for prediction in predictions if prediction.masked == ('mic_3',)]
    assert 3.3 < found[0] < 4.3
    assert all(prediction.masked in ((), ('mic_3',)) for prediction in predictions)


def test_disabled_microphones_are_left_out(
    bundle: Bundle, backend: OnnxBackend, tmp_path: Path, street: Samples
) -> None:
    for name in ('camera', 'extrinsics'):
        (tmp_path / f'{name}.yaml').write_text((resource_path(RIG) / f'{name}.yaml').read_text())
    whole = BundleRig.open(bundle, resource_path(RIG)).array
    off = replace(whole, microphones=(replace(whole.microphones[0], enabled=False), *whole.microphones[1:]))
    (tmp_path / 'mic_array.yaml').write_text(off.to_text())
    rig = BundleRig.open(bundle, tmp_path)
    prediction = stream(make_pipeline(bundle, backend, rig), street[:, :RATE_HZ])[-1]
    assert prediction.masked == ('mic_0',)
    window = street[:, prediction.first_sample : prediction.end_sample]
    expected = spatial_features(window, rig.geometry, bundle.manifest.features)
    np.testing.assert_allclose(prediction.require_features(), expected, rtol=0, atol=1e-3)


def test_the_geometry_is_required(bundle: Bundle, backend: OnnxBackend, rig: BundleRig) -> None:
    with pytest.raises(InferenceError, match='need the geometry of the rig'):
        Pipeline(bundle, backend, rig.array, RATE_HZ)


def test_a_rig_outside_the_ranges_is_described_and_too_few_microphones_are_refused(
    bundle: Bundle, tmp_path: Path
) -> None:
    assert BundleRig.open(bundle, resource_path(RIG)).warning == ''
    found = BundleRig.open(bundle, resource_path('calibration/usb_ring')).warning
    assert found == (
        "The microphones are up to 0.09 m apart, and the bundle 'spatial' was trained for 0.1 to 1.3 m. "
        'Expect worse images.'
    )
    few = write_spatial_bundle(tmp_path / 'nine', arrays=replace(ARRAYS, microphones=(9, 16)))
    with pytest.raises(InferenceError, match=r'has 8 enabled microphones, the bundle .* needs at least 9'):
        BundleRig.open(few, resource_path(RIG))


def test_images_have_the_camera_of_the_rig_at_the_size_of_the_bundle(bundle: Bundle) -> None:
    camera = CameraModel(640, 480, 300.0, 310.0, 319.5, 200.0)
    resized = camera.resized(96, 128)
    assert (resized.width, resized.height) == (128, 96)
    assert (resized.fx, resized.fy) == pytest.approx((60.0, 62.0))
    # The edges of the image stay where they are.
    for edge, other in ((-0.5, -0.5), (639.5, 127.5)):
        assert (edge - camera.cx) / camera.fx == pytest.approx((other - resized.cx) / resized.fx)
    assert BundleRig.open(bundle, resource_path('calibration/usb_ring')).camera.width == bundle.manifest.camera.width


def test_torch_gives_the_images_of_onnx_runtime(bundle: Bundle, backend: OnnxBackend, rig: BundleRig) -> None:
    samples = Drive(1_200_001).audio(0, bundle.manifest.features.window_samples)
    features = window_features(samples, bundle.manifest.features, rig.geometry)
    torch_backend = TorchBackend(bundle, threads=1)
    assert torch_backend.waveform_network is None
    expected, found = backend.run(features), torch_backend.run(features)
    np.testing.assert_allclose(found.depth_m, expected.depth_m, rtol=2e-3)
    assert np.mean(found.labels == expected.labels) > 0.995
    with pytest.raises(InferenceError, match=r'of shape \(1,\): the bundle takes float32'):
        backend.run(features[:1])
