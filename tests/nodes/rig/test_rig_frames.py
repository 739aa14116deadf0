# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The frames of a rig over DDS: latched, from the parameter file of another node, or refused with a sentence."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from builtin_interfaces.msg import Time
from std_msgs.msg import String

from audio_manifold_ros.nodes.common.qos import LATCHED_QOS
from audio_manifold_ros.nodes.rig.static_frames import to_transform
from audio_manifold_ros.rig.extrinsics import Transform
from tests.nodes.peer import NodeProcess, Peer

pytestmark = pytest.mark.ros


def test_a_transform_is_one() -> None:
    message = to_transform(Transform('base_link', 'mic_0_link', (1.0, 2.0, 3.0), (0.0, 0.0, 0.0)), Time(sec=5))
    assert (message.header.frame_id, message.child_frame_id, message.header.stamp.sec) == ('base_link', 'mic_0_link', 5)
    shift, turn = message.transform.translation, message.transform.rotation
    assert (shift.x, shift.y, shift.z, turn.w) == (1.0, 2.0, 3.0, 1.0)


def test_who_comes_late_sees_the_rig(peer: Peer, start_node: Callable[..., NodeProcess]) -> None:
    process = start_node('rig_frames', rig='calibration/usb_ring', backend='auto', threads=1)
    descriptions = peer.subscribe(String, '/robot_description', LATCHED_QOS)
    peer.wait(lambda: bool(descriptions), 20, 'description')
    robot = ET.fromstring(descriptions[0].data)  # noqa: S314 (our own text)
    assert robot.attrib['name'] == 'usb_ring'
    assert len(robot.findall('link')) == 11
    if find_spec('tf2_msgs') is None:
        assert 'tf2_msgs is not installed' in process.output
    else:
        from tf2_msgs.msg import TFMessage

        frames = peer.subscribe(TFMessage, '/tf_static', LATCHED_QOS)
        peer.wait(lambda: bool(frames), 20, 'frames')
        assert len(frames[0].transforms) == 10
    assert process.end() == 0, process.output


def test_a_rig_that_is_none_is_refused(tmp_path: Path, start_node: Callable[..., NodeProcess], peer: Peer) -> None:
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
    peer.wait(lambda: 'No rig is named' in unnamed.output, 20, 'warning')
    assert unnamed.end() == 0
