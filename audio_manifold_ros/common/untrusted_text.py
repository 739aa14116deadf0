# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Limits for text that other programs or people wrote: size, depth, length of numbers, length of quoted values."""

from __future__ import annotations

import math
import reprlib
import stat
from pathlib import Path

MAX_TEXT_BYTES = 32 << 20
# A rig in a message or an attribute is a few kilobytes.
MAX_MESSAGE_BYTES = 1 << 20
MAX_DEPTH = 64
MAX_NUMBER_LENGTH = 64
MAX_REPR_LENGTH = 80


class _LimitedRepr(reprlib.Repr):
    """`repr` that visits a bounded number of items."""

    def __init__(self) -> None:
        """Set the limits."""
        super().__init__()
        self.maxlevel = 4
        self.maxdict = self.maxlist = self.maxtuple = self.maxset = 12
        self.maxstring = self.maxother = MAX_REPR_LENGTH

    def repr_int(self, x: int, level: int) -> str:
        """Return the digits of an integer, or its number of bits if it is very long."""
        del level
        return repr(x) if x.bit_length() <= 256 else f'<integer of {x.bit_length()} bits>'


_REPR = _LimitedRepr()


def shorten(value: object) -> str:
    """Return the `repr` of a value for a message, of at most `MAX_REPR_LENGTH` characters."""
    text = _REPR.repr(value)
    return text if len(text) <= MAX_REPR_LENGTH else text[: MAX_REPR_LENGTH - 3] + '...'


def read_limited_text(path: Path | str, max_bytes: int = MAX_TEXT_BYTES) -> str:
    """Return the content of a UTF-8 file.

    Raises:
        ValueError: The file cannot be read, is a pipe or a device, is too large, or is not UTF-8. The message is the
            reason without the path.

    """
    place = Path(path)
    try:
        # Opening a pipe waits for a writer, and a device may never end.
        if not stat.S_ISREG(place.stat().st_mode):
            msg = 'it is not a regular file'
            raise ValueError(msg)
        with place.open('rb') as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from None
    if len(data) > max_bytes:
        msg = f'it is larger than {max_bytes} bytes'
        raise ValueError(msg)
    return data.decode('utf-8')


def check_text_size(text: str, max_bytes: int = MAX_TEXT_BYTES) -> None:
    """Refuse a text that is too long.

    Raises:
        ValueError: The text has more than `max_bytes` characters.

    """
    if len(text) > max_bytes:
        msg = f'the text is longer than {max_bytes} bytes'
        raise ValueError(msg)


def parse_integer(text: str, base: int = 10) -> int:
    """Return the integer of its digits.

    Raises:
        ValueError: The text is too long or is not an integer.

    """
    if len(text) > MAX_NUMBER_LENGTH:
        msg = f'the number {text[:20]}... has more than {MAX_NUMBER_LENGTH} characters'
        raise ValueError(msg)
    return int(text, base)


def parse_float(text: str) -> float:
    """Return the number of its digits.

    Raises:
        ValueError: The text is not a number, or the number is too large for float64.

    """
    value = float(text)
    if math.isinf(value):
        msg = f'the number {text[:20]} is too large'
        raise ValueError(msg)
    return value
