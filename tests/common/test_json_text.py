# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The JSON reader: plain values, and the texts that it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.common.json_text import format_json, parse_json, read_json


def test_values_that_are_written_are_read_back(tmp_path: Path) -> None:
    values = {'a': [1, 2.5, None, True, 'ü'], 'b': {'c': 10**30}}
    (tmp_path / 'a.json').write_text(format_json(values), encoding='utf-8')
    assert read_json(tmp_path / 'a.json', BagError, '') == values


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('', 'Expecting value'),
        ('{"a": 1, "b": 2, "a": 3}', "the key 'a' occurs twice in one object"),
        ('{' + ', '.join(['"a": 1'] * 200_000) + '}', "the key 'a' occurs twice"),
        ('{"a": NaN}', 'NaN is not a JSON number'),
        ('{"a": -Infinity}', '-Infinity is not a JSON number'),
        ('{"a": 1e999}', 'the number 1e999 is too large'),
        ('{"a": -1e999}', 'the number -1e999 is too large'),
        ('{"a": ' + '9' * 100_000 + '}', 'more than 64 characters'),
        ('[' * 100_000, 'more than 64 levels deep'),
        ('[' * 65 + ']' * 65, 'more than 64 levels deep'),
        ('"' + 'x' * 2000 + '"', 'longer than 1000 bytes'),
    ],
)
def test_texts_are_refused_with_source_and_remedy(text: str, message: str) -> None:
    with pytest.raises(BagError, match=message) as caught:
        parse_json(text, 'a.json', BagError, 'Record again.', max_bytes=1000 if 'xxx' in text else 1 << 22)
    assert str(caught.value).startswith('a.json is not valid JSON: ')
    assert str(caught.value).endswith(' Record again.')
    assert len(str(caught.value)) < 300


def test_64_levels_are_read() -> None:
    text = '[' * 64 + ']' * 64
    assert parse_json(text, 'a.json', BagError, '') == json.loads(text)


def test_a_number_that_is_not_finite_is_not_written() -> None:
    with pytest.raises(ValueError, match='not JSON compliant'):
        format_json({'a': float('inf')})
