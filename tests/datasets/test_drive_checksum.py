# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Truncated, corrupted and other files are refused by the checksum header."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from audio_manifold_ros.common.errors import DatasetError
from audio_manifold_ros.datasets.drive_checksum import HEADER_BYTES, read_checksum_header
from audio_manifold_ros.datasets.drive_reader import DriveReader

MakeDrive = Callable[..., Path]


def test_a_file_cut_short_anywhere_is_refused_by_name(make_drive: MakeDrive, tmp_path: Path) -> None:
    file_bytes = make_drive().read_bytes()
    cut = tmp_path / 'cut.h5'
    lengths = sorted(
        {
            0,
            1,
            100,
            HEADER_BYTES - 1,
            HEADER_BYTES,
            HEADER_BYTES + 1,
            len(file_bytes) - 1,
            *range(0, len(file_bytes), 997),
        }
    )
    for length in lengths:
        cut.write_bytes(file_bytes[:length])
        with pytest.raises(DatasetError, match=r'cut\.h5'):
            DriveReader(cut)


def test_any_corrupted_byte_is_found_by_verification(make_drive: MakeDrive, tmp_path: Path) -> None:
    file_bytes = make_drive().read_bytes()
    rng = np.random.default_rng(0)
    bad = tmp_path / 'bad.h5'
    for place in rng.integers(HEADER_BYTES, len(file_bytes), 200).tolist():
        changed = bytearray(file_bytes)
        changed[place] ^= 1 << int(rng.integers(8))
        bad.write_bytes(changed)
        with pytest.raises(DatasetError, match=r'bad\.h5.*corrupted'):
            DriveReader(bad, verify=True)


@pytest.mark.parametrize(
    'content', [b'', b'RIFF....WAVE', b'{"format": "other", "version": 1, "bytes": 1, "sha256": ""}', b'\x89HDF']
)
def test_files_of_other_formats_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / 'foreign.h5'
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r'foreign\.h5'):
        DriveReader(path)


def test_other_hdf5_files_folders_and_missing_files_are_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / 'foreign.h5', 'w') as file:
        file['audio'] = np.zeros(4)
    for path in (tmp_path / 'foreign.h5', tmp_path, tmp_path / 'absent.h5'):
        with pytest.raises(DatasetError, match=path.name):
            DriveReader(path)


def test_another_format_version_is_refused(make_drive: MakeDrive) -> None:
    path = make_drive()
    path.write_bytes(path.read_bytes().replace(b'"version": 1', b'"version": 9', 1))
    with pytest.raises(DatasetError, match='version 9'):
        read_checksum_header(path, verify=False)
