# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Command line of the node executables: help, options of their own, and the log folder of ROS."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from rclpy.utilities import remove_ros_args

from audio_manifold_ros.common.errors import NodeError
from audio_manifold_ros.nodes.common.parameters import parameter_table

if TYPE_CHECKING:
    from collections.abc import Sequence

ROS_ARGUMENTS = '--ros-args'
NO_LOG_FILE = (ROS_ARGUMENTS, '--disable-external-lib-logs')


def own_options(arguments: Sequence[str] | None) -> list[str]:
    """Return the arguments that are not for ROS, without the name of the program.

    Args:
        arguments: Command line, with or without the name of the program; None for `sys.argv`.

    Raises:
        NodeError: ROS cannot parse its arguments.

    """
    given = list(sys.argv if arguments is None else arguments)
    is_program = bool(given) and (arguments is None or not (given[0].startswith('-') or ':=' in given[0]))
    given = given[1:] if is_program else given
    try:
        rest: list[str] = remove_ros_args(given)
    except Exception as error:  # noqa: BLE001 - the exception classes of rcl are private
        raise NodeError(describe_parse_error(error)) from None
    # ROS takes these for remappings of the time before --ros-args, with a warning only.
    own = given[: given.index(ROS_ARGUMENTS)] if ROS_ARGUMENTS in given else given
    return [argument for argument in own if ':=' in argument] + rest


def describe_parse_error(error: Exception) -> str:
    """Return a sentence for an error of rcl that concerns the command line."""
    reason = str(error).partition(', at ')[0].strip()
    return f'The command line cannot be used: {reason}. Give parameters as --ros-args -p name:=value.'


def help_text(make_node: object) -> str:
    """Return the description of a node class and the table of its parameters.

    Args:
        make_node: The class. Its docstring and its attribute `PARAMETER_GROUPS` are used.

    """
    purpose = (getattr(make_node, '__doc__', None) or '').strip().partition('\n\n')[0]
    lines = [
        f'usage: {Path(sys.argv[0]).name} [-h] [--ros-args -p NAME:=VALUE ... -r FROM:=TO ... --params-file FILE]',
        '',
        ' '.join(purpose.split()),
        '',
        'parameters:',
    ]
    for name, entry in parameter_table(getattr(make_node, 'PARAMETER_GROUPS', ())).items():
        default = entry.field.default
        shown = str(default).lower() if isinstance(default, bool) else repr(default)
        lines += [f'  {name} (default {shown})', f'      {entry.field.metadata["description"]}']
    lines += ['', 'A string that looks like a number is quoted twice: -p name:=\'"20261128"\'.']
    return '\n'.join(lines)


def with_log_folder(arguments: Sequence[str] | None) -> list[str]:
    """Return the command line, with log files switched off if their folder cannot be written.

    rcl refuses to start without its log folder. The terminal and /rosout still get all messages.
    """
    given = list(sys.argv if arguments is None else arguments)
    folder = log_folder()
    reason = _unwritable_reason(folder)
    if not reason:
        return given
    print(
        f'The log folder {str(folder)!r} cannot be used ({reason}): no log file is written. Set ROS_LOG_DIR to a '
        'folder that can be written.',
        file=sys.stderr,
    )
    return [*given, *NO_LOG_FILE]


def log_folder() -> Path:
    """Return the folder in which rcl writes log files."""
    if os.environ.get('ROS_LOG_DIR'):
        return Path(os.environ['ROS_LOG_DIR']).expanduser()
    if os.environ.get('ROS_HOME'):
        return Path(os.environ['ROS_HOME']).expanduser() / 'log'
    return Path(os.environ.get('HOME') or '/') / '.ros' / 'log'


def _unwritable_reason(folder: Path) -> str:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return ''
    except OSError as error:
        return error.strerror or str(error)
