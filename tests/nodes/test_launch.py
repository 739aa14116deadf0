# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Launch files and RViz layout.

The launch files run with ROS's `launch` where it is installed, and with stubs of its classes elsewhere.
"""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from tests.nodes.launch_stubs import stub_modules

pytestmark = pytest.mark.ros
ROOT = Path(__file__).parents[2]
SHARED = 'audio_manifold_ros.nodes.common.launch_arguments'
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
def test_launch_files_evaluate_nothing_and_import_only_launch_and_the_package(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding='utf-8'))
    compile(tree, str(path), 'exec')
    assert not calls(tree, 'eval')
    assert not calls(tree, 'exec')
    imported = {
        node.module.split('.')[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module
    }
    assert imported <= {'__future__', 'typing', 'launch', 'launch_ros', 'audio_manifold_ros'}


@pytest.fixture(params=['stubs', 'ROS'])
def launch_api(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Yield the module `launch`, once with stubs and once as installed."""
    if request.param == 'stubs':
        for name, module in stub_modules().items():
            monkeypatch.setitem(sys.modules, name, module)
    else:
        pytest.importorskip('launch.actions', reason="needs ROS's launch, which is not on PyPI")
        pytest.importorskip('launch_ros.actions', reason="needs ROS's launch_ros, which is not on PyPI")
    monkeypatch.delitem(sys.modules, SHARED, raising=False)
    yield importlib.import_module('launch')
    sys.modules.pop(SHARED, None)


def declare(launch_api: ModuleType, path: Path) -> tuple[Any, Any, dict[str, Any]]:
    """Return a launch file as a module, a context with its default values, and its declarations by name."""
    module = load(path)
    context = launch_api.LaunchContext()
    declared = {}
    for entity in module.generate_launch_description().entities:
        if type(entity).__name__ == 'DeclareLaunchArgument':
            entity.visit(context)
            declared[entity.name] = entity
    return module, context, declared


@pytest.mark.parametrize('path', LAUNCH_FILES, ids=lambda path: path.name)
def test_launch_files_declare_and_describe_their_arguments(launch_api: ModuleType, path: Path) -> None:
    _, context, declared = declare(launch_api, path)
    assert set(declared) == set(context.launch_configurations) == ARGUMENTS[path.name.removesuffix('.launch.py')]
    for name, argument in declared.items():
        description = argument.description.partition(' Valid choices are')[0]  # `launch` adds the choices
        assert description.endswith('.'), name
        assert description[0].isupper(), name
    assert Path(context.launch_configurations['params_file']).is_file()


@pytest.mark.parametrize(
    ('file', 'function', 'executable'),
    [
        ('perception.launch.py', 'perception', 'perception_node'),
        ('record.launch.py', 'recorder', 'record'),
        ('rig_frames.launch.py', 'frames', 'rig_frames'),
    ],
)
def test_launch_files_start_their_executable(launch_api: ModuleType, file: str, function: str, executable: str) -> None:
    module, context, _ = declare(launch_api, ROOT / 'launch' / file)
    context.launch_configurations.update({'rig': 'my_rig', 'duration_s': '5', 'namespace': 'car'})
    (node,) = getattr(module, function)(context)
    assert (node.node_package, node.node_executable) == ('audio_manifold_ros', executable)


def test_empty_arguments_keep_the_values_of_the_parameter_file(monkeypatch: pytest.MonkeyPatch) -> None:
    stubs = stub_modules()
    for name, module in stubs.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.delitem(sys.modules, SHARED, raising=False)
    module, context, _ = declare(stubs['launch'], ROOT / 'launch' / 'record.launch.py')
    context.launch_configurations.update({'duration_s': '5', 'bag': 'drive', 'audio': ''})
    (node,) = module.recorder(context)
    sys.modules.pop(SHARED, None)
    file, values = node.options['parameters']
    assert Path(file).name == 'record.yaml'
    assert values == {'duration_s': 5.0, 'name': 'drive', 'use_sim_time': False}
    assert node.options['remappings'] == [('audio', 'audio')]
    assert node.options['arguments'] == ['--ros-args', '--log-level', 'info']


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
