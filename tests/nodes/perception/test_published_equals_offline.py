# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Predictions that the node publishes from a file equal those of the offline pipeline."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from audio_manifold_msgs.msg import AudioBlock as AudioBlockMessage
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import CameraInfo, Image, PointCloud2
from std_msgs.msg import String

from audio_manifold_ros.audio.file_source import FileSource
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.drawing.colormaps import colour_depth, palette
from audio_manifold_ros.features.mel_batch import mel_features
from audio_manifold_ros.features.spectrograms import level_spectrograms
from audio_manifold_ros.inference.backends.onnx_backend import OnnxBackend
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.bundle.prediction import Prediction
from audio_manifold_ros.inference.pipeline import Pipeline
from audio_manifold_ros.inference.pipeline_settings import PipelineSettings
from audio_manifold_ros.nodes.common.audio_messages import from_audio_message
from audio_manifold_ros.nodes.common.messages import from_image, to_ns
from audio_manifold_ros.nodes.perception.spectrogram import spectrogram_image
from audio_manifold_ros.rig.rig import MicrophoneArray
from tests.nodes.decode_messages import from_labels_json
from tests.nodes.peer import ACTIVATE, CONFIGURE, NodeProcess, Peer
from tests.nodes.robot_readers import field_values

pytestmark = pytest.mark.ros
IMAGES = (
    'depth/image',
    'depth/image_color',
    'segmentation/image',
    'segmentation/image_color',
    'confidence/image',
    'spectrogram',
)


@pytest.fixture(scope='module')
def offline(small_bundle: Path, wav: Path) -> tuple[Bundle, list[Prediction]]:
    """Return the bundle and the predictions for every window of the file."""
    bundle = Bundle.load(small_bundle)
    array = MicrophoneArray.from_yaml(resource_path('calibration/roof_octagon') / 'mic_array.yaml')
    pipeline = Pipeline(bundle, OnnxBackend(bundle, 1), array, 22_500, PipelineSettings(max_rate_hz=1000.0))
    source = FileSource(wav, clock_ns=lambda: 0, realtime=False, block_samples=256)
    source.open()
    found = []
    while (block := source.read(0.0)) is not None:
        pipeline.push(block)
        prediction = pipeline.predict()
        if prediction is not None:
            found.append(prediction)
    source.close()
    return bundle, found


def spectrogram_of(bundle: Bundle, prediction: Prediction) -> np.ndarray:
    return spectrogram_image(level_spectrograms(prediction.require_features(), bundle.manifest.features))


def test_published_equals_offline(
    peer: Peer,
    start_node: Callable[..., NodeProcess],
    small_bundle: Path,
    wav: Path,
    offline: tuple[Bundle, list[Prediction]],
) -> None:
    bundle, predictions = offline
    node = start_node(bundle=small_bundle, source__kind='file', source__file=wav, publish__audio=True)
    received = {topic: peer.subscribe(Image, f'/perception/{topic}') for topic in IMAGES}
    infos = peer.subscribe(CameraInfo, '/perception/depth/camera_info')
    clouds = peer.subscribe(PointCloud2, '/perception/points')
    audio = peer.subscribe(AudioBlockMessage, '/perception/audio', 400)
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    assert peer.change(CONFIGURE, ACTIVATE), node.output
    peer.wait(lambda: peer.status('audio source')[1].get('state') == 'ended', 30, 'end of the file')
    peer.spin(1.0)
    labels = peer.subscribe(String, '/perception/segmentation/labels_json', latched)
    peer.wait(lambda: bool(labels), 5, 'latched labels')
    assert from_labels_json(labels[0]) == {0: 'road', 10: 'sky', 13: 'car', 255: 'unlabelled'}

    assert received['depth/image'], node.output
    # Two windows may have the same codes and images, but not the same spectrogram.
    by_spectrogram = {spectrogram_of(bundle, prediction).tobytes(): prediction for prediction in predictions}
    assert len(by_spectrogram) == len(predictions)
    assert len({prediction.depth_m.tobytes() for prediction in predictions}) > 5
    by_stamp = {
        topic: {to_ns(message.header.stamp): message for message in messages} for topic, messages in received.items()
    }
    anchors = []
    for stamp_ns, message in by_stamp['spectrogram'].items():
        prediction = by_spectrogram.get(from_image(message).tobytes())
        assert prediction is not None, f'the image of {stamp_ns} matches no window of the file'
        anchors.append(stamp_ns - prediction.stamp_ns)
        same = {topic: from_image(found[stamp_ns]) for topic, found in by_stamp.items() if stamp_ns in found}
        if 'segmentation/image' in same:
            assert np.array_equal(same['segmentation/image'], prediction.labels)
        if 'confidence/image' in same:
            assert np.array_equal(same['confidence/image'], prediction.confidence)
        if 'depth/image' in same:
            assert np.array_equal(same['depth/image'], prediction.depth_m, equal_nan=True)
        if 'depth/image_color' in same:
            assert np.array_equal(same['depth/image_color'], colour_depth(prediction.depth_m))
        if 'segmentation/image_color' in same:
            colours = palette({entry.id: entry.colour for entry in bundle.manifest.classes})
            assert np.array_equal(same['segmentation/image_color'], colours[prediction.labels])
    # One clock: every stamp is on the line through the samples of the file.
    assert max(anchors) - min(anchors) < 5_000_000

    assert {message.header.frame_id for message in received['depth/image']} == {'camera_optical_frame'}
    info = infos[-1]
    assert (info.k[0], info.k[4], info.k[2], info.k[5]) == pytest.approx((53.7024, 137.2484, 63.5, 63.5))
    # Publishers keep five images. On a busy machine the image of a cloud may be overwritten before delivery.
    received_clouds = [cloud for cloud in clouds if to_ns(cloud.header.stamp) in by_stamp['depth/image']]
    depth_m = from_image(by_stamp['depth/image'][to_ns(received_clouds[-1].header.stamp)])
    assert np.array_equal(field_values(received_clouds[-1], 'z'), depth_m.ravel(), equal_nan=True)

    blocks = [from_audio_message(message) for message in audio]
    ends = [block.end_sample for block in blocks]
    assert [block.first_sample for block in blocks] == [0, *ends[:-1]], 'the audio topic has gaps'
    published_samples = np.concatenate([block.samples for block in blocks], axis=1)
    first = predictions[0]
    offline_features = mel_features(
        published_samples[:, first.first_sample : first.end_sample], bundle.manifest.features
    )
    assert np.abs(offline_features - first.features).max() < 1e-4
    assert node.end() == 0, node.output
