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
from types import ModuleType, SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml

from audio_manifold_ros.common.errors import NodeError
from audio_manifold_ros.nodes.perception.perception_parameters import ModelParameters
from audio_manifold_ros.nodes.recorder.recorder_parameters import RecordParameters
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
        'publish_audio',
        'frame_prefix',
    },
    'bringup': {
        'params_file',
        'record_params_file',
        'bundle',
        'source',
        'device',
        'record',
        'folder',
        'bag',
        'preflight',
        'viewer',
        'autostart',
        'namespace',
        'rig',
        'use_sim_time',
        'log_level',
        'frames',
        'frame_prefix',
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
        'frame_prefix',
    },
    'rig_frames': {
        'name',
        'namespace',
        'params_file',
        'rig',
        'default_rig',
        'use_sim_time',
        'log_level',
        'frame_prefix',
    },
    'simulated_drive': {
        'name',
        'namespace',
        'params_file',
        'rig',
        'use_sim_time',
        'frames',
        'seed',
        'log_level',
        'perception',
        'rviz',
        'frame_prefix',
    },
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
        ('simulated_drive.launch.py', 'drive', 'simulated_drive'),
    ],
)
def test_launch_files_start_their_executable(launch_api: ModuleType, file: str, function: str, executable: str) -> None:
    module, context, _ = declare(launch_api, ROOT / 'launch' / file)
    context.launch_configurations.update({'rig': 'my_rig', 'duration_s': '5', 'namespace': 'car'})
    (node,) = getattr(module, function)(context)
    assert (node.node_package, node.node_executable) == ('audio_manifold_ros', executable)


@pytest.fixture
def stubs(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Yield the module `launch` with stubs, which show the options of each action."""
    modules = stub_modules()
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.delitem(sys.modules, SHARED, raising=False)
    yield modules['launch']
    sys.modules.pop(SHARED, None)


def described(stubs: ModuleType, file: str, function: str, **arguments: str) -> dict[str, Any]:
    """Return the options of the node that a function of a launch file describes."""
    module, context, _ = declare(stubs, ROOT / 'launch' / f'{file}.launch.py')
    assert set(arguments) <= set(context.launch_configurations)
    context.launch_configurations.update(arguments)
    (node,) = getattr(module, function)(context)
    return dict(node.options)


def include_arguments(file: str) -> dict[str, Any]:
    """Return the arguments that a launch file passes to the one that it includes."""
    (include,) = [
        entity
        for entity in load(ROOT / 'launch' / f'{file}.launch.py').generate_launch_description().entities
        if 'launch_arguments' in getattr(entity, 'options', {})
    ]
    return dict(include.options['launch_arguments'])


def write_parameters(path: Path, sections: dict[str, str]) -> str:
    """Write a parameter file with the rig of each section, and return its path."""
    lines = [f'{node}:\n  ros__parameters:\n    rig: {rig}\n    use_sim_time: true' for node, rig in sections.items()]
    path.write_text('\n'.join(lines), encoding='utf-8')
    return str(path)


def test_empty_arguments_keep_the_values_of_the_parameter_file(stubs: ModuleType) -> None:
    module, context, _ = declare(stubs, ROOT / 'launch' / 'record.launch.py')
    context.launch_configurations.update({'duration_s': '5', 'bag': 'drive', 'audio': ''})
    (node,) = module.recorder(context)
    file, values = node.options['parameters']
    assert Path(file).name == 'record.yaml'
    assert values == {'duration_s': 5.0, 'name': 'drive'}
    assert node.options['remappings'] == [('audio', 'audio')]
    assert node.options['arguments'] == ['--ros-args', '--log-level', 'info']


@pytest.mark.parametrize(
    ('file', 'function'), [('perception', 'perception'), ('record', 'recorder'), ('simulated_drive', 'drive')]
)
def test_booleans_are_accepted_in_the_spelling_of_python(stubs: ModuleType, file: str, function: str) -> None:
    _, _, declared = declare(stubs, ROOT / 'launch' / f'{file}.launch.py')
    for text, value in (('True', True), ('FALSE', False), ('true', True), ('0', False)):
        assert text in declared['use_sim_time'].options['choices']
        assert text in declared['frames'].options['choices']
        values = described(stubs, file, function, use_sim_time=text)['parameters'][-1]
        assert values['use_sim_time'] is value


@pytest.mark.parametrize(
    ('file', 'function'),
    [('perception', 'perception'), ('record', 'recorder'), ('rig_frames', 'frames'), ('simulated_drive', 'drive')],
)
def test_a_parameter_file_that_does_not_exist_is_refused(stubs: ModuleType, file: str, function: str) -> None:
    with pytest.raises(NodeError, match=r"params_file is '/nowhere\.yaml'.*give the path"):
        described(stubs, file, function, params_file='/nowhere.yaml')


def test_a_parameter_file_of_another_node_is_refused(stubs: ModuleType, tmp_path: Path) -> None:
    file = write_parameters(tmp_path / 'roof.yaml', {'/car/roof': 'my_rig'})
    with pytest.raises(NodeError, match="holds values of '/car/roof' and none of '/perception'"):
        described(stubs, 'perception', 'perception', params_file=file)
    described(stubs, 'perception', 'perception', params_file=file, namespace='car', name='roof')


def test_the_frames_are_those_of_the_rig_of_the_node(stubs: ModuleType, tmp_path: Path) -> None:
    file = write_parameters(tmp_path / 'dump.yaml', {'/**': 'all', '/car/perception': 'my_rig'})
    given = {'params_file': file, 'namespace': 'car', 'name': 'perception'}
    assert described(stubs, 'rig_frames', 'frames', **given)['parameters'] == [{'rig': 'my_rig', 'use_sim_time': True}]
    given['rig'] = 'other'
    assert described(stubs, 'rig_frames', 'frames', **given)['parameters'] == [{'rig': 'other', 'use_sim_time': True}]
    for name in ('perception', 'record'):
        assert {'name', 'namespace', 'params_file', 'rig', 'use_sim_time'} <= set(include_arguments(name))


def test_the_frames_follow_the_default_rig_of_the_node(stubs: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / 'no_rig.yaml'
    file.write_text('/**:\n  ros__parameters:\n    folder: bags\n', encoding='utf-8')
    given = {'params_file': str(file), 'name': 'perception'}
    assert described(stubs, 'rig_frames', 'frames', **given)['parameters'] == [{'rig': ModelParameters().rig}]
    assert include_arguments('record')['default_rig'] == RecordParameters().rig == ''


def test_rviz_follows_name_and_namespace(stubs: ModuleType) -> None:
    node = described(stubs, 'perception', 'rviz', namespace='/car', name='roof', use_sim_time='true')
    layout = yaml.safe_load((ROOT / 'rviz' / 'perception.rviz').read_text(encoding='utf-8'))
    displays = layout['Visualization Manager']['Displays']
    topics = {display['Topic']['Value'] for display in displays if 'Topic' in display}
    assert dict(node['remappings']) == {topic: topic.replace('/perception', '/car/roof', 1) for topic in topics}
    assert node['parameters'] == [{'use_sim_time': True}]
    assert node['namespace'] == '/car'
    assert node['arguments'][-2:] == ['-f', layout['Visualization Manager']['Global Options']['Fixed Frame']]


def test_the_simulated_drive_has_the_rig_and_the_clock_of_the_node(stubs: ModuleType, tmp_path: Path) -> None:
    file = write_parameters(tmp_path / 'dump.yaml', {'/roof': 'my_rig'})
    (values,) = described(stubs, 'simulated_drive', 'drive', params_file=file, name='roof', frames='False')[
        'parameters'
    ]
    assert values == {'rig': 'my_rig', 'use_sim_time': True, 'seed': 900_001, 'publish_frames': False}
    (values,) = described(stubs, 'simulated_drive', 'drive', rig='other', use_sim_time='True')['parameters']
    assert values == {'rig': 'other', 'use_sim_time': True, 'seed': 900_001, 'publish_frames': True}
    assert {'name', 'namespace', 'params_file', 'rig', 'use_sim_time'} <= set(include_arguments('simulated_drive'))


def test_the_launch_ends_with_the_recorder_and_fails_with_it(stubs: ModuleType) -> None:
    on_exit = described(stubs, 'record', 'recorder')['on_exit']
    ended = SimpleNamespace(process_name='record-1', returncode=0)
    assert type(on_exit(ended, None)) is vars(sys.modules['launch.actions'])['Shutdown']
    # `launch` returns 1 after an exception of a handler, and ends the other processes.
    with pytest.raises(NodeError, match='record-1 ended with status 1'):
        on_exit(SimpleNamespace(process_name='record-1', returncode=1), None)


def test_all_nodes_of_a_vehicle_have_the_prefix_of_its_frames(stubs: ModuleType, tmp_path: Path) -> None:
    functions = {
        'perception': 'perception',
        'record': 'recorder',
        'rig_frames': 'frames',
        'simulated_drive': 'drive',
    }
    for file, function in functions.items():
        assert described(stubs, file, function, frame_prefix='car_1/')['parameters'][-1]['frame_prefix'] == 'car_1/'
        assert 'frame_prefix' not in described(stubs, file, function)['parameters'][-1]
        if file != 'rig_frames':
            assert 'frame_prefix' in include_arguments(file)
    assert described(stubs, 'perception', 'rviz', frame_prefix='car_1/')['arguments'][-1] == 'car_1/base_link'
    # A prefix in the parameter file of the node is that of the whole vehicle.
    file = tmp_path / 'prefix.yaml'
    file.write_text('/**:\n  ros__parameters:\n    frame_prefix: roof/\n', encoding='utf-8')
    given = {'params_file': str(file), 'name': 'perception'}
    assert described(stubs, 'rig_frames', 'frames', **given)['parameters'][-1]['frame_prefix'] == 'roof/'
    assert described(stubs, 'simulated_drive', 'drive', **given)['parameters'][-1]['frame_prefix'] == 'roof/'
    assert described(stubs, 'perception', 'rviz', **given)['arguments'][-1] == 'roof/base_link'


def test_the_node_or_launch_starts_the_lifecycle(stubs: ModuleType) -> None:
    node = vars(sys.modules['launch_ros.actions'])['LifecycleNode']
    for given, by_node, by_launch in (('true', True, False), ('0', False, False), ('launch', True, False)):
        options = described(stubs, 'perception', 'perception', autostart=given)
        assert (options['parameters'][-1]['autostart'], options.get('autostart', False)) == (by_node, by_launch)
    # As of Kilted.
    node.node_autostart = True
    try:
        options = described(stubs, 'perception', 'perception', autostart='launch')
        assert (options['parameters'][-1]['autostart'], options['autostart']) == (False, True)
        assert 'autostart' not in described(stubs, 'perception', 'perception', autostart='true')
    finally:
        del node.node_autostart


def bring_up(stubs: ModuleType, **arguments: str) -> list[Any]:
    """Return the actions of the bringup: dictionaries of include arguments, and the viewer."""
    module, context, _ = declare(stubs, ROOT / 'launch' / 'bringup.launch.py')
    context.launch_configurations.update(arguments)
    actions = module.bringup(context)
    return [
        dict(action.values[0][0].options['launch_arguments']) if action.values else action.options['cmd']
        for action in actions
    ]


def test_the_bringup_composes_node_recorder_and_viewer(stubs: ModuleType) -> None:
    (perception,) = bring_up(stubs)
    assert perception['rviz'] == 'false'
    assert 'publish_audio' not in perception
    perception, record, viewer = bring_up(stubs, namespace='car_1', record='true', viewer='browser', rig='my_rig')
    # The recorder takes the audio that the node publishes, and not the device, which has one owner.
    assert (perception['name'], perception['publish_audio'], perception['rviz']) == ('perception', 'true', 'false')
    assert (record['audio'], record['device'], record['frames']) == ('/car_1/perception/audio', '', 'false')
    assert Path(record['params_file']).name == 'record.yaml'
    program, *words = viewer
    assert program.options == {'package': 'audio_manifold_ros', 'executable': 'audio-manifold'}
    assert words == ['view', '--bundle', 'models/street', '--rig', 'my_rig', '--namespace', 'car_1']
    (perception,) = bring_up(stubs, viewer='rviz')
    assert perception['rviz'] == 'true'
    assert {'namespace', 'rig', 'use_sim_time', 'log_level', 'frame_prefix'} <= set(perception) & set(record)
    for name, passed in (('perception', perception), ('record', record)):
        assert set(passed) <= ARGUMENTS[name]


FRONT_ENDS = sorted(path for kind in ('yaml', 'xml') for path in (ROOT / 'launch').glob(f'*.launch.{kind}'))


def included_files(path: Path) -> list[tuple[str, dict[str, str]]]:
    """Return file and arguments of each include of a launch file in YAML or XML."""
    text = path.read_text(encoding='utf-8')
    if path.suffix == '.xml':
        root = ET.fromstring(text)  # noqa: S314 - our own file
        assert root.tag == 'launch'
        return [(str(entry.get('file')), {}) for entry in root.iter('include')]
    found = []
    for action in yaml.safe_load(text)['launch']:
        for entry in action.get('group', [action]):
            include = entry['include']
            found.append((include['file'], {item['name']: item['value'] for item in include.get('arg', [])}))
    return found


@pytest.mark.parametrize('path', FRONT_ENDS, ids=lambda path: path.name)
def test_front_ends_include_the_python_files(path: Path) -> None:
    files = included_files(path)
    assert files
    for file, arguments in files:
        folder, _, name = file.rpartition('/')
        assert folder == '$(find-pkg-share audio_manifold_ros)/launch'
        assert (ROOT / 'launch' / name).is_file()
        assert set(arguments) <= ARGUMENTS[name.removesuffix('.launch.py')]


def test_every_launch_file_has_both_front_ends() -> None:
    names = {path.name.removesuffix('.py') for path in LAUNCH_FILES}
    for kind in ('yaml', 'xml'):
        assert names <= {path.name.removesuffix(f'.{kind}') for path in FRONT_ENDS}


def test_two_vehicles_share_neither_topics_nor_frames_nor_streets() -> None:
    (_, first), (_, second) = included_files(ROOT / 'launch' / 'two_vehicles.launch.yaml')
    assert {'namespace', 'frame_prefix', 'seed'} == set(first) == set(second)
    assert not {item for item in first.items() if item in second.items()}


@pytest.mark.parametrize('path', [*LAUNCH_FILES, *FRONT_ENDS], ids=lambda path: path.name)
def test_launch_reads_every_file(path: Path) -> None:
    pytest.importorskip('launch_ros.actions', reason="needs ROS's launch_ros, which is not on PyPI")
    from launch.launch_description_sources import AnyLaunchDescriptionSource

    from launch import LaunchContext

    description = AnyLaunchDescriptionSource(str(path)).get_launch_description(LaunchContext())
    declared = {argument.name for argument in description.get_launch_arguments()}
    assert declared >= ARGUMENTS.get(path.name.partition('.')[0], {'namespace', 'frame_prefix'})


def test_every_package_that_is_launched_is_a_dependency() -> None:
    package = (ROOT / 'package.xml').read_text(encoding='utf-8')
    for name in ('rviz2', 'ros2launch', 'launch', 'launch_ros'):
        assert f'<exec_depend>{name}</exec_depend>' in package


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


def load(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.name.partition('.')[0], path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
