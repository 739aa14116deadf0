# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Simulated drive node: audio and images of consecutive streets on one clock."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from audio_manifold_msgs.msg import AudioBlock as AudioBlockMessage
from sensor_msgs.msg import CameraInfo, Image

from audio_manifold_ros.common.class_ids import CLASS_NAMES
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.nodes.common.audio_messages import from_audio_message
from audio_manifold_ros.nodes.common.detection_messages import detection_type
from audio_manifold_ros.nodes.common.messages import from_image, to_ns
from audio_manifold_ros.rig.array_correction import ArrayCorrection
from audio_manifold_ros.rig.extrinsics import Transform
from audio_manifold_ros.simulation.device_simulation import DeviceChannels
from audio_manifold_ros.simulation.drive import Drive
from tests.nodes.peer import NodeProcess, Peer
from tests.simulation.wired_rig import OFFSET_S, wired, write_rig

pytestmark = pytest.mark.ros
# Vehicles are around the robot during the whole street.
SEED = 900_130
# DDS announces a new participant at once and then every three seconds. A missed first announcement costs 3 s.
STREET_S, DURATION_S = 5.0, 6.0


@pytest.mark.timeout(120)
def test_two_short_streets(peer: Peer, start_node: Callable[..., NodeProcess]) -> None:
    audio = peer.subscribe(AudioBlockMessage, '/audio', 400)
    depths = peer.subscribe(Image, '/truth/depth/image')
    labels = peer.subscribe(Image, '/truth/segmentation/image')
    infos = peer.subscribe(CameraInfo, '/truth/depth/camera_info')
    kind = detection_type()
    vehicles = [] if kind is None else peer.subscribe(kind.message, '/truth/detections')
    node = start_node(
        'simulated_drive', seed=SEED, street_s=STREET_S, duration_s=DURATION_S, image_rate_hz=10.0, block_samples=450
    )
    peer.wait(lambda: node.process.poll() is not None, 90, 'end of the drive')
    peer.spin(0.5)
    assert node.process.returncode == 0, node.output

    # Messages published before the subscription is matched are not received, so the first street is incomplete.
    blocks = [from_audio_message(message) for message in audio]
    second = next(i for i in range(1, len(blocks)) if blocks[i].first_sample < blocks[i - 1].first_sample)
    assert {message.header.frame_id for message in audio} == {'mic_array_link'}
    for seed, stream in ((SEED, blocks[:second]), (SEED + 1, blocks[second:])):
        ends = [block.end_sample for block in stream]
        assert [block.first_sample for block in stream[1:]] == ends[:-1]
        assert ends[-1] >= 22_500 * (STREET_S if seed == SEED else DURATION_S - STREET_S)
        received = np.concatenate([block.samples for block in stream], axis=1)[:, :9000]
        expected = Drive(seed).audio(stream[0].first_sample, 9000)
        assert np.abs(received - expected).max() <= 1.01 / 32768, 'audio of this street'
        assert len({block.stamp_ns - block.first_sample * NS_PER_S // 22_500 for block in stream}) <= 2
    assert blocks[second].first_sample == 0

    start_ns = blocks[0].stamp_ns - blocks[0].first_sample * NS_PER_S // 22_500
    street = Drive(SEED)
    by_stamp = {to_ns(label.header.stamp): label for label in labels}
    depths = [depth for depth in depths if to_ns(depth.header.stamp) < blocks[second].stamp_ns]
    assert len(depths) >= 5
    for depth in depths[::5]:
        stamp_ns = to_ns(depth.header.stamp)
        depth_m, ids = street.image((stamp_ns - start_ns) / NS_PER_S)
        assert np.isclose(from_image(depth), depth_m, rtol=1e-4, equal_nan=True).mean() > 0.999
        assert (from_image(by_stamp[stamp_ns]) == ids).mean() > 0.999
    assert infos[0].header.frame_id == 'camera_optical_frame'
    assert infos[0].k[0] == pytest.approx(53.7024)
    if kind is not None:
        vehicles = [message for message in vehicles if to_ns(message.header.stamp) < blocks[second].stamp_ns]
        assert len(vehicles) >= 5
        for message in vehicles[::5]:
            seen = kind.positions(message, np.zeros(3))
            expected = street.vehicles((to_ns(message.header.stamp) - start_ns) / NS_PER_S)
            assert [one.category for one in seen] == [CLASS_NAMES[one.class_id] for one in expected]
            assert np.allclose([one.distance_m for one in seen], [one.distance_m for one in expected], atol=1e-3)
            assert np.allclose([one.azimuth_rad for one in seen], [one.azimuth_rad for one in expected], atol=1e-3)
        assert max(len(message.detections) for message in vehicles) > 0
        assert vehicles[0].header.frame_id == 'base_link'


@pytest.mark.timeout(120)
def test_audio_and_images_follow_the_rig(peer: Peer, start_node: Callable[..., NodeProcess], tmp_path: Path) -> None:
    rig = write_rig(tmp_path / 'rig', wired())
    audio, depths = peer.subscribe(AudioBlockMessage, '/audio', 400), peer.subscribe(Image, '/truth/depth/image')
    node = start_node('simulated_drive', seed=SEED, duration_s=5.0, image_rate_hz=10.0, block_samples=450, rig=rig)
    peer.wait(lambda: node.process.poll() is not None, 90, 'end of the drive')
    peer.spin(0.5)
    assert node.process.returncode == 0, node.output

    blocks = [from_audio_message(message) for message in audio]
    assert [block.first_sample for block in blocks[1:]] == [block.end_sample for block in blocks[:-1]]
    device, correction = DeviceChannels(wired(), 22_500), ArrayCorrection(wired(), 22_500)
    received = correction.apply(np.concatenate([block.samples for block in blocks], axis=1))[:, :9000]
    first = blocks[0].first_sample + device.before + correction.before
    street = Drive(SEED)
    expected = street.audio(first, 9000)
    assert np.abs(received - expected).max() < 0.02 * np.abs(expected).max()

    start_ns = blocks[0].stamp_ns - (blocks[0].first_sample + device.before) * NS_PER_S // 22_500
    offsets_s = [(to_ns(depth.header.stamp) - start_ns) / NS_PER_S % 0.1 for depth in depths]
    assert np.allclose(offsets_s, OFFSET_S, atol=1e-4), 'clock of the camera'
    depth_m, _ = street.image((to_ns(depths[-1].header.stamp) - start_ns) / NS_PER_S - OFFSET_S)
    assert np.isclose(from_image(depths[-1]), depth_m, rtol=1e-4, equal_nan=True).mean() > 0.999


@pytest.mark.timeout(120)
def test_wrong_parameters_are_refused_with_exit_status_1(
    start_node: Callable[..., NodeProcess], tmp_path: Path
) -> None:
    broken = write_rig(tmp_path / 'broken')
    (broken / 'mic_array.yaml').write_text('schema_version: 1\n', encoding='utf-8')
    refused = [
        (start_node('simulated_drive', **{name: value}), named)
        for name, value, named in (
            ('seed', -1, 'seed is -1'),
            ('speed', 3, 'Unknown parameters speed'),
            ('rig', 'nowhere', "rig is 'nowhere'"),
            ('rig', broken, 'array_id'),
        )
    ]
    for node, named in refused:
        assert node.process.wait(60) == 1, node.output
        assert named in node.output
        assert 'Traceback' not in node.output


@pytest.mark.timeout(120)
def test_a_failing_drive_logs_the_error_and_exits_with_1(
    start_node: Callable[..., NodeProcess], tmp_path: Path
) -> None:
    pitched = Transform('base_link', 'camera_link', (0.4, 0.0, 1.5), (0.0, 0.1, 0.0))
    rig = write_rig(tmp_path / 'rig', camera_link=pitched)
    node = start_node('simulated_drive', seed=SEED, duration_s=5.0, rig=rig)
    assert node.process.wait(60) == 1, node.output
    assert f'The drive failed in street {SEED}' in node.output
    assert 'pitched by 5.73°' in node.output
