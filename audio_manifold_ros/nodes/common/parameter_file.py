# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Values that a ROS parameter file gives a node of a name and namespace."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from audio_manifold_ros.common.errors import NodeError
from audio_manifold_ros.common.yaml_file import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE_REMEDY = 'Give a YAML file of the form node: ros__parameters: ...'
VALUES = 'ros__parameters'
# Wildcards of rcl: any number of names, and one name.
WILDCARDS = {'**': '(/[^/]+)*', '*': '/[^/]+'}


def node_values(path: Path, namespace: str, name: str) -> dict[str, object]:
    """Return the values that a parameter file gives a node, by ROS name.

    Sections are matched as rcl matches them: by the full name of the node, with the wildcards `*` and `**`. A later
    section overrides an earlier one.

    Args:
        path: The parameter file.
        namespace: Namespace of the node.
        name: Name of the node.

    Raises:
        NodeError: The file cannot be read, or no section of it is for this node.

    """
    full_name = full_node_name(namespace, name)
    values: dict[str, object] = {}
    sections = list(_sections('', read_yaml(path, NodeError, FILE_REMEDY)))
    matching = [section for pattern, section in sections if _matches(pattern, full_name)]
    if not matching:
        named = ', '.join(repr(pattern) for pattern, _ in sections[:8]) or 'no node'
        msg = (
            f'The parameter file {str(path)!r} holds values of {named} and none of {full_name!r}: '
            f'name the section {full_name!r} or /**.'
        )
        raise NodeError(msg)
    for section in matching:
        values.update(_flatten('', section))
    return values


def full_node_name(namespace: str, name: str) -> str:
    """Return the name of a node with its namespace, for example `/car/perception`."""
    return '/' + '/'.join(part for part in (namespace.strip('/'), name) if part)


def _sections(prefix: str, content: object) -> Iterator[tuple[str, object]]:
    """Yield the pattern of node names and the values of each section."""
    if isinstance(content, dict):
        for key, value in content.items():
            if key == VALUES:
                yield prefix, value
            else:
                yield from _sections(f'{prefix}/{str(key).strip("/")}', value)


def _matches(pattern: str, full_name: str) -> bool:
    parts = [WILDCARDS.get(part, '/' + re.escape(part)) for part in pattern.strip('/').split('/')]
    return re.fullmatch(''.join(parts), full_name) is not None


def _flatten(prefix: str, section: object) -> dict[str, object]:
    if not isinstance(section, dict):
        return {prefix: section}
    flat: dict[str, object] = {}
    for key, value in section.items():
        flat.update(_flatten(f'{prefix}.{key}' if prefix else str(key), value))
    return flat
