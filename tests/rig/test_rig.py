# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reading of `mic_array.yaml`, and its error messages."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from audio_manifold_ros.common.errors import RigError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.rig.rig import MicrophoneArray

OCTAGON = resource_path('calibration/roof_octagon') / 'mic_array.yaml'


@pytest.fixture
def data() -> Any:
    return yaml.safe_load(OCTAGON.read_text(encoding='utf-8'))


def load(data: Any) -> MicrophoneArray:
    return MicrophoneArray.from_text(yaml.safe_dump(data), 'rig.yaml')


def test_the_octagon_has_eight_microphones_on_a_circle() -> None:
    array = MicrophoneArray.from_yaml(OCTAGON)
    assert (array.array_id, array.frame_id, len(array.microphones)) == ('roof_octagon', 'mic_array_link', 8)
    angles_rad = np.arange(8) * np.pi / 4
    circle = np.stack([np.cos(angles_rad), np.sin(angles_rad), np.zeros(8)], axis=1)
    np.testing.assert_allclose(array.positions_m, 0.5 * circle, atol=1e-4)
    np.testing.assert_allclose(array.facings, circle, atol=1e-4)
    assert array.device_channels == tuple(range(8))
    np.testing.assert_array_equal(array.factors, np.ones(8, dtype=np.float32))


def test_factors_join_gain_and_polarity(data: Any) -> None:
    data['microphones'][1].update(gain_db=6, polarity=-1)
    assert load(data).factors[1] == pytest.approx(-(10**0.3))


def test_the_hash_depends_on_the_geometry_only(data: Any) -> None:
    same = copy.deepcopy(data)
    same['microphones'][0].update(name='bow', gain_db=3.0, device_channel=9, enabled=False)
    same['microphones'][0]['position_m'] = [0.50001, -0.0, -0.00001]
    assert load(same).geometry_sha256() == load(data).geometry_sha256()
    data['microphones'][0]['position_m'] = [0.501, 0.0, 0.0]
    assert load(same).geometry_sha256() != load(data).geometry_sha256()


@pytest.mark.parametrize(
    ('key', 'value'),
    [
        ('name', ''),
        ('name', None),
        ('name', 7),
        ('name', '\x1b[2J'),
        ('device_channel', -1),
        ('device_channel', 1.5),
        ('device_channel', '1'),
        ('device_channel', True),
        ('device_channel', 10**9),
        ('position_m', '123'),
        ('position_m', [1.0, 2.0]),
        ('position_m', [1.0, 2.0, float('nan')]),
        ('position_m', [1.0, 2.0, 1e6]),
        ('position_m', [1.0, 2.0, None]),
        ('facing', [0.0, 0.0, 0.0]),
        ('facing', [1.0, 1.0, 0.0]),
        ('facing', {'x': 1}),
        ('gain_db', 'loud'),
        ('gain_db', float('inf')),
        ('gain_db', 61),
        ('polarity', 0),
        ('polarity', -1.0),
        ('polarity', 'plus'),
        ('enabled', 'no way'),
        ('enabled', 1),
    ],
)
def test_a_wrong_value_is_refused_by_name(data: Any, key: str, value: Any) -> None:
    data['microphones'][3][key] = value
    with pytest.raises(RigError) as caught:
        load(data)
    assert f'rig.yaml: microphones[3].{key} is {value!r}: give ' in str(caught.value)


@pytest.mark.parametrize(
    ('key', 'value'),
    [
        ('schema_version', 2),
        ('schema_version', True),
        ('schema_version', '1'),
        ('array_id', None),
        ('frame_id', ''),
        ('microphones', []),
        ('microphones', {'a': 1}),
        ('microphones', None),
    ],
)
def test_a_wrong_head_is_refused_by_name(data: Any, key: str, value: Any) -> None:
    data[key] = value
    with pytest.raises(RigError, match=f'rig.yaml: {key} is .*: give '):
        load(data)


@pytest.mark.parametrize('key', ['device_channel', 'name'])
def test_microphones_are_distinct(data: Any, key: str) -> None:
    data['microphones'][2][key] = data['microphones'][5][key]
    with pytest.raises(RigError, match=f'{key} values .* repeat'):
        load(data)


def test_unknown_and_missing_keys_are_listed(data: Any) -> None:
    entry = data['microphones'][0]
    entry['gain'] = entry.pop('gain_db')
    entry[4] = 'four'
    with pytest.raises(RigError, match=r"microphones\[0\] has unknown keys \['4', 'gain'\] and misses \['gain_db'\]"):
        load(data)


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('', 'is None'),
        ('just words', "is 'just words'"),
        ('- a\n- b', r"is \['a', 'b'\]"),
        ('microphones: [', 'Cannot read'),
        ('a: b: c', 'Cannot read'),
        ('\t- x', 'Cannot read'),
        ('array_id: !!python/object/apply:os.getcwd []', 'Cannot read'),
        ('array_id: 2026-99-99', 'misses'),
        ('array_id: "\x00"', 'Cannot read'),
        ('[' * 5000, 'Cannot read'),
        ('microphones: []', 'misses'),
        ('array_id: &a [x]\nframe_id: *a', r"line 1: the anchor 'a' is not allowed"),
        ('array_id: a\nframe_id: b\narray_id: c', r"line 3: the key 'array_id' occurs twice, first in line 1"),
        ('# ' + 'x' * 300_000, 'longer than'),
    ],
)
def test_a_text_that_is_not_a_rig_is_refused(text: str, message: str) -> None:
    with pytest.raises(RigError, match=message):
        MicrophoneArray.from_text(text, 'rig.yaml')


def test_unreadable_files_are_refused_by_path(tmp_path: Path) -> None:
    (tmp_path / 'latin.yaml').write_bytes(b'array_id: \xe4')
    for name in ('absent.yaml', 'latin.yaml', '.'):
        with pytest.raises(RigError, match=r'Cannot read .*mic_array') as caught:
            MicrophoneArray.from_yaml(tmp_path / name)
        assert str(tmp_path) in str(caught.value)
