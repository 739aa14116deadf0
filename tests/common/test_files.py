# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Atomic writes leave either the old file or the complete new one."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from audio_manifold_ros.common.files import (
    atomic_write,
    finite_or_null,
    sha256_of,
    sha256_of_rest,
    write_bytes_atomic,
    write_json_atomic,
    write_text_atomic,
)


@pytest.mark.parametrize('sync', [False, True])
def test_a_file_appears_when_it_is_complete(tmp_path: Path, *, sync: bool) -> None:
    target = tmp_path / 'file.bin'
    with atomic_write(target, sync=sync) as partial:
        partial.write_bytes(b'new')
        assert partial.parent == tmp_path
        assert not target.exists()
    assert target.read_bytes() == b'new'
    assert [path.name for path in tmp_path.iterdir()] == ['file.bin']


def test_an_error_keeps_the_old_file_and_removes_the_partial_one(tmp_path: Path) -> None:
    target = tmp_path / 'file.bin'
    target.write_bytes(b'old')

    def write_and_fail() -> None:
        with atomic_write(target) as partial:
            partial.write_bytes(b'half')
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - raised without a text by the block itself
        write_and_fail()
    assert target.read_bytes() == b'old'
    assert [path.name for path in tmp_path.iterdir()] == ['file.bin']


def test_text_bytes_and_json_are_written(tmp_path: Path) -> None:
    write_text_atomic(tmp_path / 'text', 'façade\n')
    write_bytes_atomic(tmp_path / 'bytes', b'\0\1')
    write_json_atomic(tmp_path / 'json', {'b': 1, 'a': [2]})
    assert (tmp_path / 'text').read_bytes() == 'façade\n'.encode()
    assert (tmp_path / 'bytes').read_bytes() == b'\0\1'
    text = (tmp_path / 'json').read_text()
    assert json.loads(text) == {'a': [2], 'b': 1}
    assert text.index('"a"') < text.index('"b"')
    assert text.endswith('\n')


def test_a_missing_folder_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_text_atomic(tmp_path / 'absent' / 'text', '')


def test_hashes_are_those_of_the_content(tmp_path: Path) -> None:
    content = bytes(range(256)) * 5000
    path = tmp_path / 'file'
    path.write_bytes(content)
    assert sha256_of(path) == hashlib.sha256(content).hexdigest()
    with path.open('rb') as file:
        file.seek(1000)
        assert sha256_of_rest(file) == hashlib.sha256(content[1000:]).hexdigest()


def test_numbers_that_json_lacks_become_null(tmp_path: Path) -> None:
    nan, infinity = float('nan'), float('inf')
    path = tmp_path / 'scores.json'
    write_json_atomic(path, {'depth': {'abs_rel': nan}, 'curve': [[1, -infinity], (2, 0.5)], 'name': 'x', 'all': True})
    expected = {'all': True, 'curve': [[1, None], [2, 0.5]], 'depth': {'abs_rel': None}, 'name': 'x'}
    assert json.loads(path.read_text()) == expected
    assert finite_or_null(infinity) is None
