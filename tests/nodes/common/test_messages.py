# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import array
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sensor_msgs.msg import Image

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.common.errors import NodeError
from audio_manifold_ros.common.pcm16 import STEPS_PER_UNIT
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.nodes.common.audio_messages import from_audio_message, to_audio_message
from audio_manifold_ros.nodes.common.messages import (
    from_image,
    to_camera_info,
    to_header,
    to_image,
    to_labels_json,
    to_ns,
    to_point_cloud,
    to_time,
)
from audio_manifold_ros.rig.camera import CameraModel
from audio_manifold_ros.robot_outputs.organised_cloud import to_organised_cloud
from tests.nodes.decode_messages import from_labels_json
from tests.nodes.robot_readers import field_values

pytestmark = pytest.mark.ros
HEADER = to_header(1_700_000_000_123_456_789, 'camera_optical_frame')
CAMERA = CameraModel(128, 128, 53.7024, 137.2484, 63.5, 63.5)


def a_block(channels: int = 8, samples: int = 100) -> AudioBlock:
    values = np.random.default_rng(1).integers(-32768, 32768, (channels, samples)) / STEPS_PER_UNIT
    return AudioBlock(values.astype(np.float32), 2**40 + 3, 48_000, 1_700_000_000_000_000_001, overflow=True)


@given(st.integers(min_value=0, max_value=2**31 * NS_PER_S - 1))
@settings(deadline=None, max_examples=50)
def test_stamps_survive_a_round_trip(stamp_ns: int) -> None:
    assert to_ns(to_time(stamp_ns)) == stamp_ns


@pytest.mark.parametrize('encoding', ['s16le', 'f32le'])
def test_16_bit_audio_survives_a_round_trip(encoding: str) -> None:
    block = a_block()
    message = to_audio_message(block, 'mic_array_link', encoding)  # type: ignore[arg-type]
    back = from_audio_message(message)
    assert (message.channel_count, message.header.frame_id) == (8, 'mic_array_link')
    assert np.array_equal(back.samples, block.samples)
    assert back.samples.flags.c_contiguous
    assert (back.first_sample, back.sample_rate_hz, back.stamp_ns, back.overflow) == (
        block.first_sample,
        block.sample_rate_hz,
        block.stamp_ns,
        True,
    )


def test_audio_is_interleaved_little_endian() -> None:
    samples = np.array([[0.5, -0.5], [0.25, -1.0]], dtype=np.float32)
    message = to_audio_message(AudioBlock(samples, 0, 48_000, 0), 'x')
    assert np.frombuffer(message.data, '<i2').tolist() == [16384, 8192, -16384, -32768]


def test_audio_beyond_full_scale_clips() -> None:
    message = to_audio_message(AudioBlock(np.array([[1.5, -1.5]], dtype=np.float32), 0, 48_000, 0), 'x')
    assert np.frombuffer(message.data, '<i2').tolist() == [32767, -32768]


@pytest.mark.parametrize(
    ('field', 'value', 'named'),
    [
        ('encoding', 's24le', "'s24le'"),
        ('sample_rate_hz', 0, '0 Hz'),
        ('channel_count', 0, '0 channels'),
        ('channel_count', 7, '7 channels'),
        ('data', array.array('B'), '0 bytes'),
    ],
)
def test_invalid_audio_is_refused_by_name(field: str, value: object, named: str) -> None:
    message = to_audio_message(a_block(samples=100), 'x')
    setattr(message, field, value)
    with pytest.raises(NodeError, match=named):
        from_audio_message(message)


def test_audio_that_is_not_finite_is_refused() -> None:
    samples = np.array([[0.0, np.nan]], dtype=np.float32)
    with pytest.raises(NodeError, match='not finite'):
        from_audio_message(to_audio_message(AudioBlock(samples, 5, 48_000, 0), 'x', 'f32le'))


@pytest.mark.parametrize(
    ('encoding', 'pixels'),
    [
        ('32FC1', np.array([[1.5, np.nan, 80.0]], dtype=np.float32)),
        ('mono8', np.arange(12, dtype=np.uint8).reshape(4, 3)),
        ('rgb8', np.arange(24, dtype=np.uint8).reshape(2, 4, 3)),
    ],
)
def test_images_survive_a_round_trip(encoding: str, pixels: np.ndarray) -> None:
    message = to_image(pixels, encoding, HEADER)
    assert isinstance(message.data, array.array)
    assert message.step * message.height == len(message.data)
    assert np.array_equal(from_image(message), pixels, equal_nan=encoding == '32FC1')


def test_a_big_endian_image_with_padded_rows_is_read() -> None:
    values = np.array([[1.0, 2.0], [3.0, 4.0]], dtype='>f4')
    data = b''.join(row.tobytes() + b'pad!' for row in values)
    message = Image(height=2, width=2, encoding='32FC1', is_bigendian=1, step=12, data=array.array('B', data))
    assert from_image(message).tolist() == [[1.0, 2.0], [3.0, 4.0]]


@pytest.mark.parametrize(
    ('field', 'value', 'named'), [('encoding', 'yuv422', 'yuv422'), ('step', 2, 'step'), ('height', 9, 'bytes')]
)
def test_invalid_images_are_refused_by_name(field: str, value: object, named: str) -> None:
    message = to_image(np.zeros((4, 3), np.uint8), 'mono8', HEADER)
    setattr(message, field, value)
    with pytest.raises(NodeError, match=named):
        from_image(message)


def test_pixels_of_another_type_are_refused() -> None:
    with pytest.raises(NodeError, match='float64'):
        to_image(np.zeros((4, 3)), '32FC1', HEADER)


def test_camera_info_scales_with_the_image() -> None:
    info = to_camera_info(CAMERA, HEADER, 64, 256)
    assert (info.height, info.width, info.header) == (64, 256, HEADER)
    # The ray through the edge of a pixel is independent of the resolution.
    assert (255.5 - info.k[2]) / info.k[0] == pytest.approx((127.5 - CAMERA.cx) / CAMERA.fx)
    assert (-0.5 - info.k[5]) / info.k[4] == pytest.approx((-0.5 - CAMERA.cy) / CAMERA.fy)
    assert list(to_camera_info(CAMERA, HEADER, 128, 128).p)[:7] == pytest.approx(
        [53.7024, 0, 63.5, 0, 0, 137.2484, 63.5]
    )


def test_points_project_to_their_pixels() -> None:
    depth_m = np.full((128, 128), np.nan, dtype=np.float32)
    depth_m[10, 100], depth_m[90, 5] = 7.0, 42.0
    labels, confidence = np.full((128, 128), 13, np.uint8), np.full((128, 128), 0.25, np.float32)
    cloud = to_point_cloud(to_organised_cloud(depth_m, CAMERA, labels=labels, confidence=confidence), HEADER)
    assert (cloud.height, cloud.width, cloud.is_dense, cloud.header) == (128, 128, False, HEADER)
    assert len(cloud.data) == cloud.row_step * cloud.height
    found = {name: field_values(cloud, name).reshape(128, 128) for name in ('x', 'y', 'z', 'class_id', 'confidence')}
    rows, columns = np.nonzero(np.isfinite(found['z']))
    assert (rows.tolist(), columns.tolist()) == ([10, 90], [100, 5])
    for row, column in zip(rows, columns, strict=True):
        x, y, z = (found[name][row, column] for name in 'xyz')
        assert (x / z * CAMERA.fx + CAMERA.cx, y / z * CAMERA.fy + CAMERA.cy) == pytest.approx((column, row), abs=1e-4)
    assert np.all(found['class_id'] == 13)
    assert np.all(found['confidence'] == 0.25)


def test_labels_survive_a_round_trip_and_include_unlabelled() -> None:
    message = to_labels_json({13: 'car', 0: 'road'})
    assert from_labels_json(message) == {0: 'road', 13: 'car', 255: 'unlabelled'}
    assert list(json.loads(message.data)) == ['0', '13', '255']
