# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Inheritance of YAML files: a file holds its differences from another file, which its key `base` names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.untrusted_text import shorten
from audio_manifold_ros.common.yaml_file import read_yaml

if TYPE_CHECKING:
    from collections.abc import Sequence

BASE = 'base'
Values = dict[str, object]


def read_layers(path: Path | str, over: Sequence[Path | str] = ()) -> Values:
    """Read a file on top of its bases, and further files on top of the result.

    Mappings are merged key by key. Lists and single values replace those of the base. `base` is a path relative to the
    file.

    Args:
        path: The file.
        over: Files that change some of it, in order.

    Raises:
        TrainingError: A file cannot be read, is not a mapping, or is its own base.

    """
    values = _read(Path(path), ())
    for file in over:
        values = _merge(values, _read(Path(file), ()))
    return values


def _read(path: Path, override_values: tuple[Path, ...]) -> Values:
    if path.resolve() in override_values:
        msg = f'{str(path)!r} is its own base, through {[place.name for place in override_values]}: remove one `base`.'
        raise TrainingError(msg)
    values = read_yaml(path, TrainingError, 'Give a file of training/configs, or one like it.', allow_aliases=True)
    if not isinstance(values, dict):
        msg = f'{path} holds {shorten(values)}: give a mapping of keys to values.'
        raise TrainingError(msg)
    base = values.pop(BASE, None)
    if base is None:
        return values
    if not isinstance(base, str):
        msg = f'{path}: {BASE} is {shorten(base)}: give the path of one file.'
        raise TrainingError(msg)
    return _merge(_read(path.parent / base, (*override_values, path.resolve())), values)


def _merge(base_values: Values, override_values: Values) -> Values:
    merged = dict(base_values)
    for key, value in override_values.items():
        existing = merged.get(key)
        merged[key] = _merge(existing, value) if isinstance(existing, dict) and isinstance(value, dict) else value
    return merged
