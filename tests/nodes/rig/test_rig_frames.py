# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rig frames node over DDS: latched transforms and URDF, and refusal of invalid rigs."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from std_msgs.msg import String

from audio_manifold_ros.nodes.common.qos import LATCHED_QOS
from audio_manifold_ros.nodes.rig.static_frames import to_transform
from audio_manifold_ros.rig.extrinsics import Transform
from audio_manifold_ros.rig.rotation import quaternion_from_rpy
from tests.nodes.peer import NodeProcess, Peer

pytestmark = pytest.mark.ros


def test_transform_message() -> None:
    message = to_transform(Transform('base_link', 'mic_0_link', (1.0, 2.0, 3.0), (0.0, 0.0, 0.0)), Time(sec=5))
    assert (message.header.frame_id, message.child_frame_id, message.header.stamp.sec) == ('base_link', 'mic_0_link', 5)
    shift, turn = message.transform.translation, message.transform.rotation
    assert (shift.x, shift.y, shift.z, turn.w) == (1.0, 2.0, 3.0, 1.0)


def test_both_frames_of_a_transform_have_the_prefix_of_the_vehicle() -> None:
    transform = Transform('base_link', 'mic_0_link', (1.0, 2.0, 3.0), (0.0, 0.0, 0.0))
    message = to_transform(transform, Time(sec=5), 'car_1/')
    assert (message.header.frame_id, message.child_frame_id) == ('car_1/base_link', 'car_1/mic_0_link')


def test_quaternions_equal_fixed_axis_rotations() -> None:
    rng = np.random.default_rng(0)
    for roll, pitch, yaw in rng.uniform(-np.pi, np.pi, (50, 3)):
        x, y, z, w = quaternion_from_rpy((roll, pitch, yaw))
        turned = np.array(
            [
                [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
                [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
                [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
            ]
        )
        about_x = np.array([[1, 0, 0], [0, np.cos(roll), -np.sin(roll)], [0, np.sin(roll), np.cos(roll)]])
        about_y = np.array([[np.cos(pitch), 0, np.sin(pitch)], [0, 1, 0], [-np.sin(pitch), 0, np.cos(pitch)]])
        about_z = np.array([[np.cos(yaw), -np.sin(yaw), 0], [np.sin(yaw), np.cos(yaw), 0], [0, 0, 1]])
        assert np.allclose(turned, about_z @ about_y @ about_x)


def test_late_subscribers_receive_the_rig(peer: Peer, start_node: Callable[..., NodeProcess]) -> None:
    process = start_node('rig_frames', rig='calibration/usb_ring', backend='auto', threads=1)
    descriptions = peer.subscribe(String, '/robot_description', LATCHED_QOS)
    peer.wait(lambda: bool(descriptions), 20, 'description')
    robot = ET.fromstring(descriptions[0].data)  # noqa: S314 (our own text)
    assert robot.attrib['name'] == 'usb_ring'
    assert len(robot.findall('link')) == 12
    if find_spec('tf2_msgs') is None:
        assert 'tf2_msgs is not installed' in process.output
    else:
        from tf2_msgs.msg import TFMessage

        frames = peer.subscribe(TFMessage, '/tf_static', LATCHED_QOS)
        peer.wait(lambda: bool(frames), 20, 'frames')
        assert len(frames[0].transforms) == 11
    assert process.end() == 0, process.output


def test_an_invalid_rig_is_refused(tmp_path: Path, start_node: Callable[..., NodeProcess], peer: Peer) -> None:
    process = start_node('rig_frames', rig=tmp_path)
    peer.wait(lambda: process.process.poll() is not None, 20, 'end')
    assert process.process.returncode == 1
    assert 'mic_array.yaml' in process.output
    assert 'Traceback' not in process.output
    nowhere = start_node('rig_frames', rig='nowhere')
    peer.wait(lambda: nowhere.process.poll() is not None, 20, 'end')
    assert nowhere.process.returncode == 1
    assert "rig is 'nowhere'" in nowhere.output
    assert 'Traceback' not in nowhere.output
    unnamed = start_node('rig_frames', rig="''")
    peer.wait(lambda: 'The parameter rig is empty' in unnamed.output, 20, 'warning')
    assert unnamed.end() == 0
