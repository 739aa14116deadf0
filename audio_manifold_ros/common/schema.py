# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The one conversion between plain values (of YAML, JSON, ROS parameters) and frozen dataclasses.

The type hints of a dataclass are its schema. Supported: bool, int, float, str, `Literal`, dataclasses, tuples, lists,
mappings with string keys, optional values, dataclasses of several kinds (`schema_kinds`), `object` and `Any` (any plain
value), and `Annotated[type, Rule]` for ranges and choices (`schema_rules`). A message names source, key path, value and
remedy. cattrs 26 and msgspec 0.20 were tried: cattrs turns '3' and True into 3, both accept NaN, and neither shows the
value or lists the known keys, so that each would need a hook for every type.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from audio_manifold_ros.common.errors import AudioManifoldError
from audio_manifold_ros.common.schema_errors import (
    MismatchError,
    check_keys,
    key_path,
    mismatch_error,
    rule_of,
)
from audio_manifold_ros.common.schema_kinds import KIND_KEY, choose_alternative, kind_of
from audio_manifold_ros.common.schema_rules import Decimals, Rule
from audio_manifold_ros.common.untrusted_text import shorten

T = TypeVar('T')
# Metadata of a field that must be given although the dataclass has a default for it.
REQUIRED: Mapping[str, object] = {'required': True}
# Metadata of a field that earlier files do not have. In them, it has its default.
ADDED: Mapping[str, object] = {'added': True}
UNIONS = (Union, UnionType)
# Name of a class variable: the key and the number of the version of the file, for example ('schema_version', 1).
FILE_VERSION = 'FILE_VERSION'


def from_plain(
    cls: type[T], values: object, source: str, error: type[AudioManifoldError], *, complete: bool = False
) -> T:
    """Build a frozen dataclass, and the dataclasses within it, from plain values.

    Args:
        cls: The dataclass.
        values: A mapping of its fields. Lists become tuples.
        source: Name of the values in messages, for example the path of the file.
        error: Class of the error.
        complete: Require every key, except those with the metadata `ADDED`. Otherwise a missing key takes the default
            of its field.

    Raises:
        AudioManifoldError: `error`, if a key is unknown, missing or has a wrong value, or if the dataclass refuses the
            values. The message names the source, the key path, the value and what to give.

    """
    try:
        found: T = _Converter(complete=complete).build(cls, values, '')
    except MismatchError as mismatch:
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
        return _Converter(complete=False).convert(hint, value, place)
    except MismatchError as mismatch:
        raise error(str(mismatch)) from None


def check_ranges(instance: Any, error: type[AudioManifoldError]) -> None:
    """Check the ranges of the fields of a dataclass that code has built, with the rules of its type hints.

    Args:
        instance: The dataclass.
        error: Class of the error.

    Raises:
        AudioManifoldError: `error`, if a value is out of its range.

    """
    cls: Any = type(instance)
    for name, hint in field_types(cls).items():
        value = getattr(instance, name)
        for alternative in get_args(hint) if get_origin(hint) in UNIONS else (hint,):
            rule = rule_of(get_args(alternative)) if get_origin(alternative) is Annotated else None
            if rule is not None and value is not None and not rule.is_valid(value):
                raise error(str(mismatch_error(alternative, value, f'{cls.__name__}.{name}')))


def to_plain(instance: Any, *, omit_defaults: bool = False) -> dict[str, Any]:
    """Return a dataclass as plain values: dictionaries, lists, numbers, strings.

    Fields with the metadata `ADDED` are left out at their default, so that digests of earlier files do not change.

    Args:
        instance: The dataclass.
        omit_defaults: Leave out fields that are at their default, except required ones.

    """
    cls: Any = type(instance)
    hints = field_types(cls)
    version = getattr(cls, FILE_VERSION, None)
    plain = {} if version is None else {version[0]: version[1]}
    if kind_of(cls) is not None:
        plain[KIND_KEY] = kind_of(cls)
    for item in fields(instance):
        value = getattr(instance, item.name)
        may_be_omitted = _is_added(item) or (omit_defaults and not _is_required(item))
        if not may_be_omitted or value != _default(item):
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
        remedy: A sentence with the remedy.

    Raises:
        AudioManifoldError: `error`, if the values are no mapping, or have another version or none.

    """
    found = values.get(key) if isinstance(values, dict) else None
    if type(found) is not int or found != version:
        msg = f'{source} has {key} {shorten(found)}, and this software reads {version}. {remedy}'
        raise error(msg)


def _plain(value: Any, *, omit_defaults: bool) -> Any:
    if is_dataclass(value):
        return to_plain(value, omit_defaults=omit_defaults)
    if isinstance(value, Mapping):
        return {key: _plain(part, omit_defaults=omit_defaults) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part, omit_defaults=omit_defaults) for part in value]
    return value


class _Converter:
    """Conversion from plain values.

    Args:
        complete: See `from_plain`.

    """

    def __init__(self, *, complete: bool) -> None:
        """Choose the method of each kind of hint."""
        self._complete = complete
        self._methods: Mapping[Any, Callable[[Any, Any, str], Any]] = {
            Annotated: self._annotated,
            Literal: _literal,
            Union: self._union,
            UnionType: self._union,
            tuple: self._tuple,
            list: self._list,
            dict: self._mapping,
            Mapping: self._mapping,
        }

    def convert(self, hint: Any, value: Any, place: str) -> Any:
        """Return a value in the type of a hint.

        Raises:
            MismatchError: The value does not fit.

        """
        method = self._methods.get(get_origin(hint))
        if method is not None:
            return method(hint, value, place)
        if is_dataclass(hint):
            return self.build(hint, value, place)
        return value if hint in (object, Any) else _scalar(hint, value, place)

    def build(self, cls: Any, value: Any, place: str) -> Any:
        """Return a dataclass of a mapping.

        Raises:
            MismatchError: A key or value does not fit.

        """
        if not isinstance(value, Mapping):
            raise mismatch_error(cls, value, place)
        items = {item.name: item for item in fields(cls) if item.init}
        required = [
            name for name, item in items.items() if _is_required(item) or (self._complete and not _is_added(item))
        ]
        version = getattr(cls, FILE_VERSION, None)
        version_keys = [] if version is None else [version[0]]
        if version is not None and version[0] in value:
            self._check_file_version(version, value, place)
        kind = kind_of(cls)
        kind_keys = [] if kind is None else [KIND_KEY]
        if value.get(KIND_KEY, kind) != kind and kind is not None:
            self.convert(Literal[kind], value[KIND_KEY], key_path(place, KIND_KEY))
        check_keys(value, [*items, *version_keys, *kind_keys], [*required, *version_keys], place)
        hints = field_types(cls)
        converted = {
            name: self.convert(hints[name], part, key_path(place, name))
            for name, part in value.items()
            if name in items
        }
        try:
            return cls(**converted)
        except AudioManifoldError as error:
            raise MismatchError(place, f': {error}') from None

    def _check_file_version(self, version: tuple[str, int], value: Mapping[Any, Any], place: str) -> None:
        key, number = version
        rule = Rule(f'{number}, the version that this software reads', lambda found: found == number)
        self.convert(Annotated[int, rule], value[key], key_path(place, key))

    def _annotated(self, hint: Any, value: Any, place: str) -> Any:
        inner, rule = get_args(hint)[0], rule_of(get_args(hint))
        if rule is None:
            return self.convert(inner, value, place)
        try:
            converted = self.convert(inner, value, place)
            is_valid = rule.is_valid(converted)
        except MismatchError as mismatch:
            if mismatch.place != place and not rule.covers_items:
                raise
            is_valid = False
        if not is_valid:
            raise mismatch_error(hint, value, place)
        return converted

    def _union(self, hint: Any, value: Any, place: str) -> Any:
        if value is None and NoneType in get_args(hint):
            return None
        return self.convert(choose_alternative(get_args(hint), value, place), value, place)

    def _tuple(self, hint: Any, value: Any, place: str) -> tuple[Any, ...]:
        arguments = get_args(hint)
        is_variadic = len(arguments) == 2 and arguments[1] is Ellipsis
        if not isinstance(value, (list, tuple)) or not (is_variadic or len(value) == len(arguments)):
            raise mismatch_error(hint, value, place)
        hints = [arguments[0]] * len(value) if is_variadic else arguments
        pairs = zip(hints, value, strict=True)
        return tuple(self.convert(inner, item, f'{place}[{index}]') for index, (inner, item) in enumerate(pairs))

    def _list(self, hint: Any, value: Any, place: str) -> list[Any]:
        if not isinstance(value, list):
            raise mismatch_error(hint, value, place)
        return [self.convert(get_args(hint)[0], item, f'{place}[{index}]') for index, item in enumerate(value)]

    def _mapping(self, hint: Any, value: Any, place: str) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise mismatch_error(hint, value, place)
        key_hint, item_hint = get_args(hint)
        if get_origin(key_hint) is Literal:
            check_keys(value, get_args(key_hint), (), place)
        for key in value:
            if not isinstance(key, str):
                raise MismatchError(place, f' has the key {shorten(key)}: give a string, in quotes.')
        return {key: self.convert(item_hint, item, key_path(place, key)) for key, item in value.items()}


def _literal(hint: Any, value: Any, place: str) -> Any:
    if not any(type(value) is type(choice) and value == choice for choice in get_args(hint)):
        raise mismatch_error(hint, value, place)
    return value


def _scalar(hint: Any, value: Any, place: str) -> Any:
    if hint is float and type(value) is int and value.bit_length() < 1024:
        value = float(value)
    if type(value) is not hint or (hint is float and not math.isfinite(value)):
        raise mismatch_error(hint, value, place)
    return value


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


def _is_added(item: Field[Any]) -> bool:
    return bool(item.metadata.get('added'))


@cache
def field_types(cls: Any) -> Mapping[str, Any]:
    """Return the type hints of the fields of a dataclass, with `Annotated`."""
    return get_type_hints(cls, include_extras=True)
