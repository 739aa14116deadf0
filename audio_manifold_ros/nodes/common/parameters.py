# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ROS parameters as fields of frozen dataclasses, with type, range, choices and description.

The class variable `PREFIX` of a dataclass is the prefix of its ROS names: the field `rate_hz` with the prefix
`prediction` is the parameter `prediction.rate_hz`. Values from the command line, from `ros2 param set` and from
parameter files pass the same check.
"""

from __future__ import annotations

from dataclasses import Field, dataclass, field, fields
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor

from audio_manifold_ros.common.errors import NodeError
from audio_manifold_ros.common.schema import convert, field_types
from audio_manifold_ros.common.schema_errors import expected_text
from audio_manifold_ros.common.schema_rules import Rule, between, one_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

T = TypeVar('T')
# What the ROS client library declares itself.
RCLPY_NAMES = ('use_sim_time', 'start_type_description_service')
PREFIX = 'PREFIX'
RCLPY_PREFIX = 'qos_overrides.'
NON_EMPTY_STRINGS = Rule('a list of strings, none of them empty', all, covers_items=True)


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
        default: Default of the type of the parameter: bool, int, float, str or a tuple of str.
        description: One sentence.
        minimum: Smallest accepted value.
        maximum: Largest accepted value.
        choices: The accepted strings.
        running: A new value takes effect at once. Otherwise it is accepted only before `configure`.
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
    """One parameter.

    Attributes:
        name: Its ROS name.
        kind: Its type.
        field: The field of the dataclass.

    """

    name: str
    kind: Any
    field: Field[Any]

    @property
    def running(self) -> bool:
        """True if a new value takes effect at once."""
        return bool(self.field.metadata['running'])

    def check(self, value: Any) -> Any:
        """Return the value in the type of the parameter.

        An integer is accepted for a number, and for a string: ROS reads `-p name:=20261128` as an integer.

        Raises:
            NodeError: Type, range or choice is wrong. The message begins with the name of the parameter.

        """
        if self.kind is str and type(value) is int:
            value = str(value)
        return convert(self._schema, value, self.name, NodeError)

    def descriptor(self) -> ParameterDescriptor:
        """Return the description for ROS tools."""
        meta = self.field.metadata
        bounds = (
            {}
            if meta['range'] is None
            else {'from_value': self.kind(meta['range'][0]), 'to_value': self.kind(meta['range'][1])}
        )
        effect = 'at once' if self.running else 'at configure'
        return ParameterDescriptor(
            name=self.name,
            description=meta['description'],
            additional_constraints=f'{expected_text(self._schema)}; takes effect {effect}',
            read_only=meta['read_only'],
            integer_range=[IntegerRange(**bounds, step=0)] if bounds and self.kind is int else [],
            floating_point_range=[FloatingPointRange(**bounds, step=0.0)] if bounds and self.kind is float else [],
        )

    @property
    def _schema(self) -> Any:
        meta = self.field.metadata
        if meta['range'] is not None:
            return Annotated[self.kind, between(*meta['range'])]
        if meta['choices']:
            return Annotated[self.kind, one_of(*meta['choices'])]
        return self.kind if self.kind in (bool, int, float, str) else Annotated[self.kind, NON_EMPTY_STRINGS]


def parameter_specs(group: type) -> tuple[ParameterSpec, ...]:
    """List the parameters of a dataclass."""
    prefix = getattr(group, PREFIX)
    hints = field_types(group)
    return tuple(
        ParameterSpec(f'{prefix}.{item.name}' if prefix else item.name, hints[item.name], item)
        for item in fields(group)
    )


def parameter_table(groups: Sequence[type]) -> dict[str, ParameterSpec]:
    """Return the parameters of several dataclasses by ROS name."""
    return {entry.name: entry for group in groups for entry in parameter_specs(group)}


def build(group: type[T], values: Mapping[str, Any]) -> T:
    """Return a dataclass with values by ROS name. An absent value takes its default.

    Raises:
        NodeError: A value is wrong.

    """
    return group(**{e.field.name: e.check(values[e.name]) for e in parameter_specs(group) if e.name in values})


def check_names(names: Sequence[str], specs: Mapping[str, ParameterSpec]) -> None:
    """Refuse names of unknown parameters.

    Raises:
        NodeError: A name is unknown. The message lists the known names.

    """
    unknown = sorted(
        name for name in names if name not in specs and name not in RCLPY_NAMES and not name.startswith(RCLPY_PREFIX)
    )
    if unknown:
        msg = f'Unknown parameters {", ".join(unknown)}: the known ones are {", ".join(sorted(specs))}.'
        raise NodeError(msg)
