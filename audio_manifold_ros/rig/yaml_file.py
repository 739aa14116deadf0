# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The files of a rig, from disk to plain values: the one place that says when a file is no YAML at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from audio_manifold_ros.common.errors import RigError

SAFE_LOADER = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)


def read_text(path: Path | str, name: str) -> str:
    """Return the text of a file of the rig; `name` is what such a file is called.

    Raises:
        RigError: It cannot be read.

    """
    try:
        return Path(path).read_text(encoding='utf-8')
    except (OSError, UnicodeDecodeError) as error:
        msg = f'Cannot read {str(path)!r}: {error}. Give the path of a {name}.'
        raise RigError(msg) from None


def parse_yaml(text: str, path: str, name: str) -> Any:
    """Return the values of a text; `path` says in messages where it comes from.

    Raises:
        RigError: It is no YAML.

    """
    try:
        return yaml.load(text, Loader=SAFE_LOADER)  # noqa: S506 (a safe loader, in C where there is one)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        msg = f'Cannot read {path!r}: {error}. Give the text of a {name}.'
        raise RigError(msg) from None


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]
    """Writes lists of plain values on one line, lists of mappings below each other."""


def _represent_list(dumper: Any, values: list[Any]) -> Any:
    is_flat = all(not isinstance(value, (list, dict)) for value in values)
    return dumper.represent_sequence('tag:yaml.org,2002:seq', values, flow_style=is_flat)


_Dumper.add_representer(list, _represent_list)


def write_yaml(values: Any) -> str:
    """Return values as YAML in the order given."""
    return str(yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120))
