# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frozen dataclasses from plain values, strictly: the same for networks, bundles and training files."""

from __future__ import annotations

from dataclasses import MISSING, fields, is_dataclass
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from audio_manifold_ros.common.errors import NetworkError

Config = TypeVar('Config')


def read_strict(cls: type[Config], values: Any, where: str = '') -> Config:
    """Build a frozen dataclass, and the dataclasses within it, from plain values of YAML or JSON.

    Args:
        cls: The dataclass.
        values: A mapping of its fields; lists become tuples, missing fields take their default.
        where: Dotted name of the place, for messages.

    Raises:
        NetworkError: A key is unknown or missing, or a value has the wrong type; the message names its place.

    """
    where = where or cls.__name__
    if not isinstance(values, dict):
        msg = f'{where} is {values!r}: give a mapping of keys to values.'
        raise NetworkError(msg)
    fields_by_name = {field.name: field for field in fields(cls)}  # type: ignore[arg-type]
    required = {name for name, field in fields_by_name.items() if field.default is field.default_factory is MISSING}
    unknown, missing = sorted(set(values) - set(fields_by_name)), sorted(required - set(values))
    if unknown or missing:
        msg = f'{where} has unknown keys {unknown} and lacks {missing}: its keys are {sorted(fields_by_name)}.'
        raise NetworkError(msg)
    hints = get_type_hints(cls)
    return cls(**{name: _convert(hints[name], value, f'{where}.{name}') for name, value in values.items()})


def _convert(hint: Any, value: Any, where: str) -> Any:
    if is_dataclass(hint):
        return read_strict(hint, value, where)  # type: ignore[arg-type]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is tuple and isinstance(value, (list, tuple)):
        item = arguments[0]
        return tuple(_convert(item, entry, f'{where}[{index}]') for index, entry in enumerate(value))
    if origin is dict and isinstance(value, dict):
        return {key: _convert(arguments[1], entry, f'{where}.{key}') for key, entry in value.items()}
    if origin is Union or type(None) in arguments:
        inner = next(argument for argument in arguments if argument is not type(None))
        return None if value is None else _convert(inner, value, where)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(hint, type) and (not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool)):
        msg = f'{where} is {value!r}: give a value of type {hint.__name__}.'
        raise NetworkError(msg)
    return value
