# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Dataclasses of several kinds in one place of a file: the key `kind` states which one a mapping describes.

A dataclass states its kind in the class variable `KIND`. A mapping without the key describes the one without a kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType
from typing import Any

from audio_manifold_ros.common.schema_errors import MismatchError, key_path
from audio_manifold_ros.common.untrusted_text import shorten

# Name of the class variable, and of the key.
KIND = 'KIND'
KIND_KEY = 'kind'


def kind_of(cls: Any) -> str | None:
    """Return the kind of a dataclass, None for one without a kind."""
    kind: str | None = getattr(cls, KIND, None)
    return kind


def choose_alternative(arguments: tuple[Any, ...], value: object, place: str) -> Any:
    """Return the type that a value is to have.

    Args:
        arguments: Types of a `Union`: one type and None, or dataclasses of different kinds.
        value: The plain value.
        place: Its key path.

    Raises:
        MismatchError: No dataclass has the kind of the value.

    """
    choices = [argument for argument in arguments if argument is not NoneType]
    if len(choices) == 1:
        return choices[0]
    kinds = {kind_of(choice): choice for choice in choices}
    kind = value.get(KIND_KEY) if isinstance(value, Mapping) else None
    if isinstance(kind, (str, NoneType)) and kind in kinds:
        return kinds[kind]
    if kind is None:
        return choices[0]
    names = ', '.join(name for name in kinds if name is not None)
    untagged = ', or leave it out' if None in kinds else ''
    raise MismatchError(key_path(place, KIND_KEY), f' is {shorten(kind)}: give one of {names}{untagged}.')
