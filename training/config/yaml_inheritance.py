# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""YAML files that say only in what they differ from another one, named by their key `base`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from audio_manifold_ros.common.errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Sequence

BASE = 'base'


def read_layers(path: Path | str, over: Sequence[Path | str] = ()) -> dict[str, Any]:
    """Read a file over its bases, and further files over the result.

    Mappings are joined key by key; lists and single values replace those below. `base` is a path relative to the file.

    Args:
        path: The file.
        over: Files that change some of it, each over those before.

    Raises:
        TrainingError: A file cannot be read, is no mapping, or is its own base.

    """
    values = _read(Path(path), ())
    for file in over:
        values = _merge(values, _read(Path(file), ()))
    return values


def _read(path: Path, override_values: tuple[Path, ...]) -> dict[str, Any]:
    if path.resolve() in override_values:
        msg = f'{str(path)!r} is its own base, by {[place.name for place in override_values]}: end the circle.'
        raise TrainingError(msg)
    try:
        values = yaml.safe_load(path.read_text(encoding='utf-8'))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        msg = f'{path}: {error}'
        raise TrainingError(msg) from None
    if not isinstance(values, dict):
        msg = f'{path}: holds {values!r:.80}: give a mapping of keys to values.'
        raise TrainingError(msg)
    base = values.pop(BASE, None)
    if base is None:
        return values
    if not isinstance(base, str):
        msg = f'{path}: {BASE} is {base!r}: give the path of one file.'
        raise TrainingError(msg)
    return _merge(_read(path.parent / base, (*override_values, path.resolve())), values)


def _merge(base_values: dict[str, Any], override_values: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base_values)
    for key, value in override_values.items():
        existing = merged.get(key)
        merged[key] = _merge(existing, value) if isinstance(existing, dict) and isinstance(value, dict) else value
    return merged
