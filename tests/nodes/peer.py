# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The other end of DDS: a node that leads, feeds and hears a perception node in another process."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile

from audio_manifold_ros.processes.process_group import DIE_WITH_PARENT

if TYPE_CHECKING:
    from collections.abc import Callable

START_TIMEOUT_S = 40.0
CONFIGURE, CLEANUP = Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_CLEANUP
ACTIVATE, DEACTIVATE = Transition.TRANSITION_ACTIVATE, Transition.TRANSITION_DEACTIVATE

PACKAGES = {  # of the executables below audio_manifold_ros.nodes
    'perception_node': 'perception',
    'recorder': 'recorder',
    'replay': 'replay',
    'rig_frames': 'rig',
    'simulated_drive': 'simulator',
}


class NodeProcess:
    """An executable of the package, or a module of the tests, as a process, with what it printed."""

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
        """Interrupt it as Ctrl-C does; returns the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def threads(self) -> int:
        return len(list(Path(f'/proc/{self.process.pid}/task').iterdir()))

    def file_descriptors(self) -> int:
        return len(list(Path(f'/proc/{self.process.pid}/fd').iterdir()))

    def children(self) -> list[str]:
        tasks = Path(f'/proc/{self.process.pid}/task')
        return [child for task in tasks.iterdir() for child in (task / 'children').read_text().split()]


class Peer:
    """A node in this process; everything waits with a deadline."""

    def __init__(self, name: str = 'perception') -> None:
        rclpy.init()
        self.node = rclpy.create_node('peer')
        self._executor = rclpy.executors.SingleThreadedExecutor()
        self._executor.add_node(self.node)
        self._change = self.node.create_client(ChangeState, f'/{name}/change_state')
        self._state = self.node.create_client(GetState, f'/{name}/get_state')
        self._set = self.node.create_client(SetParameters, f'/{name}/set_parameters')
        self.diagnostics: list[DiagnosticArray] = []
        self.node.create_subscription(DiagnosticArray, '/diagnostics', self.diagnostics.append, 10)

    def close(self) -> None:
        self._executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown()

    def subscribe(self, kind: type, topic: str, qos: QoSProfile | int = 50) -> list[Any]:
        """Subscribe and return the list that messages are appended to."""
        messages: list[Any] = []
        self.node.create_subscription(kind, topic, messages.append, qos)
        return messages

    def wait(self, done: Callable[[], bool], seconds: float, description: str) -> None:
        deadline = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < deadline, f'{description}: not within {seconds} s'
            self._executor.spin_once(timeout_sec=0.05)

    def spin(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._executor.spin_once(timeout_sec=0.02)

    def change(self, *transitions: int) -> bool:
        """Ask for transitions one after the other; False at the first that fails."""
        return all(
            self._ask(self._change, ChangeState.Request(transition=Transition(id=transition))).success
            for transition in transitions
        )

    def state(self) -> str:
        return str(self._ask(self._state, GetState.Request()).current_state.label)

    def set(self, name: str, value: Any) -> tuple[bool, str]:
        request = SetParameters.Request(parameters=[Parameter(name, value=value).to_parameter_msg()])
        result = self._ask(self._set, request).results[0]
        return result.successful, result.reason

    def status(self, name: str) -> tuple[bytes, dict[str, str]]:
        """Return level and values of the newest diagnostics; the message is under the key `message`."""
        for message in reversed(self.diagnostics):
            for status in message.status:
                if status.name.endswith(f': {name}'):
                    return status.level, {**{pair.key: pair.value for pair in status.values}, 'message': status.message}
        return b'', {}

    def _ask(self, client: Any, request: Any) -> Any:
        self.wait(client.service_is_ready, START_TIMEOUT_S, client.srv_name)
        future = client.call_async(request)
        self.wait(future.done, START_TIMEOUT_S, client.srv_name)
        return future.result()
