# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from audio_manifold_ros.common.errors import TrainingError
from training.config.yaml_inheritance import read_layers


def write(path: Path, values: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(values))
    return path


def test_a_file_holds_its_differences_from_its_base(tmp_path: Path) -> None:
    write(tmp_path / 'base.yaml', {'a': 1, 'fit': {'steps': 10, 'rate': 0.1}, 'nets': [1, 2, 3]})
    write(tmp_path / 'middle.yaml', {'base': 'base.yaml', 'fit': {'steps': 20}, 'nets': [4]})
    top = write(tmp_path / 'sub' / 'top.yaml', {'base': '../middle.yaml', 'a': None})
    assert read_layers(top) == {'a': None, 'fit': {'steps': 20, 'rate': 0.1}, 'nets': [4]}
    first = write(tmp_path / 'first.yaml', {'fit': {'steps': 30, 'rate': 0.2}})
    second = write(tmp_path / 'second.yaml', {'fit': {'rate': 0.3}, 'b': {'c': 1}})
    changed = read_layers(top, [first, second])
    assert changed == {'a': None, 'fit': {'steps': 30, 'rate': 0.3}, 'nets': [4], 'b': {'c': 1}}


@pytest.mark.parametrize(
    ('values', 'message'),
    [
        ({'base': 'top.yaml'}, 'its own base'),
        ({'base': 'nowhere.yaml'}, r'nowhere\.yaml'),
        ({'base': ['a.yaml', 'b.yaml']}, 'one file'),
        ([1, 2], 'mapping'),
        ('text', 'mapping'),
    ],
)
def test_invalid_files_are_refused(tmp_path: Path, values: Any, message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        read_layers(write(tmp_path / 'top.yaml', values))


def test_a_circle_over_two_files_is_refused(tmp_path: Path) -> None:
    write(tmp_path / 'a.yaml', {'base': 'b.yaml'})
    with pytest.raises(TrainingError, match='its own base'):
        read_layers(write(tmp_path / 'b.yaml', {'base': 'a.yaml'}))


def test_broken_yaml_is_refused_by_its_place(tmp_path: Path) -> None:
    path = tmp_path / 'broken.yaml'
    path.write_text('a: [1,\nb: }')
    with pytest.raises(TrainingError, match=r'broken\.yaml'):
        read_layers(path)
