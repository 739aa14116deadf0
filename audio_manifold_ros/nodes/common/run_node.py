# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The main loop of an executable."""

from __future__ import annotations

import signal
import sys
import threading
import traceback
from typing import TYPE_CHECKING, TypeVar

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import try_shutdown

from audio_manifold_ros.common.errors import AudioManifoldError

if TYPE_CHECKING:
    from collections.abc import Callable

N = TypeVar('N', bound=Node)
SPIN_TIMEOUT_S = 0.2


def run_node(
    make_node: Callable[[], N], arguments: list[str] | None, ended: Callable[[N], bool] = lambda _: False
) -> None:
    """Spin a node until SIGINT or SIGTERM, or until it has ended; then release it while it can still publish.

    The signal handlers of rclpy would take the context away from the node's threads first.
    """
    rclpy.init(args=arguments, signal_handler_options=SignalHandlerOptions.NO)
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

    Args:
        make_node: Makes the node; what it refuses is printed, and the status is 1.
        arguments: Of the command line.
        ended: Whether the node has nothing left to do.
        status: Asked once the node is released.

    """
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


def _spin_once(executor: SingleThreadedExecutor, node: Node) -> None:
    """Serve one callback; one that raises must not end the node, as a foreign lifecycle request otherwise would."""
    try:
        executor.spin_once(timeout_sec=SPIN_TIMEOUT_S)
    except Exception as error:  # noqa: BLE001
        node.get_logger().error(f'A callback failed: {error}\n{traceback.format_exc()}')
