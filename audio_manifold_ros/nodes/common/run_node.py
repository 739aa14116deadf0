# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Main loop and exit status of the node executables, and the clock of their timers."""

from __future__ import annotations

import faulthandler
import signal
import sys
import threading
import traceback
from typing import TYPE_CHECKING, TypeVar

import rclpy
from rclpy.clock import Clock, ClockType  # type: ignore[attr-defined]
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import try_shutdown

from audio_manifold_ros.common.errors import AudioManifoldError, NodeError
from audio_manifold_ros.nodes.common.command_line import describe_parse_error, help_text, own_options, with_log_folder

if TYPE_CHECKING:
    from collections.abc import Callable

N = TypeVar('N', bound=Node)
SPIN_TIMEOUT_S = 0.2
EXIT_USAGE = 2


def run_node(
    make_node: Callable[[], N], arguments: list[str] | None, ended: Callable[[N], bool] = lambda _: False
) -> None:
    """Spin a node until SIGINT, SIGTERM or its end, then destroy it while its context is still valid.

    The signal handlers of rclpy are not installed. They shut the context down at once, so that the node could not
    publish or log while it stops its threads.

    Args:
        make_node: Returns the node.
        arguments: Command line; None for `sys.argv`.
        ended: Returns True when the node has nothing left to do.

    Raises:
        NodeError: The command line cannot be parsed.

    """
    try:
        rclpy.init(args=with_log_folder(arguments), signal_handler_options=SignalHandlerOptions.NO)
    except Exception as error:  # noqa: BLE001 - the exception classes of rcl are private
        try_shutdown()
        raise NodeError(describe_parse_error(error)) from None
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    node = None
    try:
        node = make_node()
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        while not (stop.is_set() or ended(node)):
            _spin_once(executor, node)
        executor.shutdown()
    finally:
        if node is not None:
            node.destroy_node()
        try_shutdown()


def run_to_exit_status(
    make_node: Callable[[], N],
    arguments: list[str] | None,
    ended: Callable[[N], bool] = lambda _: False,
    status: Callable[[N], int] = lambda _: 0,
) -> int:
    """Run a node (see `run_node`) and return the exit status of its executable.

    `--help` prints the parameters of the node. Options of neither the node nor ROS are refused with status 2. A crash
    in native code prints the stack of each thread.

    Args:
        make_node: Returns the node. If it raises an `AudioManifoldError`, the message is printed and the status is 1.
        arguments: Command line; None for `sys.argv`.
        ended: Returns True when the node has nothing left to do.
        status: Returns the exit status. Called after the node is destroyed.

    """
    _report_crashes()
    try:
        options = own_options(arguments)
    except NodeError as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    if {'-h', '--help'} & set(options):
        print(help_text(make_node))
        return 0
    if options:
        print(
            f'Unknown arguments: {" ".join(options)}. Parameters are given as --ros-args -p name:=value. '
            '--help lists them.',
            file=sys.stderr,
        )
        return EXIT_USAGE
    nodes: list[N] = []

    def make() -> N:
        nodes.append(make_node())
        return nodes[-1]

    try:
        run_node(make, arguments, ended)
    except AudioManifoldError as error:
        print(error, file=sys.stderr)
        return 1
    return status(nodes[0])


def steady_clock() -> Clock:
    """Return a clock for timers that must run even while ROS time stands still because /clock has no publisher."""
    return Clock(clock_type=ClockType.STEADY_TIME)


def _report_crashes() -> None:
    if sys.__stderr__ is not None:
        faulthandler.enable(sys.__stderr__)


def _spin_once(executor: SingleThreadedExecutor, node: Node) -> None:
    """Run one callback and log its exception: an invalid request from another node must not end this one."""
    try:
        executor.spin_once(timeout_sec=SPIN_TIMEOUT_S)
    except Exception as error:  # noqa: BLE001
        node.get_logger().error(f'A callback failed: {error!r}')
        node.get_logger().debug(traceback.format_exc())
