# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What can be known of launch files and the RViz layout without ROS's launch, and the rest with it."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.ros
ROOT = Path(__file__).parents[2]
LAUNCH_FILES = sorted((ROOT / 'launch').glob('*.launch.py'))
ARGUMENTS = {
    'perception': {
        'name',
        'namespace',
        'params_file',
        'bundle',
        'rig',
        'source',
        'device',
        'use_sim_time',
        'log_level',
        'frames',
        'rviz',
        'autostart',
    },
    'record': {
        'name',
        'namespace',
        'params_file',
        'folder',
        'bag',
        'rig',
        'device',
        'audio',
        'preflight',
        'minutes',
        'duration_s',
        'split_s',
        'frames',
        'use_sim_time',
        'log_level',
    },
    'rig_frames': {'namespace', 'params_file', 'rig'},
    'simulated_drive': {'namespace', 'params_file', 'seed', 'log_level', 'perception', 'rviz'},
}


def calls(tree: ast.AST, function: str) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function
    ]


@pytest.mark.parametrize('path', LAUNCH_FILES, ids=lambda path: path.name)
def test_launch_files_declare_their_arguments_and_evaluate_nothing(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding='utf-8'))
    compile(tree, str(path), 'exec')
    declared = {call.args[0].value for call in calls(tree, 'DeclareLaunchArgument')}  # type: ignore[attr-defined]
    assert declared == ARGUMENTS[path.name.removesuffix('.launch.py')]
    for call in calls(tree, 'DeclareLaunchArgument'):
        assert {'default_value', 'description'} <= {keyword.arg for keyword in call.keywords}
    assert not calls(tree, 'eval')
    assert not calls(tree, 'exec')
    imported = {
        node.module.split('.')[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module
    }
    assert imported <= {'__future__', 'typing', 'launch', 'launch_ros'}


def test_launch_files_name_executables_that_are_installed() -> None:
    setup = (ROOT / 'setup.py').read_text(encoding='utf-8')
    for path in LAUNCH_FILES:
        tree = ast.parse(path.read_text(encoding='utf-8'))
        for call in [*calls(tree, 'Node'), *calls(tree, 'LifecycleNode')]:
            named = {word.arg: word.value.value for word in call.keywords if isinstance(word.value, ast.Constant)}
            if named.get('package') != 'rviz2':
                assert f'{named["executable"]} = ' in setup


def test_rviz_shows_what_the_node_publishes() -> None:
    layout = yaml.safe_load((ROOT / 'rviz' / 'perception.rviz').read_text(encoding='utf-8'))
    manager = layout['Visualization Manager']
    topics = {display['Topic']['Value']: display['Class'] for display in manager['Displays'] if 'Topic' in display}
    assert topics == {
        '/perception/points': 'rviz_default_plugins/PointCloud2',
        '/perception/depth/image_color': 'rviz_default_plugins/Image',
        '/perception/segmentation/image_color': 'rviz_default_plugins/Image',
        '/perception/spectrogram': 'rviz_default_plugins/Image',
    }
    source = (ROOT / 'audio_manifold_ros' / 'nodes' / 'perception' / 'publishers.py').read_text(encoding='utf-8')
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


def load(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.name.partition('.')[0], path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize('path', LAUNCH_FILES, ids=lambda path: path.name)
def test_launch_accepts_the_files(path: Path) -> None:
    pytest.importorskip('launch.actions', reason="needs ROS's launch, which is not on PyPI")
    pytest.importorskip('launch_ros.actions', reason="needs ROS's launch_ros, which is not on PyPI")
    from launch.actions import DeclareLaunchArgument

    from launch import LaunchContext

    description = load(path).generate_launch_description()
    context = LaunchContext()
    for entity in description.entities:
        if isinstance(entity, DeclareLaunchArgument):
            entity.visit(context)
    if path.name == 'perception.launch.py':
        context.launch_configurations['params_file'] = str(ROOT / 'config' / 'street_demo.yaml')
        (node,) = load(path).perception(context)
        assert node.node_executable == 'perception_node'
    if path.name == 'rig_frames.launch.py':
        context.launch_configurations['params_file'] = str(ROOT / 'config' / 'street_demo.yaml')
        (node,) = load(path).frames(context)
        assert node.node_executable == 'rig_frames'
    if path.name == 'record.launch.py':
        context.launch_configurations |= {'params_file': str(ROOT / 'config' / 'record.yaml'), 'duration_s': '5'}
        (node,) = load(path).recorder(context)
        assert node.node_executable == 'record'
