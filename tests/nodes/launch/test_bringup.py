# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bringup of a vehicle: node, recorder and viewer."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.nodes.launch.launch_files import ARGUMENTS, ROOT, declare

pytestmark = pytest.mark.ros


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
    assert perception['respawn'].values == ('respawn',)
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
