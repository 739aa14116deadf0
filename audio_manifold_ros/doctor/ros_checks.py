# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Checks with a ROS node: middleware, audio topic, clock topic, and a perception node that runs already."""

from __future__ import annotations

import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import try_shutdown

from audio_manifold_ros.bags.statistics.preflight import Finding, Severity
from audio_manifold_ros.common.errors import NodeError
from audio_manifold_ros.doctor.audio_check import check_source
from audio_manifold_ros.nodes.common.parameter_file import full_node_name
from audio_manifold_ros.nodes.common.perception_client import PERCEPTION
from audio_manifold_ros.nodes.perception.perception_parameters import SourceParameters
from audio_manifold_ros.nodes.perception.source_factory import make_source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audio_manifold_ros.doctor.doctor_settings import DoctorSettings
    from audio_manifold_ros.rig.rig import MicrophoneArray

NODE_NAME = 'audio_manifold_doctor'
DISCOVERY_S = 2.0
STATUS_LEVELS = {DiagnosticStatus.WARN: Severity.WARNING, DiagnosticStatus.ERROR: Severity.ERROR}


def check_graph(settings: DoctorSettings, array: MicrophoneArray | None, seconds: float) -> list[Finding]:
    """Start a node, wait for discovery, and check what the perception node needs from other nodes.

    Args:
        settings: Parameters of the perception node.
        array: The microphones. None checks every channel.
        seconds: Duration of the measurement of the audio topic.

    """
    try:
        with _running_node(settings.namespace) as node:
            statuses: dict[str, DiagnosticStatus] = {}
            node.create_subscription(DiagnosticArray, '/diagnostics', partial(_collect, statuses), 10)
            time.sleep(DISCOVERY_S)
            findings = _check_clock_topic(node, settings)
            if settings.source_kind == 'topic':
                name = node.resolve_topic_name(settings.topic)
                make = partial(make_source, node, _source_parameters(settings), Path(settings.rig))
                findings += check_source(name, make, array, seconds)
            return [*findings, *_check_perception_node(node, settings, statuses)]
    # The classes of rcl's errors are private: an invalid namespace or topic, or a failure of the middleware.
    except (RuntimeError, NodeError, ValueError) as error:
        return [Finding(Severity.ERROR, 'ROS graph', f'{error}: check the namespace and the topic.')]


def _source_parameters(settings: DoctorSettings) -> SourceParameters:
    """Return the parameters of the topic source of the node."""
    return SourceParameters(
        kind='topic',
        topic=settings.topic,
        topic_type=settings.topic_type,
        topic_info=settings.topic_info,
        topic_rate_hz=settings.topic_rate_hz,
        topic_channels=settings.topic_channels,
        topic_format=settings.topic_format,
    )


@contextmanager
def _running_node(namespace: str) -> Iterator[Node]:
    """Yield a node that a thread spins."""
    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    try:
        node = Node(NODE_NAME, namespace=namespace)
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        thread = Thread(target=_spin, args=(executor,), name=NODE_NAME, daemon=True)
        thread.start()
        try:
            yield node
        finally:
            executor.shutdown()
            thread.join()
            node.destroy_node()
    finally:
        try_shutdown()


def _spin(executor: SingleThreadedExecutor) -> None:
    try:
        executor.spin()
    except ExternalShutdownException:
        return


def _collect(statuses: dict[str, DiagnosticStatus], message: DiagnosticArray) -> None:
    statuses.update({status.name: status for status in message.status})


def _check_clock_topic(node: Node, settings: DoctorSettings) -> list[Finding]:
    publishers = node.count_publishers('/clock')
    if settings.use_sim_time and not publishers:
        text = 'use_sim_time is set and nothing publishes /clock: start the simulator or the bag, or set it to false.'
        return [Finding(Severity.ERROR, '/clock', text)]
    if publishers and not settings.use_sim_time:
        text = f'{publishers} publishers send simulated time, and use_sim_time is false: set it to true, or end them.'
        return [Finding(Severity.WARNING, '/clock', text)]
    return []


def _check_perception_node(
    node: Node, settings: DoctorSettings, statuses: dict[str, DiagnosticStatus]
) -> list[Finding]:
    """Return the faults that a running perception node reports, and name clashes."""
    full_name = full_node_name(settings.namespace, PERCEPTION)
    running = sum(full_node_name(space, name) == full_name for name, space in node.get_node_names_and_namespaces())
    if not running:
        return [Finding(Severity.OK, full_name, 'no node of this name runs yet.')]
    if running > 1:
        text = f'{running} nodes have this name: end all but one, or give each vehicle a namespace.'
        return [Finding(Severity.ERROR, full_name, text)]
    own = [status for status in statuses.values() if status.name.startswith(full_name.strip('/'))]
    faults = [
        Finding(STATUS_LEVELS.get(status.level, Severity.ERROR), full_name, f'{status.name}: {status.message}')
        for status in own
        if status.level != DiagnosticStatus.OK
    ]
    return faults or [Finding(Severity.OK, full_name, f'runs, {len(own)} diagnostics without a fault.')]
