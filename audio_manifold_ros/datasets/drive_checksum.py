# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The seal of a drive file: format, size and checksum in the 512 bytes before the HDF5 data.

HDF5 leaves a user block to the application and ignores it. Sealed last, it proves that a file was finished,
shows a truncation without parsing anything, and covers every byte of data and metadata with one checksum.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from audio_manifold_ros.common.errors import DatasetError

FORMAT = 'audio_manifold_ros drive'
# A file has the lowest version whose readers understand it: the second says that a reader must heed the drive's traits,
# lest it take a channel that was never recorded for silence, or relative depth for metres.
DEFAULT_VERSION, ATTRIBUTES_VERSION = 1, 2
SUPPORTED_VERSIONS = (DEFAULT_VERSION, ATTRIBUTES_VERSION)
HEADER_BYTES = 512
READ_BYTES = 1 << 20


@dataclass(frozen=True)
class ChecksumHeader:
    """What the user block of a finished drive says.

    Attributes:
        total_bytes: Size of the whole file.
        sha256: Of all bytes after the seal.

    """

    total_bytes: int
    sha256: str


def write_checksum_header(path: Path, version: int) -> ChecksumHeader:
    """Seal a closed HDF5 file whose user block is `HEADER_BYTES` long, as of a format version, and return the seal."""
    with path.open('r+b') as file:
        file.seek(HEADER_BYTES)
        checksum_header = ChecksumHeader(path.stat().st_size, _digest(file))
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
    """Check the seal of a drive file.

    Args:
        path: The file.
        verify: Read the whole file and compare its checksum; otherwise only format, version and size are checked.

    Raises:
        DatasetError: The file is missing, foreign, of another version, truncated or corrupted.

    """
    try:
        with path.open('rb') as file:
            checksum_header = _parse(path, file.read(HEADER_BYTES))
            size = path.stat().st_size
            if size != checksum_header.total_bytes:
                msg = f'{path}: {size} bytes of {checksum_header.total_bytes}: truncated or extended. Copy or record it again.'
                raise DatasetError(msg)
            if verify and _digest(file) != checksum_header.sha256:
                msg = f'{path}: corrupted: it does not match its checksum {checksum_header.sha256[:12]}…. Copy or record it again.'
                raise DatasetError(msg)
    except OSError as error:
        msg = f'Cannot read the drive {str(path)!r}: {error.strerror or error}. Give the path of a drive file.'
        raise DatasetError(msg) from None
    return checksum_header


def _parse(path: Path, block: bytes) -> ChecksumHeader:
    try:
        values = json.loads(block.decode())
        file_format, version = values['format'], values['version']
        checksum_header = ChecksumHeader(int(values['bytes']), str(values['sha256']))
    except (ValueError, KeyError, TypeError):
        msg = f'{path} does not begin like a drive ({bytes(block[:16])!r}…): give a file written by DriveWriter.'
        raise DatasetError(msg) from None
    if file_format != FORMAT:
        msg = f'{path}: the format is {file_format!r}: give a file of the format {FORMAT!r}.'
        raise DatasetError(msg)
    if version not in SUPPORTED_VERSIONS:
        msg = f'{path}: format version {version!r}, this software reads {SUPPORTED_VERSIONS}: use the software that wrote it.'
        raise DatasetError(msg)
    return checksum_header


def _digest(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while block := file.read(READ_BYTES):
        digest.update(block)
    return digest.hexdigest()
