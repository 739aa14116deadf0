# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Arguments of the launch files, and the values of parameter files that they override."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from audio_manifold_ros.common.errors import NodeError
from tests.nodes.launch.launch_files import ARGUMENTS, LAUNCH_FILES, ROOT, declare, described, write_parameters

pytestmark = pytest.mark.ros


@pytest.mark.parametrize('path', LAUNCH_FILES, ids=lambda path: path.name)
def test_launch_files_declare_and_describe_their_arguments(launch_api: ModuleType, path: Path) -> None:
    _, context, declared = declare(launch_api, path)
    assert set(declared) == set(context.launch_configurations) == ARGUMENTS[path.name.removesuffix('.launch.py')]
    for name, argument in declared.items():
        description = argument.description.partition(' Valid choices are')[0]  # `launch` adds the choices
        assert description.endswith('.'), name
        assert description[0].isupper(), name
    assert Path(context.launch_configurations['params_file']).is_file()


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
