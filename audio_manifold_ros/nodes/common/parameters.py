# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Parameters of nodes as frozen dataclasses: one field is one ROS parameter, with all that is known about it.

A dataclass names its ROS prefix in the class variable `PREFIX`; the field `rate_hz` of prefix `prediction` is the
parameter `prediction.rate_hz`. The same classes are filled from YAML files, so that both refuse the same values.
"""

from __future__ import annotations

import math
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

import yaml
from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor

from audio_manifold_ros.common.errors import NodeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

T = TypeVar('T')
STRINGS = tuple[str, ...]
# What the ROS client library declares on its own.
RCLPY_NAMES = ('use_sim_time', 'start_type_description_service')
RCLPY_PREFIX = 'qos_overrides.'


def parameter(
    default: Any,
    description: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[str, ...] = (),
    running: bool = False,
    read_only: bool = False,
) -> Any:
    """Describe a field that is a ROS parameter.

    Args:
        default: Its type is the parameter's type: bool, int, float, str or a tuple of str.
        description: One sentence.
        minimum: Least value that is accepted.
        maximum: Greatest value that is accepted.
        choices: The accepted strings.
        running: A new value takes effect at once; otherwise it is accepted only before `configure`.
        read_only: The value is fixed when the node starts.

    """
    metadata = {
        'description': description,
        'range': None if minimum is None or maximum is None else (minimum, maximum),
        'choices': choices,
        'running': running,
        'read_only': read_only,
    }
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class ParameterSpec:
    """One parameter: its ROS name, its type and the field it fills."""

    name: str
    kind: type[Any]
    field: Field[Any]

    @property
    def running(self) -> bool:
        """Whether a new value takes effect at once."""
        return bool(self.field.metadata['running'])

    def check(self, value: Any) -> Any:
        """Return the value in the parameter's type; an integer counts as a float.

        Raises:
            NodeError: Type, range or choice is wrong; the message begins with the parameter's name.

        """
        if self.kind is float and type(value) is int:
            value = float(value)
        expected = self._describe_expected()
        if self.kind == STRINGS:
            return self._check_strings(value)
        limits, choices = self.field.metadata['range'], self.field.metadata['choices']
        is_valid = (
            type(value) is self.kind
            and (self.kind is not float or math.isfinite(value))
            and (limits is None or limits[0] <= value <= limits[1])
            and (not choices or value in choices)
        )
        if not is_valid:
            msg = f'{self.name} is {value!r}: give {expected}.'
            raise NodeError(msg)
        return value

    def descriptor(self) -> ParameterDescriptor:
        """Return what ROS tools show of the parameter."""
        meta = self.field.metadata
        bounds = (
            {}
            if meta['range'] is None
            else {'from_value': self.kind(meta['range'][0]), 'to_value': self.kind(meta['range'][1])}
        )
        return ParameterDescriptor(
            name=self.name,
            description=meta['description'],
            additional_constraints=f'{self._describe_expected()}; takes effect {"at once" if self.running else "at configure"}',
            read_only=meta['read_only'],
            integer_range=[IntegerRange(**bounds, step=0)] if bounds and self.kind is int else [],
            floating_point_range=[FloatingPointRange(**bounds, step=0.0)] if bounds and self.kind is float else [],
        )

    def _check_strings(self, value: Any) -> tuple[str, ...]:
        if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) and item for item in value):
            msg = f'{self.name} is {value!r}: give {self._describe_expected()}.'
            raise NodeError(msg)
        return tuple(value)

    def _describe_expected(self) -> str:
        limits, choices = self.field.metadata['range'], self.field.metadata['choices']
        nouns: dict[Any, str] = {
            bool: 'true or false',
            int: 'an integer',
            float: 'a number',
            str: 'a string',
            STRINGS: 'a list of strings, none of them empty',
        }
        if choices:
            return f'one of {", ".join(choices)}'
        return nouns[self.kind] if limits is None else f'{nouns[self.kind]} from {limits[0]} to {limits[1]}'


def parameter_specs(group: type) -> tuple[ParameterSpec, ...]:
    """List the parameters of a dataclass."""
    prefix = group.PREFIX  # type: ignore[attr-defined]
    hints = get_type_hints(group)
    return tuple(
        ParameterSpec(f'{prefix}.{item.name}' if prefix else item.name, hints[item.name], item)
        for item in fields(group)
    )


def parameter_table(groups: Sequence[type]) -> dict[str, ParameterSpec]:
    """Return the parameters of several dataclasses by ROS name."""
    return {entry.name: entry for group in groups for entry in parameter_specs(group)}


def build(group: type[T], values: Mapping[str, Any]) -> T:
    """Fill a dataclass from values by ROS name; what is absent keeps its default.

    Raises:
        NodeError: A value is wrong.

    """
    return group(**{e.field.name: e.check(values[e.name]) for e in parameter_specs(group) if e.name in values})


def check_names(names: Sequence[str], specs: Mapping[str, ParameterSpec]) -> None:
    """Refuse names that no parameter has.

    Raises:
        NodeError: Lists the unknown names and the known ones.

    """
    unknown = sorted(
        name for name in names if name not in specs and name not in RCLPY_NAMES and not name.startswith(RCLPY_PREFIX)
    )
    if unknown:
        msg = f'Unknown parameters {", ".join(unknown)}: the known ones are {", ".join(sorted(specs))}.'
        raise NodeError(msg)


def load_yaml(path: Path | str, node_name: str, groups: Sequence[type]) -> dict[str, Any]:
    """Read the values that a ROS parameter file holds for a node, by ROS name, checked.

    The file's sections `/**` and `node_name` are read, the latter wins, as ROS does without namespaces.

    Raises:
        NodeError: The file cannot be read, or holds unknown names or wrong values.

    """
    try:
        data = dict(yaml.safe_load(Path(path).read_text(encoding='utf-8')))
        sections = [data[key]['ros__parameters'] for key in ('/**', node_name, f'/{node_name}') if key in data]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        expected = 'Give a YAML file of the form node: ros__parameters: ...'
        msg = f'Cannot read the parameter file {str(path)!r}: {error!r}. {expected}'
        raise NodeError(msg) from None
    values: dict[str, Any] = {}
    for section in sections:
        values.update(_flatten('', section))
    specs = parameter_table(groups)
    check_names(list(values), specs)
    return {name: specs[name].check(value) if name in specs else value for name, value in values.items()}


def _flatten(prefix: str, section: Any) -> dict[str, Any]:
    if not isinstance(section, dict):
        return {prefix: section}
    flat: dict[str, Any] = {}
    for key, value in section.items():
        flat.update(_flatten(f'{prefix}.{key}' if prefix else str(key), value))
    return flat
