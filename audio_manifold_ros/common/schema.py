# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The one conversion between plain values (of YAML, JSON, ROS parameters) and frozen dataclasses.

The type hints of a dataclass are its schema. Supported: bool, int, float, str, `Literal`, dataclasses, tuples,
mappings with string keys, optional values, `object` and `Any` (any plain value), and `Annotated[type, Rule]` for ranges
and choices (`schema_rules`). A message names source, key path, value and remedy. cattrs 26 and msgspec 0.20 were tried:
cattrs turns '3' and True into 3, both accept NaN, and neither shows the value or lists the known keys, so that each
would need a hook for every type.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from difflib import get_close_matches
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from audio_manifold_ros.common.errors import AudioManifoldError
from audio_manifold_ros.common.schema_rules import Decimals, Rule
from audio_manifold_ros.common.untrusted_text import shorten

T = TypeVar('T')
# Metadata of a field that must be given although the dataclass has a default for it.
REQUIRED: Mapping[str, object] = {'required': True}
# Name of a class variable: the key and the number of the version of the file, for example ('schema_version', 1).
FILE_VERSION = 'FILE_VERSION'
NOUNS: Mapping[object, str] = {
    bool: 'true or false',
    int: 'an integer',
    float: 'a number',
    str: 'a string',
    dict: 'a mapping',
}
MAX_LISTED_KEYS = 5
IDENTIFIER = re.compile(r'[A-Za-z_][\w-]*')
NUMBER_IN_TEXT = re.compile(r'[-+\d][\d.:_eE+-]*')


class _Mismatch(Exception):
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


def from_plain(
    cls: type[T], values: object, source: str, error: type[AudioManifoldError], *, complete: bool = False
) -> T:
    """Build a frozen dataclass, and the dataclasses within it, from plain values.

    Args:
        cls: The dataclass.
        values: A mapping of its fields. Lists become tuples.
        source: Name of the values in messages, for example the path of the file.
        error: Class of the error.
        complete: Require every key. Otherwise a missing key takes the default of its field.

    Raises:
        AudioManifoldError: `error`, if a key is unknown, missing or has a wrong value, or if the dataclass refuses the
            values. The message names the source, the key path, the value and what to give.

    """
    try:
        found: T = _dataclass(cls, values, '', complete)
    except _Mismatch as mismatch:
        place = f'{source}: {mismatch.place}' if source and mismatch.place else source or mismatch.place
        raise error(place + mismatch.problem) from None
    return found


def convert(hint: object, value: object, place: str, error: type[AudioManifoldError]) -> Any:
    """Return a plain value in the type of a hint.

    Args:
        hint: The type, for example `Annotated[int, between(0, 7)]`.
        value: The value.
        place: Its name in messages.
        error: Class of the error.

    Raises:
        AudioManifoldError: `error`, if the value does not fit.

    """
    try:
        return _convert(hint, value, place, complete=False)
    except _Mismatch as mismatch:
        raise error(str(mismatch)) from None


def to_plain(instance: Any, *, omit_defaults: bool = False) -> dict[str, Any]:
    """Return a dataclass as plain values: dictionaries, lists, numbers, strings.

    Args:
        instance: The dataclass.
        omit_defaults: Leave out fields that are at their default, except required ones.

    """
    cls: Any = type(instance)
    hints = field_types(cls)
    version = getattr(cls, FILE_VERSION, None)
    plain = {} if version is None else {version[0]: version[1]}
    for item in fields(instance):
        value = getattr(instance, item.name)
        if not omit_defaults or _is_required(item) or value != _default(item):
            plain[item.name] = _plain(_round(hints[item.name], value), omit_defaults=omit_defaults)
    return plain


def check_version(
    values: object, key: str, version: int, source: str, error: type[AudioManifoldError], remedy: str
) -> None:
    """Refuse values of another version before their keys are looked at.

    Args:
        values: The plain values.
        key: Key of the version.
        version: The version that this software reads.
        source: Name of the values in messages.
        error: Class of the error.
        remedy: A sentence that says what to do.

    Raises:
        AudioManifoldError: `error`, if the values are no mapping, or have another version or none.

    """
    found = values.get(key) if isinstance(values, dict) else None
    if type(found) is not int or found != version:
        msg = f'{source} has {key} {shorten(found)}, and this software reads {version}. {remedy}'
        raise error(msg)


def expected_text(hint: object) -> str:
    """Return what a hint expects, in words, for example `a number from 0 to 1`."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        rule = _rule(arguments)
        inner = expected_text(arguments[0])
        return inner if rule is None else rule.expected.replace('{type}', inner)
    if origin is Literal:
        return f'one of {", ".join(map(str, arguments))}'
    if origin in (Union, UnionType):
        return f'{expected_text(_inner(arguments))}, or null'
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return 'a list of strings' if arguments[0] is str else 'a list'
        return f'a list of {len(arguments)} {"numbers" if set(arguments) <= {int, float} else "values"}'
    if origin in (dict, Mapping):
        return NOUNS[dict]
    if is_dataclass(hint):
        return f'a mapping with the keys {sorted(item.name for item in fields(hint))}'
    return NOUNS[hint]


def _plain(value: Any, *, omit_defaults: bool) -> Any:
    if is_dataclass(value):
        return to_plain(value, omit_defaults=omit_defaults)
    if isinstance(value, Mapping):
        return {key: _plain(part, omit_defaults=omit_defaults) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part, omit_defaults=omit_defaults) for part in value]
    return value


def _convert(hint: Any, value: Any, place: str, *, complete: bool) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _annotated(arguments, value, place, complete)
    if origin in (Union, UnionType):
        return None if value is None else _convert(_inner(arguments), value, place, complete=complete)
    if origin is Literal:
        if not any(type(value) is type(choice) and value == choice for choice in arguments):
            raise _mismatch(hint, value, place)
        return value
    if origin is tuple:
        return _tuple(hint, value, place, complete)
    if origin in (dict, Mapping):
        return _mapping(hint, value, place, complete)
    if is_dataclass(hint):
        return _dataclass(hint, value, place, complete)
    if hint in (object, Any):
        return value
    return _scalar(hint, value, place)


def _scalar(hint: Any, value: Any, place: str) -> Any:
    if hint is float and type(value) is int and value.bit_length() < 1024:
        value = float(value)
    if type(value) is not hint or (hint is float and not math.isfinite(value)):
        raise _mismatch(hint, value, place)
    return value


def _annotated(arguments: tuple[Any, ...], value: Any, place: str, complete: bool) -> Any:
    rule = _rule(arguments)
    if rule is None:
        return _convert(arguments[0], value, place, complete=complete)
    try:
        converted = _convert(arguments[0], value, place, complete=complete)
        is_valid = rule.is_valid(converted)
    except _Mismatch as mismatch:
        if mismatch.place != place and not rule.covers_items:
            raise
        is_valid = False
    if not is_valid:
        raise _mismatch(Annotated[arguments[0], rule], value, place)
    return converted


def _tuple(hint: Any, value: Any, place: str, complete: bool) -> tuple[Any, ...]:
    arguments = get_args(hint)
    is_variadic = len(arguments) == 2 and arguments[1] is Ellipsis
    if not isinstance(value, (list, tuple)) or not (is_variadic or len(value) == len(arguments)):
        raise _mismatch(hint, value, place)
    hints = [arguments[0]] * len(value) if is_variadic else arguments
    return tuple(
        _convert(item_hint, item, f'{place}[{index}]', complete=complete)
        for index, (item_hint, item) in enumerate(zip(hints, value, strict=True))
    )


def _mapping(hint: Any, value: Any, place: str, complete: bool) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _mismatch(hint, value, place)
    key_hint, item_hint = get_args(hint)
    if get_origin(key_hint) is Literal:
        _check_keys(value, get_args(key_hint), (), place)
    for key in value:
        if not isinstance(key, str):
            raise _Mismatch(place, f' has the key {shorten(key)}: give a string, in quotes.')
    return {key: _convert(item_hint, item, _key_path(place, key), complete=complete) for key, item in value.items()}


def _dataclass(cls: Any, value: Any, place: str, complete: bool) -> Any:
    if not isinstance(value, Mapping):
        raise _mismatch(cls, value, place)
    items = {item.name: item for item in fields(cls) if item.init}
    version = getattr(cls, FILE_VERSION, None)
    if version is not None and version[0] in value:
        expected = Annotated[
            int, Rule(f'{version[1]}, the version that this software reads', lambda v: v == version[1])
        ]
        _convert(expected, value[version[0]], _key_path(place, version[0]), complete=complete)
        value = {key: part for key, part in value.items() if key != version[0]}
        version = None
    required = [name for name, item in items.items() if complete or _is_required(item)]
    _check_keys(value, items, required if version is None else [version[0], *required], place)
    hints = field_types(cls)
    converted = {
        name: _convert(hints[name], part, _key_path(place, name), complete=complete) for name, part in value.items()
    }
    try:
        return cls(**converted)
    except AudioManifoldError as error:
        raise _Mismatch(place, f': {error}') from None


def _check_keys(value: Mapping[Any, Any], known: Any, required: Any, place: str) -> None:
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
    raise _Mismatch(place, text)


def _mismatch(hint: Any, value: Any, place: str) -> _Mismatch:
    expected = expected_text(hint)
    base = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    if base is str and isinstance(value, (int, float)):
        expected += ' in quotes'
    if base in (int, float) and isinstance(value, str) and NUMBER_IN_TEXT.fullmatch(value):
        expected += ', written without quotes and leading zeros'
    return _Mismatch(place, f' is {shorten(value)}: give {expected}.')


def _key_path(place: str, key: str) -> str:
    if not IDENTIFIER.fullmatch(key):
        return f'{place}[{shorten(key)}]'
    return f'{place}.{key}' if place else key


def _inner(arguments: tuple[Any, ...]) -> Any:
    return next(argument for argument in arguments if argument is not type(None))


def _rule(arguments: tuple[Any, ...]) -> Rule | None:
    return next((extra for extra in arguments[1:] if isinstance(extra, Rule)), None)


def _round(hint: Any, value: Any) -> Any:
    if get_origin(hint) is Annotated:
        digits = next((extra.digits for extra in get_args(hint)[1:] if isinstance(extra, Decimals)), None)
        if digits is not None:
            return [round(part, digits) for part in value] if isinstance(value, tuple) else round(value, digits)
    return value


def _default(item: Field[Any]) -> Any:
    return item.default if item.default_factory is MISSING else item.default_factory()


def _is_required(item: Field[Any]) -> bool:
    return bool(item.metadata.get('required')) or item.default is item.default_factory is MISSING


@cache
def field_types(cls: Any) -> Mapping[str, Any]:
    """Return the type hints of the fields of a dataclass, with `Annotated`."""
    return get_type_hints(cls, include_extras=True)
