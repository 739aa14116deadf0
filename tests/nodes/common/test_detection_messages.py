# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
from std_msgs.msg import Header

from audio_manifold_ros.bags.storage.message_types import typestore
from audio_manifold_ros.nodes.common.detection_messages import (
    DetectionType,
    describe_detection,
    describe_detection_3d,
    detection_type,
    to_detection_3d_array,
    to_detection_array,
    to_markers,
)
from audio_manifold_ros.nodes.common.messages import to_header
from audio_manifold_ros.robot_outputs.detection import Detection

HEADER: Header = to_header(1_500_000_000, 'camera_optical_frame')
CAR = Detection(
    class_id=13,
    class_name='car',
    probability=0.75,
    bearing_rad=0.5,
    distance_m=12.0,
    position_m=np.array([-5.0, 1.0, 10.0]),
    extent_m=np.array([4.0, 1.5, 2.0]),
    covariance_m2=np.diag([1.0, 2.0, 3.0]) + 0.25,
)


@pytest.mark.parametrize('package', ['vision_msgs', 'audio_manifold_msgs'])
def test_every_field_of_the_definition_is_written(package: str) -> None:
    # The definitions of the bags stand for packages that are not installed. Serialisation reads each field by its name.
    store = typestore()
    kinds = {name.rpartition('/')[2]: kind for name, kind in store.types.items() if name.startswith(f'{package}/')}
    messages = SimpleNamespace(**kinds)
    make, describe, name = {
        'vision_msgs': (to_detection_3d_array, describe_detection_3d, 'vision_msgs/msg/Detection3DArray'),
        'audio_manifold_msgs': (to_detection_array, describe_detection, 'audio_manifold_msgs/msg/DetectionArray'),
    }[package]
    message = store.deserialize_cdr(store.serialize_cdr(make(messages, [CAR], HEADER), name), name)
    (found,) = message.detections
    if package == 'vision_msgs':
        assert (found.results[0].hypothesis.class_id, found.results[0].hypothesis.score) == ('car', 0.75)
        pose, size = found.results[0].pose, found.bbox.size
        assert found.bbox.center.position.z == 10.0
        assert found.header.frame_id == 'camera_optical_frame'
    else:
        assert (found.class_id, found.class_name, found.probability) == (13, 'car', 0.75)
        assert (found.bearing_rad, found.distance_m) == (0.5, 12.0)
        pose, size = found.pose, found.size
    assert (message.header.stamp.sec, message.header.stamp.nanosec) == (1, 500_000_000)
    assert (pose.pose.position.x, pose.pose.position.y, pose.pose.position.z) == (-5.0, 1.0, 10.0)
    assert (pose.pose.orientation.w, size.x, size.y, size.z) == (1.0, 4.0, 1.5, 2.0)
    covariance = pose.covariance.reshape(6, 6)
    assert np.array_equal(covariance[:3, :3], CAR.covariance_m2)
    assert np.all(np.diag(covariance)[3:] > 9)
    (place,) = DetectionType(None, make, describe).positions(message, np.array([-2.0, -3.0, 1.7]))
    assert (place.category, place.probability, place.distance_m) == ('car', 0.75, 5.0)
    assert place.azimuth_rad == pytest.approx(math.atan2(4.0, -3.0))


@pytest.mark.parametrize(
    ('scores', 'expected'), [({}, ('', 0.0)), ({'car': 0.2, 'bus': 0.7, 'truck': 0.1}, ('bus', 0.7))]
)
def test_a_foreign_detection_has_its_most_probable_class(scores: dict[str, float], expected: tuple[str, float]) -> None:
    results = [SimpleNamespace(hypothesis=SimpleNamespace(class_id=name, score=scores[name])) for name in scores]
    box = SimpleNamespace(center=SimpleNamespace(position='place'))
    assert describe_detection_3d(SimpleNamespace(results=results, bbox=box)) == (*expected, 'place')


def test_the_messages_of_an_installed_package_are_used() -> None:
    kind = detection_type()
    if kind is None:
        pytest.skip('needs vision_msgs, or audio_manifold_msgs of this version: start the tests with ./run test')
    assert len(kind.make([CAR, CAR], HEADER).detections) == 2


def test_markers_replace_those_of_the_last_image() -> None:
    markers = to_markers([CAR], {13: (0, 0, 255)}, HEADER).markers
    assert [marker.action for marker in markers] == [markers[0].DELETEALL, markers[0].ADD, markers[0].ADD]
    box, text = markers[1:]
    assert (box.scale.x, box.color.b, box.pose.position.z) == (4.0, 1.0, 10.0)
    assert text.text == 'car 12 m 75%'
    assert text.pose.position.y < box.pose.position.y - box.scale.y / 2
