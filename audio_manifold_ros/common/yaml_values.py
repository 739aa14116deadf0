# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Values from the events of the YAML parser, without recursion; see `yaml_file` for the rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from audio_manifold_ros.common.untrusted_text import MAX_DEPTH, parse_float, parse_integer, shorten

MAX_EXPANDED_NODES = 200_000
MERGE_KEY = '<<'
STRING_TAGS = ('!', 'tag:yaml.org,2002:str')
CONSTANTS = {'': None, '~': None, 'null': None, 'Null': None, 'NULL': None} | {
    spelling: value
    for word, value in (('true', True), ('yes', True), ('on', True), ('false', False), ('no', False), ('off', False))
    for spelling in (word, word.capitalize(), word.upper())
}
DECIMAL = re.compile(r'[-+]?(0|[1-9][0-9_]*)')
HEXADECIMAL = re.compile(r'[-+]?0x[0-9a-fA-F_]+')
FLOAT = re.compile(r'[-+]?(\.[0-9]+|(0|[1-9][0-9_]*)(\.[0-9_]*)?)([eE][-+]?[0-9]+)?')
NON_FINITE = re.compile(r'[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)')


@dataclass
class _Container:
    """A list or mapping under construction.

    Attributes:
        value: The list or dictionary.
        anchor: Its anchor, or None.
        first_node: Number of nodes before it.
        key: Key that waits for its value; `_NO_KEY` if none does.
        lines: Line of each key.
        merged: Mappings of merge keys.

    """

    value: list[Any] | dict[Any, Any]
    anchor: str | None
    first_node: int
    key: Any
    lines: dict[Any, int]
    merged: list[dict[Any, Any]]


_NO_KEY = object()


class YamlValues:
    """Builder of the value of one document.

    Args:
        allow_aliases: Accept aliases and merge keys, as long as they expand to at most `MAX_EXPANDED_NODES` values.

    """

    def __init__(self, *, allow_aliases: bool) -> None:
        """Start without a value."""
        self._allow_aliases = allow_aliases
        self._stack: list[_Container] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._node_count = 0
        self._documents = 0
        self._root: Any = None

    def build(self, events: Iterator[yaml.Event]) -> Any:
        """Return the value of the only document.

        Raises:
            ValueError: The text is refused; the message names the line.

        """
        line = 1
        try:
            for event in events:
                line = event.start_mark.line + 1
                self._take(event)
        except ValueError as problem:
            msg = f'line {line}: {problem}'
            raise ValueError(msg) from None
        return self._root

    def _take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._node_count += 1
            value = _scalar(event)
            is_merge_key = event.implicit[0] and value == MERGE_KEY
            self._remember(event.anchor, value, 1)
            self._add(value, event.start_mark.line + 1, is_merge_key=is_merge_key)
        elif isinstance(event, (yaml.SequenceStartEvent, yaml.MappingStartEvent)):
            self._open(event)
        elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            self._close(event.start_mark.line + 1)
        elif isinstance(event, yaml.AliasEvent):
            self._add_alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                msg = 'a second document begins: give one'
                raise ValueError(msg)

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        if event.tag not in (None, '!'):
            msg = f'the tag {shorten(event.tag)} is not supported: give plain values'
            raise ValueError(msg)
        if len(self._stack) >= MAX_DEPTH:
            msg = f'the text is nested more than {MAX_DEPTH} levels deep'
            raise ValueError(msg)
        if event.anchor is not None:
            self._check_aliases(f'the anchor {shorten(event.anchor)}')
        value: list[Any] | dict[Any, Any] = [] if isinstance(event, yaml.SequenceStartEvent) else {}
        self._stack.append(_Container(value, event.anchor, self._node_count, _NO_KEY, {}, []))
        self._node_count += 1

    def _close(self, line: int) -> None:
        container = self._stack.pop()
        value = container.value
        if container.merged and isinstance(value, dict):
            inherited = {key: item for mapping in reversed(container.merged) for key, item in mapping.items()}
            value = {**inherited, **value}
        self._remember(container.anchor, value, self._node_count - container.first_node)
        self._add(value, line)

    def _add_alias(self, event: yaml.AliasEvent) -> None:
        self._check_aliases(f'the alias {shorten(event.anchor)}')
        if event.anchor not in self._anchors:
            msg = f'the alias {shorten(event.anchor)} has no anchor before it'
            raise ValueError(msg)
        value, node_count = self._anchors[event.anchor]
        self._node_count += node_count
        if self._node_count > MAX_EXPANDED_NODES:
            msg = f'the aliases expand to more than {MAX_EXPANDED_NODES} values'
            raise ValueError(msg)
        self._add(value, event.start_mark.line + 1)

    def _check_aliases(self, what: str) -> None:
        if not self._allow_aliases:
            msg = f'{what} is not allowed here: write the values out'
            raise ValueError(msg)

    def _remember(self, anchor: str | None, value: Any, node_count: int) -> None:
        if anchor is not None:
            self._check_aliases(f'the anchor {shorten(anchor)}')
            self._anchors[anchor] = (value, node_count)

    def _add(self, value: Any, line: int, *, is_merge_key: bool = False) -> None:
        if not self._stack:
            self._root = value
            return
        container = self._stack[-1]
        if isinstance(container.value, list):
            container.value.append(value)
        elif container.key is _NO_KEY:
            self._begin_pair(container, value, line, is_merge_key=is_merge_key)
        elif container.key == MERGE_KEY and container.lines[MERGE_KEY] < 0:
            container.merged.extend(_mappings_to_merge(value))
            container.key = _NO_KEY
        else:
            container.value[container.key] = value
            container.key = _NO_KEY

    def _begin_pair(self, container: _Container, key: Any, line: int, *, is_merge_key: bool) -> None:
        if isinstance(key, (list, dict)):
            msg = f'the key {shorten(key)} is a list or mapping: give a string'
            raise ValueError(msg)  # noqa: TRY004 (the text is wrong, not the type of an argument)
        if is_merge_key:
            self._check_aliases(f'the merge key {MERGE_KEY!r}')
        if key in container.lines:
            msg = f'the key {shorten(key)} occurs twice, first in line {abs(container.lines[key])}: give it once'
            raise ValueError(msg)
        # A negative line marks the merge key, so that the string '<<' in quotes stays an ordinary key.
        container.lines[key] = -line if is_merge_key else line
        container.key = key


def _mappings_to_merge(value: Any) -> list[dict[Any, Any]]:
    mappings = value if isinstance(value, list) else [value]
    if not all(isinstance(mapping, dict) for mapping in mappings):
        msg = f'the merge key {MERGE_KEY!r} has the value {shorten(value)}: give an alias of a mapping'
        raise ValueError(msg)
    return mappings


def _scalar(event: yaml.ScalarEvent) -> Any:
    text = event.value
    if event.tag is not None and event.tag not in STRING_TAGS:
        msg = f'the tag {shorten(event.tag)} is not supported: give a plain value'
        raise ValueError(msg)
    return resolve_plain_scalar(text) if event.implicit[0] else text


def resolve_plain_scalar(text: str) -> bool | int | float | str | None:
    """Return the value of a scalar without quotes.

    Raises:
        ValueError: The scalar is a number that is too long or too large.

    """
    if text in CONSTANTS:
        return CONSTANTS[text]
    if DECIMAL.fullmatch(text):
        return parse_integer(text.replace('_', ''))
    if HEXADECIMAL.fullmatch(text):
        return parse_integer(text.replace('_', ''), 16)
    if FLOAT.fullmatch(text):
        return parse_float(text.replace('_', ''))
    if NON_FINITE.fullmatch(text):
        return float(text.lower().replace('.', ''))
    return text
