# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Layout of RViz: its topics and its fixed frame."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
import yaml

from tests.nodes.launch.launch_files import ROOT, described

pytestmark = pytest.mark.ros


def test_rviz_follows_name_and_namespace(stubs: ModuleType) -> None:
    node = described(stubs, 'perception', 'rviz', namespace='/car', name='roof', use_sim_time='true')
    layout = yaml.safe_load((ROOT / 'rviz' / 'perception.rviz').read_text(encoding='utf-8'))
    displays = layout['Visualization Manager']['Displays']
    topics = {display['Topic']['Value'] for display in displays if 'Topic' in display}
    assert dict(node['remappings']) == {topic: topic.replace('/perception', '/car/roof', 1) for topic in topics}
    assert node['parameters'] == [{'use_sim_time': True}]
    assert node['namespace'] == '/car'
    assert node['arguments'][-2:] == ['-f', layout['Visualization Manager']['Global Options']['Fixed Frame']]


def test_rviz_shows_what_the_node_publishes() -> None:
    layout = yaml.safe_load((ROOT / 'rviz' / 'perception.rviz').read_text(encoding='utf-8'))
    manager = layout['Visualization Manager']
    topics = {display['Topic']['Value']: display['Class'] for display in manager['Displays'] if 'Topic' in display}
    assert topics == {
        '/perception/points': 'rviz_default_plugins/PointCloud2',
        '/perception/scan': 'rviz_default_plugins/LaserScan',
        '/perception/detection_markers': 'rviz_default_plugins/MarkerArray',
        '/perception/obstacles': 'rviz_default_plugins/Map',
        '/perception/confidence/image_u8': 'rviz_default_plugins/Image',
        '/perception/depth/image_color': 'rviz_default_plugins/Image',
        '/perception/segmentation/image_color': 'rviz_default_plugins/Image',
        '/perception/spectrogram': 'rviz_default_plugins/Image',
    }
    folder = ROOT / 'audio_manifold_ros' / 'nodes' / 'perception'
    source = ''.join(
        (folder / name).read_text(encoding='utf-8') for name in ('publishers.py', 'robot_output_messages.py')
    )
    # Without metres the same image has another name.
    source = source.replace('{name}', 'depth')
    for topic in topics:
        assert topic.replace('/perception', '~', 1) in source
    assert any(display['Class'] == 'rviz_default_plugins/TF' for display in manager['Displays'])
    frames = {entry['child'] for entry in extrinsics()} | {entry['parent'] for entry in extrinsics()}
    assert manager['Global Options']['Fixed Frame'] in frames


def extrinsics() -> list[dict[str, Any]]:
    path = ROOT / 'calibration' / 'roof_octagon' / 'extrinsics.yaml'
    return yaml.safe_load(path.read_text(encoding='utf-8'))['transforms']
