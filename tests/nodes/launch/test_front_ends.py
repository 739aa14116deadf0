# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Launch files in YAML and XML, which include those in Python."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

from tests.nodes.launch.launch_files import ARGUMENTS, FRONT_ENDS, LAUNCH_FILES, ROOT

pytestmark = pytest.mark.ros


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
