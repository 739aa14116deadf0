# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sections of parameter files are matched as rclpy matches them."""

from __future__ import annotations

from pathlib import Path

import pytest
import rclpy
from rclpy.node import Node

from audio_manifold_ros.common.errors import NodeError
from audio_manifold_ros.nodes.common.parameter_file import full_node_name, node_values

pytestmark = pytest.mark.ros

FILES = [
    ['/**', '/car/roof'],
    ['/car/roof', '/**'],
    ['roof'],
    ['/roof'],
    ['/*/roof'],
    ['/**/roof'],
    ['*/roof'],
    ['/car/*'],
    ['/*'],
    ['car/roof'],
    ['/**', '/*/roof', '/car/roof', 'roof'],
    ['/other', '/car/other'],
]


def write(path: Path, patterns: list[str]) -> Path:
    sections = [f'"{name}":\n  ros__parameters:\n    rig: from_{i}\n' for i, name in enumerate(patterns)]
    path.write_text(''.join(sections), encoding='utf-8')
    return path


@pytest.mark.parametrize('namespace', ['', '/car'])
def test_the_same_values_as_in_rclpy(tmp_path: Path, namespace: str) -> None:
    for number, patterns in enumerate(FILES):
        file = write(tmp_path / f'{number}.yaml', patterns)
        context = rclpy.Context()
        rclpy.init(args=['--ros-args', '--params-file', str(file)], context=context)
        node = Node('roof', namespace=namespace or None, context=context)
        expected = {name: value.value for name, value in node._parameter_overrides.items()}
        node.destroy_node()
        rclpy.shutdown(context=context)
        if expected:
            assert node_values(file, namespace, 'roof') == expected, patterns
        else:
            with pytest.raises(NodeError, match=f"none of '{full_node_name(namespace, 'roof')}'"):
                node_values(file, namespace, 'roof')


def test_nested_names_and_values(tmp_path: Path) -> None:
    file = tmp_path / 'nested.yaml'
    file.write_text('car:\n  roof:\n    ros__parameters:\n      source:\n        kind: file\n', encoding='utf-8')
    assert node_values(file, '/car/', 'roof') == {'source.kind': 'file'}
