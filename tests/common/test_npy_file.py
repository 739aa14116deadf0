# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""NumPy files from others: damage and absurd sizes are refused before memory is allocated."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.common.npy_file import read_npy, read_npz

LIMIT = 1 << 20


def npy_bytes(array: np.ndarray, *, allow_pickle: bool = False) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=allow_pickle)
    return buffer.getvalue()


@pytest.mark.parametrize('array', [np.arange(6.0).reshape(2, 3), np.asfortranarray(np.eye(3)), np.array(3)])
def test_arrays_are_read_as_written(array: np.ndarray, tmp_path: Path) -> None:
    np.testing.assert_array_equal(read_npy(io.BytesIO(npy_bytes(array)), LIMIT), array)
    np.savez_compressed(tmp_path / 'a.npz', a=array)
    np.testing.assert_array_equal(read_npz(tmp_path / 'a.npz', ['a'], LIMIT)['a'], array)


@pytest.mark.parametrize(
    ('data', 'message'),
    [
        (npy_bytes(np.zeros(4)).replace(b'(4,)', b'(2**60,)'), 'malformed'),
        (npy_bytes(np.zeros(40)).replace(b'(40,), }          ', b'(9000000000000,), }'), '72000000000000 bytes'),
        (npy_bytes(np.zeros(4))[:-8], 'states 32 bytes and contains 24'),
        (npy_bytes(np.array([{}], dtype=object), allow_pickle=True), 'objects'),
        (b'', 'EOF'),
        (b'PK\x03\x04', 'EOF|magic'),
    ],
)
def test_damage_and_absurd_sizes_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_npy(io.BytesIO(data), LIMIT)


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / 'a.npz'
    np.savez_compressed(path, a=np.arange(1000.0))
    whole = path.read_bytes()
    for data in (whole[:-30], b'', whole[:40] + b'\xff' * 40 + whole[80:], b'no archive'):
        path.write_bytes(data)
        with pytest.raises(ValueError, match='damaged'):
            read_npz(path, ['a'], LIMIT)
    with pytest.raises(ValueError, match='not a regular file'):
        read_npz(tmp_path, ['a'], LIMIT)


def test_a_compressed_array_beyond_the_limit_is_not_expanded(tmp_path: Path) -> None:
    path = tmp_path / 'bomb.npz'
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr('a.npy', npy_bytes(np.zeros(LIMIT, np.float64)))
    with pytest.raises(ValueError, match='more than 1048576'):
        read_npz(path, ['a'], LIMIT)
