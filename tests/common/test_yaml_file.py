# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The YAML reader: plain values, and the texts that it refuses."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.common.errors import RigError
from audio_manifold_ros.common.yaml_file import format_yaml, parse_yaml, read_yaml

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63), st.floats(allow_nan=False), st.text(max_size=8)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
EXPERIMENTS = sorted((Path(__file__).parents[2] / 'training' / 'configs').glob('**/*.yaml'))
BOMB = 'a: &a [x, x, x, x, x, x, x, x, x]\n' + ''.join(
    f'{name}: &{name} [{", ".join(["*" + previous] * 9)}]\n'
    for previous, name in zip('abcdefgh', 'bcdefghi', strict=True)
)


def parse(text: str, *, allow_aliases: bool = False) -> Any:
    return parse_yaml(text, 'some.yaml', RigError, 'Give a rig.', allow_aliases=allow_aliases)


@given(VALUES)
@settings(deadline=None, max_examples=300)
def test_values_that_are_written_are_read_back(values: Any) -> None:
    assert parse(format_yaml(values)) == values


@pytest.mark.parametrize('text', ['1e5', '1e-4', '010', '1:30', '2024-01-01', 'no', '~', '.inf', '0x1F', '<<', '1_0'])
def test_strings_that_look_like_other_values_are_written_in_quotes(text: str) -> None:
    assert parse(format_yaml({text: text})) == {text: text}
    assert yaml.safe_load(format_yaml({'key': text})) == {'key': text}


@pytest.mark.parametrize(
    ('text', 'value'),
    [
        ('010', '010'),
        ('1:30', '1:30'),
        ('2024-01-01', '2024-01-01'),
        ('1e-4', 1e-4),
        ('1.5e+3', 1500.0),
        ('48_000', 48_000),
        ('0x1F', 31),
        ('-.inf', float('-inf')),
        ('off', False),
        ('~', None),
        ('"1"', '1'),
        ('!!str 1', '1'),
        ('', None),
    ],
)
def test_scalars_have_no_surprises(text: str, value: object) -> None:
    found = parse(f'key: {text}\n')['key']
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize('path', EXPERIMENTS, ids=lambda path: path.stem)
def test_aliases_and_merge_keys_are_read_like_pyyaml_does_where_they_are_allowed(path: Path) -> None:
    expected = yaml.safe_load(path.read_text(encoding='utf-8'))
    found = read_yaml(path, RigError, '', allow_aliases=True)
    assert found == expected
    assert list(found) == list(expected)


def test_a_merge_key_gives_way_to_the_keys_of_the_mapping() -> None:
    text = 'a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {z: 3, <<: [*a, *b]}\n"<<": 4'
    assert parse(text, allow_aliases=True) == yaml.safe_load(text)


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('a: 1\nb: 2\na: 3', r"line 3: the key 'a' occurs twice, first in line 1"),
        ('x:\n  - {b: 1, b: 1}', r"line 2: the key 'b' occurs twice, first in line 2"),
        ('a: &a 1', r"line 1: the anchor 'a' is not allowed"),
        ('a: &a [1]', r"line 1: the anchor 'a' is not allowed"),
        ('a: *a', r"line 1: the alias 'a' is not allowed"),
        ('a: 1\n<<: {b: 1}', r"line 2: the merge key '<<' is not allowed"),
        (BOMB, r"the anchor 'a' is not allowed"),
        ('a: !!int 3', 'line 1: the tag .*:int. is not supported'),
        ('a: !!python/object/apply:os.getcwd []', 'line 1: the tag .* is not supported'),
        ('a: 1e999', 'line 1: the number 1e999 is too large'),
        ('a: ' + '9' * 100_000, 'line 1: the number 9+... has more than 64 characters'),
        ('[' * 100 + ']' * 100, 'line 1: .* more than 64 levels deep'),
        # The libyaml of PyYAML 6.0.4 has a limit of its own, which it applies to tokens ahead of the parser.
        ('[' * 100_000, 'line 1: .*(more than 64 levels deep|maximum nesting depth)'),
        ('a: ' * 3, 'line 1: '),
        ('? [1]\n: 2', 'line 1: the key .* is a list or mapping'),
        ('---\na: 1\n---\nb: 2', 'line 3: a second document begins'),
        ('a: "\x00"', 'unacceptable character'),
        ('a: [1', 'line 2: '),
    ],
)
def test_texts_are_refused_with_source_line_and_remedy(text: str, message: str) -> None:
    with pytest.raises(RigError, match=message) as caught:
        parse(text)
    assert str(caught.value).startswith("Cannot read 'some.yaml': ")
    assert str(caught.value).endswith(' Give a rig.')
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ('text', 'message'),
    [(BOMB, 'expand to more than'), ('a: *a', 'no anchor before it'), ('<<: 3', 'give an alias of a mapping')],
)
def test_allowed_aliases_have_limits(text: str, message: str) -> None:
    with pytest.raises(RigError, match=message):
        parse(text, allow_aliases=True)


def test_pipes_devices_and_large_files_are_refused_before_they_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / 'pipe.yaml')
    with (tmp_path / 'large.yaml').open('wb') as file:
        file.truncate(1 << 30)
    (tmp_path / 'latin.yaml').write_bytes(b'a: \xe4')
    reasons = {
        'pipe.yaml': 'not a regular file',
        '/dev/zero': 'not a regular file',
        'large.yaml': 'larger than',
        'latin.yaml': 'utf-8',
        'absent.yaml': 'No such file',
    }
    for name, reason in reasons.items():
        with pytest.raises(RigError, match=f'Cannot read .*{name}.*{reason}.* Give one'):
            read_yaml(tmp_path / name, RigError, 'Give one.')
