# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Client of a perception node: lifecycle transitions, parameters, diagnostics and image subscriptions.

The demo, the live evaluation, the benchmarks and the tests derive their receivers from it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.srv import SetParameters
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

from audio_manifold_ros.common.errors import NodeError
from audio_manifold_ros.modalities.registry import MODALITIES
from audio_manifold_ros.nodes.common.qos import AUDIO_QOS

PERCEPTION = 'perception'
PERCEPTION_MODULE = 'audio_manifold_ros.nodes.perception.perception_node'
HEAD_TOPICS = {name: modality.topic for name, modality in MODALITIES.items()}
CONFIDENCE_TOPIC = 'confidence/image'
START_TIMEOUT_S = 120.0
REPEAT_S = 3.0
POLL_INTERVAL_S = 0.05
TRANSITIONS = {
    Transition.TRANSITION_CONFIGURE: 'configure',
    Transition.TRANSITION_CLEANUP: 'clean up',
    Transition.TRANSITION_ACTIVATE: 'activate',
    Transition.TRANSITION_DEACTIVATE: 'deactivate',
}

ImageCallback = Callable[..., None]


class PerceptionClient(Node):
    """A node that controls a perception node and receives its output. Every wait has a timeout.

    Attributes:
        statuses: Newest diagnostics of the perception node by name, without the name of the node.
        diagnostics_count: Number of diagnostics messages so far.

    """

    def __init__(
        self,
        name: str,
        on_image: Mapping[str, ImageCallback],
        check: Callable[[], None] = lambda: None,
        *,
        target: str = PERCEPTION,
        qos: QoSProfile = AUDIO_QOS,
    ) -> None:
        """Subscribe to images and diagnostics, then create the service clients.

        The order matters. A service of the perception node answers only when it has found this node's reader of
        answers. That reader is announced after the image readers, so no image is lost after the first answer.

        Args:
            name: Name of this node.
            on_image: Callback for each image topic. Topics are relative to the perception node.
            check: Called during each wait. It raises if waiting is pointless, for example because the process of the
                perception node has ended.
            target: Name of the perception node.
            qos: Quality of service of the image subscriptions.

        """
        super().__init__(name)
        self.statuses: dict[str, DiagnosticStatus] = {}
        self.diagnostics_count = 0
        self._check = check
        # The name differs from `executor`, which is a property of Node.
        self._spinner = SingleThreadedExecutor()
        self._spinner.add_node(self)
        for topic, callback in on_image.items():
            self.create_subscription(Image, f'{target}/{topic}', callback, qos)
        self.create_subscription(DiagnosticArray, '/diagnostics', self.on_diagnostics, AUDIO_QOS)
        self._change_state = self.create_client(ChangeState, f'{target}/change_state')
        self._get_state = self.create_client(GetState, f'{target}/get_state')
        self._set_parameters = self.create_client(SetParameters, f'{target}/set_parameters')

    def destroy_node(self) -> None:
        """Release the node and its executor."""
        self._spinner.shutdown()
        super().destroy_node()

    def start(self) -> None:
        """Configure and activate the perception node.

        Raises:
            NodeError: It refuses, or does not answer in time.

        """
        for transition in (Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE):
            self.change(transition)

    def change(self, transition: int, timeout_s: float = START_TIMEOUT_S) -> None:
        """Make the perception node do a lifecycle transition.

        Raises:
            NodeError: It refuses, or does not answer in time.

        """
        if not self.try_change(transition, timeout_s):
            msg = f'The perception node cannot {TRANSITIONS.get(transition, transition)}: see its log.'
            raise NodeError(msg)

    def try_change(self, transition: int, timeout_s: float = START_TIMEOUT_S) -> bool:
        """Request a lifecycle transition and return whether it succeeded.

        Raises:
            NodeError: There is no answer in time.

        """
        # DDS can lose the first answer of a node that has just started: it is sent before the client is discovered. A
        # transition must not be requested twice, so a question that can be repeated comes first.
        self.state(timeout_s)
        request = ChangeState.Request(transition=Transition(id=transition))
        return bool(self._call(self._change_state, request, timeout_s).success)

    def state(self, timeout_s: float = START_TIMEOUT_S) -> str:
        """Return the lifecycle state of the perception node.

        Raises:
            NodeError: There is no answer in time.

        """
        end_s = time.monotonic() + timeout_s
        while (left_s := end_s - time.monotonic()) > REPEAT_S:
            with suppress(NodeError):
                return self._request_state(REPEAT_S)
        return self._request_state(max(left_s, 0.0))

    def _request_state(self, timeout_s: float) -> str:
        return str(self._call(self._get_state, GetState.Request(), timeout_s).current_state.label)

    def set_parameter(self, name: str, value: object, timeout_s: float = START_TIMEOUT_S) -> tuple[bool, str]:
        """Set a parameter of the perception node. Return whether it accepts the value, and its reason if not.

        Raises:
            NodeError: There is no answer in time.

        """
        request = SetParameters.Request(parameters=[Parameter(name, value=value).to_parameter_msg()])
        result = self._call(self._set_parameters, request, timeout_s).results[0]
        return bool(result.successful), str(result.reason)

    def wait(self, done: Callable[[], bool], timeout_s: float, description: str) -> None:
        """Receive messages until something is done.

        Args:
            done: Returns whether it is done.
            timeout_s: Longest time to wait.
            description: What is awaited, for the error message.

        Raises:
            NodeError: It is not done in time.

        """
        end_s = time.monotonic() + timeout_s
        while not done():
            if time.monotonic() > end_s:
                msg = (
                    f'No {description} within {timeout_s:.0f} s: is another node of that name running, or is the '
                    'machine overloaded?'
                )
                raise NodeError(msg)
            self.spin_once(POLL_INTERVAL_S)

    def spin_once(self, timeout_s: float) -> None:
        """Receive one message, or wait for the timeout."""
        self._spinner.spin_once(timeout_sec=timeout_s)
        self._check()

    def spin(self, seconds: float) -> None:
        """Receive messages for some time."""
        end_s = time.monotonic() + seconds
        while (left_s := end_s - time.monotonic()) > 0:
            self.spin_once(left_s)

    def value(self, status: str, key: str, default: str = '') -> str:
        """Return a value of the newest diagnostics. The key `message` is the message of the status."""
        return self.values(status).get(key, default)

    def values(self, status: str) -> dict[str, str]:
        """Return all values of a status of the newest diagnostics, and its message under `message`."""
        found = self.statuses.get(status)
        return {} if found is None else {**{pair.key: pair.value for pair in found.values}, 'message': found.message}

    def fault(self) -> str:
        """Return the messages of all statuses that are not OK, as one line."""
        not_ok = [status for status in self.statuses.values() if status.level != DiagnosticStatus.OK]
        return ' '.join(f'{status.name}: {status.message}' for status in not_ok)

    def on_diagnostics(self, message: DiagnosticArray) -> None:
        """Store the newest diagnostics."""
        self.diagnostics_count += 1
        self.statuses.update({status.name.partition(': ')[2]: status for status in message.status})

    def _call(self, client: Any, request: Any, timeout_s: float) -> Any:
        self.wait(client.service_is_ready, timeout_s, f'service {client.srv_name!r}')
        future = client.call_async(request)
        self.wait(future.done, timeout_s, f'answer of {client.srv_name!r}')
        return future.result()
