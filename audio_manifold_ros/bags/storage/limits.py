# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Limits for bags from other people: size, count and time. Every reader of a bag uses them.

The limits are far above real recordings and far below the memory of a computer.
"""

from __future__ import annotations

import re
import shutil
import stat
from pathlib import Path

from audio_manifold_ros.common.errors import BagError

# A raw image of 8000 x 4000 pixels has 96 MB.
MAX_MESSAGE_BYTES = 256 * 2**20
# rosbag2 writes chunks of 0.8 to 4 MB.
MAX_CHUNK_BYTES = 512 * 2**20
# Index of an mcap file: about 100 bytes per chunk.
MAX_SUMMARY_BYTES = 256 * 2**20
# The definition of a type with all nested types has a few thousand characters.
MAX_DEFINITION_CHARACTERS = 256 * 1024
MAX_DEFINITION_LINE = 4096
MAX_DEFINITION_LINES = 4000
# Fixed arrays of real types have at most a few thousand items.
MAX_ARRAY_ITEMS = 1 << 16
MAX_TIME_NS = 2**63 - 1
# A compressed file is decompressed to the disk. Audio and images shrink to a tenth, empty images to a thousandth.
MAX_COMPRESSION_RATIO = 1000
MIN_DECOMPRESSED_BYTES = 64 * 2**20
FREE_DISK_BYTES = 512 * 2**20
# An array of texts or messages is read item by item.
MAX_NESTED_ITEMS = 256
FIXED_ARRAY = re.compile(r'\[\s*(\d{1,40})\s*\]')
PRIMITIVE = re.compile(r'(?:bool|boolean|byte|char|octet|wchar|u?int(?:8|16|32|64)|float(?:32|64)?|double|long|short)$')


def check_regular_file(path: Path) -> None:
    """Refuse a pipe, a device or a socket, which may block or never end.

    Raises:
        BagError: The path is not a regular file.
        OSError: The path does not exist.

    """
    if not stat.S_ISREG(path.stat().st_mode):
        msg = f'{path}: is not a regular file: give the file of a bag.'
        raise BagError(msg)


def check_time_ns(where: object, time_ns: object) -> int:
    """Return the time of a message.

    Args:
        where: Name of the file, for the error message.
        time_ns: Time as stored.

    Raises:
        BagError: It is not a whole number, or it does not fit into 63 bits.

    """
    if not isinstance(time_ns, int) or isinstance(time_ns, bool) or not -MAX_TIME_NS <= time_ns <= MAX_TIME_NS:
        msg = f'{where}: a message has the time {time_ns!r} instead of whole nanoseconds: recover_bag leaves it out.'
        raise BagError(msg)
    return time_ns


def check_definition(msgtype: str, definition: str) -> None:
    """Refuse the definition of a message type that would take too long to parse, or too much memory to read.

    Raises:
        BagError: The text is too long, or it has a fixed array that is too large.

    """
    lines = definition.splitlines()
    longest = max(map(len, lines), default=0)
    reason = ''
    if len(definition) > MAX_DEFINITION_CHARACTERS or len(lines) > MAX_DEFINITION_LINES:
        reason = f'it has {len(definition)} characters in {len(lines)} lines'
    elif longest > MAX_DEFINITION_LINE:
        reason = f'it has a line of {longest} characters'
    else:
        reason = _describe_large_arrays(definition)
    if reason:
        msg = f'{msgtype!r}: the definition in the bag is refused: {reason}: exclude its topic.'
        raise BagError(msg)


def _describe_large_arrays(definition: str) -> str:
    """Return why the fixed arrays of a definition are refused, or an empty string."""
    nested = 1
    for found in FIXED_ARRAY.finditer(definition):
        size = int(found[1])
        if size > MAX_ARRAY_ITEMS:
            return f'it has an array of {size} items, at most {MAX_ARRAY_ITEMS} are read'
        # `float64[36] values` in a .msg, `typedef double double__36[36];` in an .idl.
        words = definition[max(0, found.start() - MAX_DEFINITION_LINE) : found.start()].rpartition('\n')[2].split()[-2:]
        nested *= 1 if any(PRIMITIVE.match(word) for word in words) else max(size, 1)
        if nested > MAX_NESTED_ITEMS:
            return f'its arrays of texts or messages have {nested} items, at most {MAX_NESTED_ITEMS} are read'
    return ''


def max_decompressed_bytes(packed_bytes: int, folder: Path) -> int:
    """Return the largest size to which a compressed file may grow in a folder."""
    by_ratio = max(packed_bytes * MAX_COMPRESSION_RATIO, MIN_DECOMPRESSED_BYTES)
    return min(by_ratio, max(shutil.disk_usage(folder).free - FREE_DISK_BYTES, 0))
