# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Checksum header of a drive file: format, size and checksum in the 512 bytes before the HDF5 data.

HDF5 leaves a user block to the application and ignores it. The header is written last. It proves that the file is
complete, reveals a truncation without parsing, and covers all data and metadata with one checksum.
"""

from __future__ import annotations

import json
import stat
from dataclasses import dataclass
from pathlib import Path

from audio_manifold_ros.common.errors import DatasetError
from audio_manifold_ros.common.files import sha256_of_rest
from audio_manifold_ros.common.json_text import parse_json

FORMAT = 'audio_manifold_ros drive'
# A file has the lowest version whose readers handle it correctly. Version 2 requires a reader to use the attributes of
# the drive: otherwise it takes a channel that was never recorded for silence, or relative depth for metres.
DEFAULT_VERSION, ATTRIBUTES_VERSION = 1, 2
SUPPORTED_VERSIONS = (DEFAULT_VERSION, ATTRIBUTES_VERSION)
HEADER_BYTES = 512


@dataclass(frozen=True)
class ChecksumHeader:
    """Content of the user block of a finished drive.

    Attributes:
        total_bytes: Size of the whole file.
        sha256: SHA-256 of all bytes after the header, in hexadecimal.

    """

    total_bytes: int
    sha256: str


def write_checksum_header(path: Path, version: int) -> ChecksumHeader:
    """Write the checksum header of a closed HDF5 file and return it.

    Args:
        path: HDF5 file with a user block of `HEADER_BYTES`.
        version: Format version of the file.

    """
    with path.open('r+b') as file:
        file.seek(HEADER_BYTES)
        checksum_header = ChecksumHeader(path.stat().st_size, sha256_of_rest(file))
        text = json.dumps(
            {
                'format': FORMAT,
                'version': version,
                'bytes': checksum_header.total_bytes,
                'sha256': checksum_header.sha256,
            }
        )
        file.seek(0)
        file.write(text.encode().ljust(HEADER_BYTES - 1) + b'\n')
    return checksum_header


def read_checksum_header(path: Path, *, verify: bool) -> ChecksumHeader:
    """Read and check the checksum header of a drive file.

    Args:
        path: The file.
        verify: Read the whole file and compare its checksum. Otherwise only format, version and size are checked.

    Raises:
        DatasetError: The file is missing, truncated or corrupted, or has another format or version.

    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            # Opening a pipe waits for a writer.
            msg = f'{str(path)!r} is not a regular file. Give the path of a drive file.'
            raise DatasetError(msg)
        with path.open('rb') as file:
            checksum_header = _parse(path, file.read(HEADER_BYTES))
            size = path.stat().st_size
            if size != checksum_header.total_bytes:
                msg = (
                    f'{path}: truncated or extended: it has {size} bytes instead of {checksum_header.total_bytes}. '
                    'Copy or record it again.'
                )
                raise DatasetError(msg)
            if verify and sha256_of_rest(file) != checksum_header.sha256:
                msg = (
                    f'{path}: corrupted: it does not match its checksum {checksum_header.sha256[:12]}…. '
                    'Copy or record it again.'
                )
                raise DatasetError(msg)
    except OSError as error:
        msg = f'Cannot read the drive {str(path)!r}: {error.strerror or error}. Give the path of a drive file.'
        raise DatasetError(msg) from None
    return checksum_header


def _parse(path: Path, block: bytes) -> ChecksumHeader:
    try:
        values = parse_json(block.decode(), str(path), DatasetError, 'Give a file written by DriveWriter.')
        file_format, version = values['format'], values['version']
        checksum_header = ChecksumHeader(int(values['bytes']), str(values['sha256']))
    except (DatasetError, ValueError, KeyError, TypeError):
        msg = f'{path}: not a drive file: it begins with {bytes(block[:16])!r}. Give a file written by DriveWriter.'
        raise DatasetError(msg) from None
    if file_format != FORMAT:
        msg = f'{path}: the format is {file_format!r}: give a file of the format {FORMAT!r}.'
        raise DatasetError(msg)
    if version not in SUPPORTED_VERSIONS:
        msg = (
            f'{path}: format version {version!r} is not one of {SUPPORTED_VERSIONS}: '
            'use the version of this software that wrote it.'
        )
        raise DatasetError(msg)
    return checksum_header
