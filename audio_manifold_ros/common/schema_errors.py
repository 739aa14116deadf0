# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Messages of the schema layer: what a type expects, which keys are wrong, where a value is."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from audio_manifold_ros.common.schema_rules import Rule
from audio_manifold_ros.common.untrusted_text import shorten

NOUNS: Mapping[object, str] = {
    bool: 'true or false',
    int: 'an integer',
    float: 'a number',
    str: 'a string',
}
MAX_LISTED_KEYS = 5
IDENTIFIER = re.compile(r'[A-Za-z_][\w-]*')
NUMBER_IN_TEXT = re.compile(r'[-+\d][\d.:_eE+-]*')


class MismatchError(Exception):
    """A value does not fit.

    Attributes:
        place: Key path from the top.
        problem: Rest of the message, with the space or colon before it.

    """

    def __init__(self, place: str, problem: str) -> None:
        """Keep the parts of the message."""
        super().__init__(place + problem)
        self.place = place
        self.problem = problem


def expected_text(hint: Any) -> str:
    """Return what a hint expects, in words, for example `a number from 0 to 1`."""
    describe = DESCRIPTIONS.get(get_origin(hint))
    if describe is not None:
        return describe(get_args(hint))
    if is_dataclass(hint):
        return f'a mapping with the keys {sorted(item.name for item in fields(hint))}'
    return NOUNS[hint]


def _annotated_text(arguments: tuple[Any, ...]) -> str:
    rule, inner = rule_of(arguments), expected_text(arguments[0])
    return inner if rule is None else rule.expected.replace('{type}', inner)


def _literal_text(arguments: tuple[Any, ...]) -> str:
    return f'one of {", ".join(map(str, arguments))}'


def _union_text(arguments: tuple[Any, ...]) -> str:
    choices = [expected_text(argument) for argument in arguments if argument is not NoneType]
    return ', or '.join([*choices, *(['null'] if NoneType in arguments else [])])


def _tuple_text(arguments: tuple[Any, ...]) -> str:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return 'a list of strings' if arguments[0] is str else 'a list'
    return f'a list of {len(arguments)} {"numbers" if set(arguments) <= {int, float} else "values"}'


def _mapping_text(arguments: tuple[Any, ...]) -> str:
    del arguments
    return 'a mapping'


DESCRIPTIONS: Mapping[Any, Callable[[tuple[Any, ...]], str]] = {
    Annotated: _annotated_text,
    Literal: _literal_text,
    Union: _union_text,
    UnionType: _union_text,
    tuple: _tuple_text,
    list: lambda arguments: _tuple_text((arguments[0], Ellipsis)),
    dict: _mapping_text,
    Mapping: _mapping_text,
}


def check_keys(value: Mapping[Any, Any], known: Collection[str], required: Collection[str], place: str) -> None:
    """Refuse a mapping with unknown or missing keys.

    Args:
        value: The mapping.
        known: Keys that it may have.
        required: Keys that it must have.
        place: Its key path.

    Raises:
        MismatchError: A key is unknown or missing. The message lists the known keys and suggests similar ones.

    """
    unknown = sorted(str(key) for key in value if key not in known)
    missing = sorted(key for key in required if key not in value)
    if not unknown and not missing:
        return
    # Long or many keys come from damaged or hostile files.
    listed = [key[:40] for key in unknown[:MAX_LISTED_KEYS]]
    more = f' and {len(unknown) - len(listed)} more' if len(unknown) > len(listed) else ''
    found = f' has unknown keys {listed}{more}' if unknown else ''
    lacking = f' misses {missing}' if missing else ''
    text = f'{" and".join(filter(None, (found, lacking)))}: the keys are {sorted({*known, *required})}.'
    for key in listed:
        close = get_close_matches(key, [name for name in known if name not in value], n=1)
        if close:
            text += f' Did you mean {close[0]!r} instead of {key!r}?'
    raise MismatchError(place, text)


def mismatch_error(hint: Any, value: Any, place: str) -> MismatchError:
    """Return the error of a value that does not have the type of a hint."""
    expected = expected_text(hint)
    base = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    if base is str and isinstance(value, (int, float)):
        expected += ' in quotes'
    if base in (int, float) and isinstance(value, str) and NUMBER_IN_TEXT.fullmatch(value):
        expected += ', written without quotes and leading zeros'
    return MismatchError(place, f' is {shorten(value)}: give {expected}.')


def key_path(place: str, key: str) -> str:
    """Return the path of a key below a place, for example `microphones[3].gain_db`."""
    if not IDENTIFIER.fullmatch(key):
        return f'{place}[{shorten(key)}]'
    return f'{place}.{key}' if place else key


def rule_of(arguments: tuple[Any, ...]) -> Rule | None:
    """Return the rule among the arguments of `Annotated`, or None."""
    return next((extra for extra in arguments[1:] if isinstance(extra, Rule)), None)
