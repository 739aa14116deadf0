# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.common.errors import NodeError
from audio_manifold_ros.nodes.common.parameters import ParameterSpec, build, check_names, parameter_table
from audio_manifold_ros.nodes.perception.perception_parameters import (
    PARAMETER_GROUPS,
    ModelParameters,
    PredictionParameters,
    SourceParameters,
)
from audio_manifold_ros.nodes.recorder.recorder_parameters import PARAMETER_GROUPS as RECORDER_PARAMETER_GROUPS
from audio_manifold_ros.nodes.recorder.recorder_parameters import TOPICS, PreflightParameters
from audio_manifold_ros.nodes.simulator.simulated_drive import DriveParameters
from tests.nodes.parameter_values import checked_values

pytestmark = pytest.mark.ros
CONFIG = Path(__file__).parents[3] / 'config'
TABLE = parameter_table(PARAMETER_GROUPS)


def test_every_parameter_is_described() -> None:
    for name, entry in {**TABLE, **parameter_table((DriveParameters, *RECORDER_PARAMETER_GROUPS))}.items():
        descriptor = entry.descriptor()
        assert descriptor.name == name
        assert len(descriptor.description) > 10, name
        assert descriptor.additional_constraints, name
        assert entry.check(entry.field.default) == entry.field.default, name


def test_descriptors_hold_range_and_read_only() -> None:
    rate = TABLE['prediction.rate_hz'].descriptor()
    assert (rate.floating_point_range[0].from_value, rate.floating_point_range[0].to_value) == (0.1, 200.0)
    assert not rate.read_only
    assert TABLE['autostart'].descriptor().read_only
    seed = TABLE['source.seed'].descriptor().integer_range[0]
    assert (seed.from_value, seed.to_value) == (0, 2**31 - 1)
    assert 'onnx' in TABLE['backend'].descriptor().additional_constraints


def test_absent_values_keep_their_default() -> None:
    filled = build(PredictionParameters, {'prediction.rate_hz': 12, 'source.kind': 'file'})
    assert filled == PredictionParameters(rate_hz=12.0, min_confidence=0.0)
    assert isinstance(filled.rate_hz, float)
    with pytest.raises(FrozenInstanceError):
        filled.rate_hz = 1.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('prediction.rate_hz', 0.0),
        ('prediction.rate_hz', 1e9),
        ('prediction.rate_hz', float('nan')),
        ('prediction.rate_hz', 'fast'),
        ('prediction.rate_hz', True),
        ('prediction.min_confidence', -0.1),
        ('threads', 0),
        ('threads', 2.0),
        ('backend', 'tflite'),
        ('source.kind', 'bag'),
        ('source.block_samples', 1),
        ('publish.audio', 1),
        ('bundle', None),
    ],
)
def test_wrong_values_are_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(NodeError, match=rf'^{name} is {value!r}: give '):
        TABLE[name].check(value)


def check_or_error(entry: ParameterSpec, value: Any) -> Any:
    """Return the checked value, or the default if the check refuses the value by name."""
    try:
        return entry.check(value)
    except NodeError as error:
        return entry.field.default if str(error).startswith(f'{entry.name} is ') else error


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers())))
@settings(deadline=None, max_examples=60)
def test_every_value_is_accepted_with_its_type_or_refused(value: Any) -> None:
    for name, entry in TABLE.items():
        assert isinstance(check_or_error(entry, value), entry.kind), name


def test_an_integer_is_accepted_for_a_string() -> None:
    assert TABLE['cores'].check(2) == '2'
    with pytest.raises(NodeError, match=r'^cores is 2\.0: give a string in quotes\.$'):
        TABLE['cores'].check(2.0)


def test_unknown_names_are_listed_with_the_valid_ones() -> None:
    with pytest.raises(NodeError, match=r'Unknown parameters rate, sorce\.kind: the known ones are autostart'):
        check_names(['sorce.kind', 'rate', 'use_sim_time', 'qos_overrides./x.publisher.depth', 'bundle'], TABLE)


def test_parameter_files_are_read_as_ros_does(tmp_path: Path) -> None:
    path = tmp_path / 'p.yaml'
    path.write_text(
        '/**:\n  ros__parameters:\n    bundle: a\n    source: {kind: file, seed: 3}\n'
        'perception:\n  ros__parameters:\n    bundle: b\n    source.loop: true\n'
        'other:\n  ros__parameters:\n    nonsense: 1\n'
    )
    values = checked_values(path, 'perception', PARAMETER_GROUPS)
    assert build(ModelParameters, values).bundle == 'b'
    assert build(SourceParameters, values) == SourceParameters(kind='file', seed=3, loop=True)


@pytest.mark.parametrize(
    ('text', 'named'),
    [
        ('perception:\n  ros__parameters:\n    prediction: {rate: 3}\n', 'prediction.rate'),
        ('perception:\n  ros__parameters:\n    prediction: {rate_hz: -3}\n', 'prediction.rate_hz is -3'),
        ('perception:\n  parameters: {}\n', 'p.yaml'),
        ('- 1\n', 'p.yaml'),
        ('{', 'p.yaml'),
        ('perception:\n  ros__parameters: {bundle: a, bundle: b}\n', r"line 2: the key 'bundle' occurs twice"),
        ('perception: &a\n  ros__parameters: {}\n', 'not allowed'),
    ],
)
def test_bad_parameter_files_are_refused_by_name(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / 'p.yaml'
    path.write_text(text)
    with pytest.raises(NodeError, match=named):
        checked_values(path, 'perception', PARAMETER_GROUPS)


@pytest.mark.parametrize('path', sorted(CONFIG.glob('*.yaml')), ids=lambda path: path.stem)
def test_the_shipped_files_contain_only_valid_parameters(path: Path) -> None:
    if path.stem == 'record':
        assert 'audio' in checked_values(path, 'record', RECORDER_PARAMETER_GROUPS)['topics']
    else:
        assert checked_values(path, 'perception', PARAMETER_GROUPS)['bundle'] == 'models/street'


def test_lists_of_strings_are_checked_and_frozen() -> None:
    required = parameter_table(RECORDER_PARAMETER_GROUPS)['preflight.required']
    assert required.check(['audio', 'camera/image@25']) == ('audio', 'camera/image@25')
    assert build(PreflightParameters, {'preflight.required': ['audio']}).required == ('audio',)
    for value in ('audio', ['audio', ''], ['audio', 3], None):
        with pytest.raises(NodeError, match=r'preflight\.required is .*: give a list of strings'):
            required.check(value)


def test_the_qos_overrides_of_rosbag2_are_complete_profiles() -> None:
    overrides = yaml.safe_load((CONFIG / 'rosbag2' / 'qos_overrides.yaml').read_text(encoding='utf-8'))
    assert set(overrides) < {f'/{topic.lstrip("/")}' for topic in TOPICS}
    for profile in overrides.values():
        assert set(profile) == {'history', 'depth', 'reliability', 'durability'}
        assert profile['reliability'] in {'reliable', 'best_effort'}
        assert profile['depth'] >= 60
