# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frozen dataclasses from plain JSON values and back, strictly: every key and type must fit."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, fields, is_dataclass
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from audio_manifold_ros.common.errors import InferenceError

T = TypeVar('T')
SCALARS = {str: 'a text', bool: 'true or false', int: 'a whole number', float: 'a finite number'}


def parse_json(text: str, where: str) -> Any:
    """Parse JSON that repeats no key and holds no NaN or infinity.

    Raises:
        InferenceError: The text is no such JSON.

    """
    try:
        return json.loads(text, object_pairs_hook=_reject_duplicate_keys, parse_constant=_reject_constant)
    except (ValueError, RecursionError) as error:
        msg = f'{where} is no valid JSON: {error}. Export the bundle again.'
        raise InferenceError(msg) from None


def format_json(values: Any) -> str:
    """Return plain values as indented JSON with a final line end."""
    return json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False) + '\n'


def dataclass_to_json_values(value: Any) -> Any:
    """Return a dataclass as plain JSON values (tuples become lists)."""
    return json.loads(json.dumps(asdict(value), allow_nan=False))


def dataclass_from_json_values(cls: type[T], value: Any, where: str) -> T:
    """Build `cls`, a dataclass, from plain values.

    Args:
        cls: Dataclass whose fields are scalars, tuples, dicts with text keys, optional or other dataclasses.
        value: What JSON gave.
        where: Names the value in messages, for example `manifest.json`.

    Raises:
        InferenceError: A key is unknown or missing, or a value is of another type; the message names it.

    """
    if not isinstance(value, dict):
        msg = f'{where} is {_abbreviate(value)}: give an object with the keys {sorted(f.name for f in fields(cls))}.'  # type: ignore[arg-type]
        raise InferenceError(msg)
    hints = get_type_hints(cls)
    unknown, missing = sorted(set(value) - set(hints)), sorted(set(hints) - set(value))
    if unknown or missing:
        msg = f'{where} has unknown keys {unknown} and misses {missing}: the keys are {sorted(hints)}.'
        raise InferenceError(msg)
    return cls(**{key: _convert(hint, value[key], f'{where}: {key}') for key, hint in hints.items()})


def _convert(hint: Any, value: Any, where: str) -> Any:
    if hint is Any:
        return value
    if is_dataclass(hint):
        return dataclass_from_json_values(hint, value, where)  # type: ignore[arg-type]
    if get_origin(hint) is not None:
        return CONTAINERS[get_origin(hint)](get_args(hint), value, where)
    return _scalar(hint, value, where)


def _scalar(kind: type[Any], value: Any, where: str) -> Any:
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind or (kind is float and not math.isfinite(value)):
        msg = f'{where} is {_abbreviate(value)}: give {SCALARS[kind]}.'
        raise InferenceError(msg)
    return value


def _literal(choices: tuple[Any, ...], value: Any, where: str) -> Any:
    if value not in choices:
        msg = f'{where} is {_abbreviate(value)}: this software knows {list(choices)}.'
        raise InferenceError(msg)
    return value


def _tuple(arguments: tuple[Any, ...], value: Any, where: str) -> Any:
    variadic = len(arguments) == 2 and arguments[1] is Ellipsis
    if not isinstance(value, list) or not (variadic or len(value) == len(arguments)):
        msg = f'{where} is {_abbreviate(value)}: give a list{"" if variadic else f" of {len(arguments)}"}.'
        raise InferenceError(msg)
    hints = [arguments[0]] * len(value) if variadic else arguments
    return tuple(_convert(hint, item, f'{where}[{i}]') for i, (hint, item) in enumerate(zip(hints, value, strict=True)))


def _optional(arguments: tuple[Any, ...], value: Any, where: str) -> Any:
    return None if value is None else _convert(arguments[0], value, where)


def _dict(arguments: tuple[Any, ...], value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        msg = f'{where} is {_abbreviate(value)}: give an object.'
        raise InferenceError(msg)
    return {key: _convert(arguments[1], item, f'{where}[{key!r}]') for key, item in value.items()}


def _abbreviate(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + '...'


def _reject_duplicate_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        keys = [key for key, _ in pairs]
        msg = f'the keys {sorted({key for key in keys if keys.count(key) > 1})} are repeated'
        raise ValueError(msg)
    return values


def _reject_constant(name: str) -> Any:
    msg = f'{name} is no JSON number'
    raise ValueError(msg)


CONTAINERS = {Literal: _literal, tuple: _tuple, dict: _dict, Union: _optional, UnionType: _optional}
