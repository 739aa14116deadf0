# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Headers of WAV, RF64, W64 and FLAC files: position of the samples, stated length and stored length.

A recorder that was killed, or that wrote to a pipe, leaves a size of 0 or of all ones. Such a header states no length,
and the samples continue to the end of the file.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, final

MAX_CHUNKS = 1_000
# Metadata before the samples. A larger header is not patched.
MAX_HEADER_BYTES = 1 << 24
# Sizes that writers leave in place of an unknown length: arecord, SoX and GStreamer below 2 GiB, FFmpeg below 4 GiB.
UNKNOWN_SIZES_32 = (range(0x7FFF_F000, 0x8000_0001), range(0xFFFF_F000, 0x1_0000_0000))
MIN_UNKNOWN_SIZE_64 = (1 << 63) - 1
MAX_SIZE_32 = 0xFFFF_FFFF
W64_RIFF = b'riff'
W64_CHUNK_HEADER_BYTES = 24


@dataclass(frozen=True)
class WaveData:
    """The samples of a file.

    Attributes:
        stated_bytes: Their size according to the header. None if the header states none.
        stored_bytes: Size of the file after the header.
        header: The file up to the first sample, with the sizes of a file whose samples continue to its end. Empty if
            it is too large.

    """

    stated_bytes: int | None
    stored_bytes: int
    header: bytes

    @property
    def missing_bytes(self) -> int:
        """Number of bytes that the header states and the file does not contain."""
        return max(0, (self.stated_bytes or 0) - self.stored_bytes)


@dataclass(frozen=True)
class _Layout:
    """Layout of the chunks of a file format."""

    identifier_bytes: int
    size_bytes: int
    size_contains_header: bool
    alignment: int
    first_chunk: int

    @property
    def header_bytes(self) -> int:
        return self.identifier_bytes + self.size_bytes


LAYOUTS = {
    b'RIFF': _Layout(4, 4, size_contains_header=False, alignment=2, first_chunk=12),
    b'RF64': _Layout(4, 4, size_contains_header=False, alignment=2, first_chunk=12),
    W64_RIFF: _Layout(16, 8, size_contains_header=True, alignment=8, first_chunk=40),
}


def read_wave_header(path: Path) -> WaveData | None:
    """Return the samples of a WAV, RF64 or W64 file, or None for another format or without samples.

    Raises:
        OSError: The file cannot be read.

    """
    with path.open('rb') as file:
        file_bytes = file.seek(0, io.SEEK_END)
        file.seek(0)
        magic = file.read(4)
        layout = LAYOUTS.get(magic)
        if layout is None:
            return None
        position, ds64 = layout.first_chunk, 0
        for _ in range(MAX_CHUNKS):
            file.seek(position)
            chunk = file.read(layout.header_bytes)
            if len(chunk) < layout.header_bytes:
                return None
            name, size = chunk[:4], int.from_bytes(chunk[layout.identifier_bytes :], 'little')
            first = position + layout.header_bytes
            if name == b'data':
                return _wave_data(file, file_bytes, magic, first, size, ds64)
            if name == b'ds64':
                ds64 = first
            content = size - layout.header_bytes * layout.size_contains_header
            position = first + max(content + -content % layout.alignment, 0)
    return None


def is_flac_without_length(path: Path) -> bool:
    """Return whether a file is FLAC and its header states no number of samples.

    Raises:
        OSError: The file cannot be read.

    """
    with path.open('rb') as file:
        header = file.read(26)
    # STREAMINFO is the first block. Its 36 bits of the number of samples begin in the middle of byte 21.
    is_flac = header[:4] == b'fLaC' and len(header) == 26
    return is_flac and not header[21] & 0x0F and not any(header[22:])


def _wave_data(file: BinaryIO, file_bytes: int, magic: bytes, first: int, size: int, ds64: int) -> WaveData:
    stored = file_bytes - first
    file.seek(first)
    following = file.read(8)
    # An empty file may have metadata after its samples. Samples have no name of four characters and no fitting size.
    is_chunk = following[:4].isalnum() and int.from_bytes(following[4:], 'little') <= stored
    stated = size
    if magic == b'RF64' and size == MAX_SIZE_32:
        file.seek(ds64 + 8)
        stated = int.from_bytes(file.read(8), 'little') if ds64 else 0
    elif magic == W64_RIFF:
        stated = size - W64_CHUNK_HEADER_BYTES
    is_placeholder = magic == b'RIFF' and any(size in sizes for sizes in UNKNOWN_SIZES_32)
    is_placeholder = is_placeholder or stated >= MIN_UNKNOWN_SIZE_64
    is_unknown = (stated > stored and is_placeholder) or (stated <= 0 and stored > 0 and not is_chunk)
    file.seek(0)
    header = bytearray(file.read(first)) if first <= MAX_HEADER_BYTES else bytearray()
    if header:
        _patch(header, magic, file_bytes, stored, ds64)
    return WaveData(None if is_unknown else max(stated, 0), stored, bytes(header))


def _patch(header: bytearray, magic: bytes, file_bytes: int, stored: int, ds64: int) -> None:
    """Write the sizes of a file whose samples continue to its end."""
    if magic == W64_RIFF:
        header[16:24] = file_bytes.to_bytes(8, 'little')
        header[-8:] = (stored + W64_CHUNK_HEADER_BYTES).to_bytes(8, 'little')
    elif magic == b'RF64' and ds64:
        header[ds64 : ds64 + 16] = (file_bytes - 8).to_bytes(8, 'little') + stored.to_bytes(8, 'little')
    else:
        header[:8] = b'RIFF' + min(file_bytes - 8, MAX_SIZE_32).to_bytes(4, 'little')
        header[-4:] = min(stored, MAX_SIZE_32).to_bytes(4, 'little')


@final
class PatchedFile(io.RawIOBase):
    """A file whose first bytes are replaced. The file itself is not changed."""

    def __init__(self, path: Path, header: bytes) -> None:
        """Open the file.

        Args:
            path: The file.
            header: Replacement of its first bytes.

        Raises:
            OSError: It cannot be opened.

        """
        self._header = header
        self._file = path.open('rb', buffering=0)
        self._size = path.stat().st_size
        self._position = 0

    @property
    def is_at_end(self) -> bool:
        """True if the position is at or past the end of the file."""
        return self._position >= self._size

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Set the position and return it."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position}.get(whence)
        self._position = self._file.seek(offset, whence) if base is None else base + offset
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def readinto(self, buffer: Any, /) -> int:
        """Read bytes into a buffer and return their number."""
        view = memoryview(buffer).cast('B')
        replaced = self._header[self._position : self._position + len(view)]
        if replaced:
            view[: len(replaced)] = replaced
            count = len(replaced)
        else:
            self._file.seek(self._position)
            count = self._file.readinto(view) or 0
        self._position += count
        return count

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()
