# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The checks that all files of a rig share: an error names file, key and value, and says what to give."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from audio_manifold_ros.common.errors import RigError

SCHEMA_VERSION = 1
MAX_DISTANCE_M = 100
# Whether a value is good, and what a person should give.
Check = tuple[Callable[[Any], bool], str]
Checks = Mapping[str, Check]


def check_mapping(path: str, where: str, entry: Any, checks: Checks, optional: Checks | None = None) -> None:
    """Refuse what is no mapping, has keys that nobody knows, misses some, or holds a wrong value.

    Args:
        path: The file.
        where: Place within it; empty for its top.
        entry: What stands there.
        checks: The keys that must be there.
        optional: The keys that may.

    Raises:
        RigError: It is wrong; the message names file, key and value.

    """
    optional = optional or {}
    place = f'{path}: {where}'.rstrip(': ')
    if not isinstance(entry, dict):
        msg = f'{place} is {entry!r}: give a mapping with the keys {sorted(checks)}.'
        raise RigError(msg)
    found, required = {str(key) for key in entry}, set(checks)
    if not required <= found <= required | set(optional):
        unknown, missing = sorted(found - required - set(optional)), sorted(required - found)
        msg = f'{place} has unknown keys {unknown} and misses {missing}.'
        raise RigError(msg)
    for key, (is_valid, expected) in {**checks, **optional}.items():
        if key in entry and not is_valid(entry[key]):
            msg = f'{place}{"." if where else ": "}{key} is {entry[key]!r}: give {expected}.'
            raise RigError(msg)


def is_text(value: Any) -> bool:
    """Whether a value is a text that says something."""
    return isinstance(value, str) and bool(value.strip())


def is_integer(value: Any) -> bool:
    """Whether a value is an integer in the strict sense: true and false are none."""
    return type(value) is int


def is_number(value: Any) -> bool:
    """Whether a value is a number in the strict sense: true and false are none, nor are .nan and .inf."""
    return type(value) in {int, float} and math.isfinite(value)


def is_vector(value: Any) -> bool:
    """Whether a value is a list of three numbers of metres that fit on a vehicle."""
    return is_numbers(value, 3) and all(abs(v) <= MAX_DISTANCE_M for v in value)


def is_numbers(value: Any, count: int) -> bool:
    """Whether a value is a list of so many numbers."""
    return isinstance(value, list) and len(value) == count and all(is_number(v) for v in value)


def number(low: float, high: float) -> Check:
    """Return the check of a number from `low` to `high`."""
    return lambda v: is_number(v) and low <= v <= high, f'a number from {low:g} to {high:g}'


def integer(low: int, high: int) -> Check:
    """Return the check of an integer from `low` to `high`."""
    return lambda v: is_integer(v) and low <= v <= high, f'an integer from {low} to {high}'


def choice(*choices: Any) -> Check:
    """Return the check of a value that is one of some."""
    return lambda v: v in choices and type(v) in {type(c) for c in choices}, f'one of {", ".join(map(str, choices))}'


TEXT: Check = (is_text, 'a name')
FRAME: Check = (is_text, 'the name of a frame')
VECTOR: Check = (is_vector, f'a list of three numbers up to {MAX_DISTANCE_M} m')
VERSION: Check = (
    lambda v: is_integer(v) and v == SCHEMA_VERSION,
    f'{SCHEMA_VERSION}, the one this software reads',
)
