# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Binding of parameter dataclasses to a node: declaration, validation, and changes while the node runs."""

from __future__ import annotations

from collections.abc import Sized
from typing import TYPE_CHECKING, Any, TypeVar

from rcl_interfaces.msg import SetParametersResult

from audio_manifold_ros.common.errors import NodeError
from audio_manifold_ros.nodes.common.parameters import build, check_names, parameter_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rclpy.node import Node
    from rclpy.parameter import Parameter

T = TypeVar('T')


class NodeParameters:
    """Parameters of a node.

    An invalid start value is replaced by the default, and `check` reports it. A lifecycle node therefore fails at
    `configure` with an error message instead of in its constructor.

    Args:
        node: The node.
        groups: Dataclasses of `parameters.parameter` fields.
        is_configured: Returns True while values that take effect only at `configure` must be refused.
        on_change: Called with the new values, by name, of parameters that take effect at once.

    """

    def __init__(
        self,
        node: Node,
        groups: Sequence[type],
        is_configured: Callable[[], bool],
        on_change: Callable[[Mapping[str, object]], None],
    ) -> None:
        """Declare all parameters."""
        self._node = node
        self._table = parameter_table(groups)
        self._is_configured = is_configured
        self._on_change = on_change
        self._rejected: dict[str, str] = {}
        # Private attribute: rclpy has no public access to start values before they are declared. `declare_parameter`
        # raises if a start value has a wrong type, and start values that are never declared are ignored silently. The
        # nodes report both at `configure`. The attribute has the same name from Humble on.
        self._overrides: dict[str, Parameter] = node._parameter_overrides  # noqa: SLF001
        for name, entry in self._table.items():
            node.declare_parameter(name, self._start_value(name), entry.descriptor(), ignore_override=True)
        node.add_on_set_parameters_callback(self._on_set)
        self._set_atomically = node.set_parameters_atomically
        # The parameter services call this method. rclpy refuses read-only parameters before any callback is called.
        setattr(node, 'set_parameters_atomically', self._set_changed)  # noqa: B010 - a method is replaced

    def check(self, *, shared: bool = False) -> None:
        """Refuse unknown names and invalid start values that have not been corrected since.

        Args:
            shared: Accept unknown names, because the parameter file is shared with another node.

        Raises:
            NodeError: One sentence for each invalid value, and one for the unknown names.

        """
        messages = list(self._rejected.values())
        try:
            check_names([] if shared else list(self._overrides), self._table)
        except NodeError as error:
            messages.append(str(error))
        if messages:
            raise NodeError(' '.join(messages))

    def read(self, group: type[T], changes: Mapping[str, object] | None = None) -> T:
        """Return the current values of a group.

        Args:
            group: One of the dataclasses.
            changes: New values by name, which override the current ones. `on_change` is called before they are stored.

        Raises:
            NodeError: A value is invalid.

        """
        values = {name: self._node.get_parameter(name).value for name in self._table}
        return build(group, {**values, **(changes or {})})

    def _start_value(self, name: str) -> Any:
        default = self._table[name].field.default
        if name not in self._overrides:
            return default
        try:
            return self._table[name].check(self._overrides[name].value)
        except NodeError as error:
            self._rejected[name] = str(error)
            return default

    def _set_changed(self, parameters: list[Parameter]) -> SetParametersResult:
        """Set the parameters whose value differs, so that `ros2 param load` accepts an unchanged dump at any time."""
        changed = [item for item in parameters if item.name in self._rejected or not self._is_current(item)]
        return self._set_atomically(changed) if changed else SetParametersResult(successful=True, reason='')

    def _is_current(self, item: Parameter) -> bool:
        if not self._node.has_parameter(item.name):
            return False
        current = self._node.get_parameter(item.name)
        # A dump does not contain the type of an empty list.
        are_empty_lists = _is_empty_list(item.value) and _is_empty_list(current.value)
        return are_empty_lists or (current.type_ == item.type_ and current.value == item.value)

    def _on_set(self, parameters: list[Parameter]) -> SetParametersResult:
        changes: dict[str, object] = {}
        for item in parameters:
            entry = self._table.get(item.name)
            if entry is None:
                continue
            try:
                value = entry.check(item.value)
            except NodeError as error:
                return SetParametersResult(successful=False, reason=str(error))
            if entry.running:
                changes[item.name] = value
            elif self._is_configured():
                reason = f'{item.name} takes effect at configure: clean up the node first, then set it.'
                return SetParametersResult(successful=False, reason=reason)
        for item in parameters:
            self._rejected.pop(item.name, None)
        if changes:
            self._on_change(changes)
        return SetParametersResult(successful=True, reason='')


def _is_empty_list(value: object) -> bool:
    return isinstance(value, Sized) and not isinstance(value, str) and not len(value)
