# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Checked values of parameter files, as the nodes read and check them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from audio_manifold_ros.nodes.common.parameter_file import node_values
from audio_manifold_ros.nodes.common.parameters import check_names, parameter_table


def checked_values(path: Path, node: str, groups: Sequence[type]) -> dict[str, Any]:
    """Return the values of a node, by ROS name.

    Raises:
        NodeError: The file cannot be read, or has unknown names or wrong values.

    """
    values = node_values(path, '', node)
    specs = parameter_table(groups)
    check_names(list(values), specs)
    return {name: specs[name].check(value) if name in specs else value for name, value in values.items()}
