# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Helpers of the node tests: a node as a child process, and a client of it in this process."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import Transition
from rclpy.qos import QoSProfile

from audio_manifold_ros.nodes.common.perception_client import PerceptionClient
from audio_manifold_ros.processes.process_group import DIE_WITH_PARENT

if TYPE_CHECKING:
    from collections.abc import Callable

START_TIMEOUT_S = 40.0
CRASHES = (-signal.SIGSEGV, -signal.SIGBUS, -signal.SIGABRT)
CONFIGURE, CLEANUP = Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_CLEANUP
ACTIVATE, DEACTIVATE = Transition.TRANSITION_ACTIVATE, Transition.TRANSITION_DEACTIVATE

PACKAGES = {  # executable: its package in audio_manifold_ros.nodes
    'perception_node': 'perception',
    'recorder': 'recorder',
    'replay': 'replay',
    'rig_frames': 'rig',
    'simulated_drive': 'simulator',
}


class NodeProcess:
    """Process of an executable of the package, or of a module of the tests, with its output."""

    def __init__(self, module: str, log: Path, *remaps: str, **parameters: Any) -> None:
        ros_arguments = [
            part for name, value in parameters.items() for part in ('-p', f'{name.replace("__", ".")}:={value}')
        ]
        ros_arguments += [part for remap in remaps for part in ('-r', remap)]
        self._log = log
        full = module if '.' in module else f'audio_manifold_ros.nodes.{PACKAGES[module]}.{module}'
        with log.open('wb') as file:
            self.process = subprocess.Popen(
                [*DIE_WITH_PARENT, sys.executable, '-m', full, '--ros-args', *ros_arguments],
                stdout=file,
                stderr=subprocess.STDOUT,
            )

    @property
    def output(self) -> str:
        return self._log.read_text(encoding='utf-8', errors='replace')

    def end(self) -> int:
        """Interrupt the process as Ctrl-C does, and return the exit status. Print the output after a crash."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            status = self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        if status in CRASHES:
            print(self.output)
        return status

    def threads(self) -> int:
        return len(list(Path(f'/proc/{self.process.pid}/task').iterdir()))

    def file_descriptors(self) -> int:
        return len(list(Path(f'/proc/{self.process.pid}/fd').iterdir()))

    def children(self) -> list[str]:
        tasks = Path(f'/proc/{self.process.pid}/task')
        return [child for task in tasks.iterdir() for child in (task / 'children').read_text().split()]


class Peer:
    """A node in this process that controls and observes another node. Every wait has a deadline."""

    def __init__(self, name: str = 'perception') -> None:
        rclpy.init()
        self.node = _RecordingClient('peer', {}, target=name)
        self.diagnostics = self.node.received

    def close(self) -> None:
        self.node.destroy_node()
        rclpy.shutdown()

    def subscribe(self, kind: type, topic: str, qos: QoSProfile | int = 50) -> list[Any]:
        """Subscribe and return the list that messages are appended to."""
        messages: list[Any] = []
        self.node.create_subscription(kind, topic, messages.append, qos)
        return messages

    def wait(self, done: Callable[[], bool], seconds: float, description: str) -> None:
        self.node.wait(done, seconds, description)

    def spin(self, seconds: float) -> None:
        self.node.spin(seconds)

    def change(self, *transitions: int) -> bool:
        """Request transitions one after the other. Return False at the first that fails."""
        return all(self.node.try_change(transition, START_TIMEOUT_S) for transition in transitions)

    def state(self) -> str:
        return self.node.state(START_TIMEOUT_S)

    def set(self, name: str, value: Any) -> tuple[bool, str]:
        return self.node.set_parameter(name, value, START_TIMEOUT_S)

    def status(self, name: str) -> tuple[bytes, dict[str, str]]:
        """Return level and values of the newest diagnostics. The message is under the key `message`."""
        for message in reversed(self.diagnostics):
            for status in message.status:
                if status.name.endswith(f': {name}'):
                    return status.level, {**{pair.key: pair.value for pair in status.values}, 'message': status.message}
        return b'', {}


class _RecordingClient(PerceptionClient):
    """Client that stores all diagnostics messages."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.received: list[DiagnosticArray] = []
        super().__init__(*arguments, **options)

    def on_diagnostics(self, message: DiagnosticArray) -> None:
        super().on_diagnostics(message)
        self.received.append(message)
