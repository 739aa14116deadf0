# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Changing values in the text of a YAML file and nothing else: comments, order and layout stay."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from audio_manifold_ros.common.errors import RigError

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class _Edit:
    """What takes the place of a stretch of the text; `column` is that of a key that is added."""

    start: int
    end: int
    new: str
    column: int = 0


def edit_values(text: str, where: str, values: Mapping[Path, Any]) -> str:
    """Return a text in which values are others.

    Args:
        text: YAML, a mapping or a sequence at its top.
        where: Where it comes from, for messages.
        values: New numbers, texts, booleans, or lists and mappings of them, by keys and list indices from the top. The
            keys at the end may be ones that their mapping lacks: they are added behind the others.

    Raises:
        RigError: The text is no YAML, or a place is not in it.

    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        msg = f'Cannot read {where!r}: {error}. Mend the file before values are changed in it.'
        raise RigError(msg) from None
    edits = [_edit(text, where, root, path, value) for path, value in values.items()]
    # From the end, so that places before stay where they are. Where an inner mapping ends with an outer one, what is
    # added to the inner one stands first.
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
            msg = f'{where}: has no {_place(path)}: is it the file that was measured with?'
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
        # YAML 1.1 takes 1e-05 for a text.
        return f'{value:.12f}'.rstrip('0') + '0' * value.is_integer()
    return f'[{", ".join(map(_to_flow_yaml, value))}]'


def _place(path: Path) -> str:
    return ''.join(f'[{key}]' if isinstance(key, int) else f'.{key}' for key in path).lstrip('.')
