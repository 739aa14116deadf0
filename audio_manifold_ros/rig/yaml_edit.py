# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Edits of values in the text of a YAML file that leave every other byte as it is.

The round trip of ruamel.yaml was tried: it rewrites untouched lines (`{a: 1,b: 2}`, `+3`, `null`, line breaks in lists,
Windows line ends), so the value is replaced in the text between the marks that PyYAML gives.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from audio_manifold_ros.common.errors import RigError
from audio_manifold_ros.common.yaml_file import parse_yaml

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class _Edit:
    """Replacement of a part of the text.

    Attributes:
        start: First index of the replaced part.
        end: Index after the replaced part.
        new: The new text.
        column: Column of an added key; 0 for a replaced value.

    """

    start: int
    end: int
    new: str
    column: int = 0


def edit_values(text: str, where: str, values: Mapping[Path, Any]) -> str:
    """Return a text with other values.

    Args:
        text: YAML with a mapping or a sequence at the top.
        where: Name of the text in messages.
        values: New numbers, strings, booleans, or lists and mappings of them, by the keys and list indices from the
            top. Keys at the end of a path may be new: they are added after the other keys of their mapping.

    Raises:
        RigError: The text is not YAML, or does not have a place.

    """
    # Refuses aliases, repeated keys and deep nesting, which the edit below does not handle.
    parse_yaml(text, where, RigError, 'Correct the file before values are changed in it.')
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    edits = [_edit(text, where, root, path, value) for path, value in values.items()]
    # Edits are made from the end, so that earlier places keep their index. If an inner mapping ends together with an
    # outer one, the key that is added to the inner one comes first.
    ranks = sorted(range(len(edits)), key=lambda number: (edits[number].start, -edits[number].column, number))
    for edit in (edits[number] for number in reversed(ranks)):
        text = text[: edit.start] + edit.new + text[edit.end :]
    return text


def _edit(text: str, where: str, root: yaml.Node, path: Path, value: Any) -> _Edit:
    node = root
    for depth, key in enumerate(path):
        child = _child(node, key)
        if child is None and isinstance(node, yaml.MappingNode) and node.value and _all_names(path[depth:]):
            for name in reversed(path[depth + 1 :]):
                value = {name: value}
            return _addition(text, node, str(key), value)
        if child is None:
            msg = f'{where}: has no {_place(path)}. Give the file that was used for the measurement.'
            raise RigError(msg)
        node = child
    start, end = node.start_mark.index, node.end_mark.index
    return _Edit(start, start + len(text[start:end].rstrip()), _to_flow_yaml(value))


def _all_names(path: Path) -> bool:
    return all(isinstance(key, str) for key in path)


def _child(node: yaml.Node, key: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int):
        return node.value[key] if 0 <= key < len(node.value) else None
    if isinstance(node, yaml.MappingNode):
        return next((value for name, value in node.value if name.value == key), None)
    return None


def _addition(text: str, mapping: yaml.MappingNode, key: str, value: Any) -> _Edit:
    first, last = mapping.value[0][0], mapping.value[-1][1]
    end = last.start_mark.index + len(text[last.start_mark.index : last.end_mark.index].rstrip())
    if mapping.flow_style:
        return _Edit(end, end, f', {key}: {_to_flow_yaml(value)}', first.start_mark.column)
    line_end = text.find('\n', end)
    at = len(text) if line_end < 0 else line_end
    column = first.start_mark.column
    return _Edit(at, at, f'\n{" " * column}{key}: {_to_flow_yaml(value)}', column)


def _to_flow_yaml(value: Any) -> str:
    """Return a value as YAML on one line."""
    if isinstance(value, Mapping):
        return f'{{{", ".join(f"{key}: {_to_flow_yaml(part)}" for key, part in value.items())}}}'
    if isinstance(value, bool) or not isinstance(value, (float, Sequence)) or isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, float):
        # YAML 1.1 reads 1e-05 as a string.
        return f'{value:.12f}'.rstrip('0') + '0' * value.is_integer()
    return f'[{", ".join(map(_to_flow_yaml, value))}]'


def _place(path: Path) -> str:
    return ''.join(f'[{key}]' if isinstance(key, int) else f'.{key}' for key in path).lstrip('.')
