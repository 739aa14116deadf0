# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The lifecycle node that hears a street and publishes what it looks like."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock, ClockType, JumpThreshold  # type: ignore[attr-defined]
from rclpy.duration import Duration
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.qos import QoSProfile

from audio_manifold_ros.common.errors import NodeError
from audio_manifold_ros.nodes.common.node_parameters import NodeParameters
from audio_manifold_ros.nodes.common.run_node import run_node
from audio_manifold_ros.nodes.perception.diagnostics import LossMonitor, NodeInfo, describe_fault, to_diagnostics
from audio_manifold_ros.nodes.perception.node_factory import PerceptionComponents, build_components
from audio_manifold_ros.nodes.perception.perception_parameters import (
    PARAMETER_GROUPS,
    LifecycleParameters,
    MicrophoneParameters,
    PredictionParameters,
    PublishParameters,
)
from audio_manifold_ros.nodes.perception.worker import PerceptionWorker, WorkerSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from audio_manifold_ros.audio.microphone_health import Fault

SUCCESS, FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE
DIAGNOSTICS_PERIOD_S = 1.0
# A microphone that breaks is told at once.
HEALTH_PERIOD_S = 0.1
LOG_PERIOD_S = 1.0
RETRY_NS = 2_000_000_000
IDLE = NodeInfo(hardware_id='', backend='', bundle='', microphones=())


class PerceptionNode(LifecycleNode):
    """Wires source, pipeline and publishers to the lifecycle.

    `configure` checks and loads everything, `activate` opens the audio and starts the worker; the other
    transitions release what these took. A transition that fails says why in the log and returns FAILURE.
    """

    def __init__(self, **node_options: Any) -> None:
        """Declare the parameters; with `autostart`, configure and activate as soon as the node spins."""
        super().__init__('perception', **node_options)
        self._components: PerceptionComponents | None = None
        self._worker: PerceptionWorker | None = None
        self._losses = LossMonitor()
        self._declared = NodeParameters(self, PARAMETER_GROUPS, lambda: self._components is not None, self._change)
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', QoSProfile(depth=10))
        # Not ROS time: a node that waits for /clock must start and must be diagnosed.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = self.create_timer(DIAGNOSTICS_PERIOD_S, self._diagnose, clock=steady)
        self._health_timer = self.create_timer(HEALTH_PERIOD_S, self._watch_microphones, clock=steady)
        self._reported_faults: tuple[tuple[str, Fault], ...] = ()
        backwards = JumpThreshold(min_forward=None, min_backward=Duration(nanoseconds=-1), on_clock_change=True)
        self._jump_handle = self.get_clock().create_jump_callback(backwards, post_callback=self._on_jump)
        self._autostart: Any = None
        if self._declared.read(LifecycleParameters).autostart:
            self._autostart = self.create_timer(0.0, self._start, clock=steady)

    def on_configure(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Check every parameter, load and verify the bundle, build backend and publishers."""
        return self._transition('configure', self._configure, self._release)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Open the audio and start the worker."""
        super().on_activate(state)
        result = self._transition('activate', self._activate, self._stop)
        if result == FAILURE:
            super().on_deactivate(state)
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop the worker and close the audio."""
        result = self._transition('deactivate', self._stop, self._stop)
        super().on_deactivate(state)
        return result

    def on_cleanup(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Release everything that `configure` took."""
        return self._transition('cleanup', self._release, self._release)

    def on_shutdown(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Release everything."""
        return self._transition('shutdown', self._release, self._release)

    def on_error(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Release everything; the node is unconfigured afterwards."""
        return self._transition('error', self._release, self._release)

    def _LifecycleNodeMixin__on_change_state(self, request: Any, response: Any) -> Any:  # noqa: N802
        """Answer a request that the present state does not allow; rclpy would raise and leave the client waiting."""
        try:
            return super()._LifecycleNodeMixin__on_change_state(request, response)  # type: ignore[misc]
        except Exception as error:  # noqa: BLE001 - its exception class is private
            self.get_logger().error(f'Transition {request.transition.id} is refused: {error}')
            response.success = False
            return response

    def destroy_node(self) -> None:
        """Release everything, then the node."""
        self._release()
        self._jump_handle.unregister()
        super().destroy_node()

    def _transition(self, name: str, work: Callable[[], None], undo: Callable[[], None]) -> TransitionCallbackReturn:
        """Do the work of a transition: the client library would swallow what it raises."""
        try:
            work()
        except Exception as error:  # noqa: BLE001 - whatever happens, the node lives and says why
            self.get_logger().error(f'Cannot {name}: {error}\n{traceback.format_exc()}')
            undo()
            return FAILURE
        self.get_logger().info(f'{name}: done')
        return SUCCESS

    def _configure(self) -> None:
        self._declared.check()
        self._components = build_components(self, self._declared)

    def _activate(self) -> None:
        if self._components is None:
            msg = 'The node is not configured: configure it first.'
            raise NodeError(msg)
        clock = self.get_clock()
        self._worker = PerceptionWorker(
            self._components.source,
            self._components.make_pipeline,
            self._components.publishers,
            self._settings({}),
            now_ns=lambda: int(clock.now().nanoseconds),
            log=lambda text: self.get_logger().error(text, throttle_duration_sec=LOG_PERIOD_S),
        )
        self._losses = LossMonitor()
        self._worker.start()

    def _stop(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.stop()

    def _release(self) -> None:
        self._stop()
        assembly, self._components = self._components, None
        if assembly is not None:
            assembly.release()

    def _settings(self, changes: dict[str, Any]) -> WorkerSettings:
        prediction = self._declared.read(PredictionParameters)
        publish = self._declared.read(PublishParameters)
        microphones = self._declared.read(MicrophoneParameters)
        return WorkerSettings(
            rate_hz=changes.get('prediction.rate_hz', prediction.rate_hz),
            min_confidence=changes.get('prediction.min_confidence', prediction.min_confidence),
            audio=changes.get('publish.audio', publish.audio),
            policy=changes.get('microphones.policy', microphones.policy),
        )

    def _change(self, changes: dict[str, Any]) -> None:
        if self._worker is not None:
            self._worker.apply(self._settings(changes))

    def _on_jump(self, _jump: object) -> None:
        if self._worker is not None:
            self.get_logger().warning('The clock went back: the audio heard so far is forgotten.')
            self._worker.flush()

    def _watch_microphones(self) -> None:
        faults = () if self._worker is None else self._worker.faults()
        if faults != self._reported_faults:
            reported = dict(self._reported_faults)
            self._reported_faults = faults
            for name, fault in faults:
                if reported.get(name) is not fault:
                    self.get_logger().error(describe_fault(name, fault))
            for name in sorted(set(reported) - set(dict(faults))):
                self.get_logger().info(f'Microphone {name} is trusted again.')
            self._diagnose()

    def _diagnose(self) -> None:
        report = None if self._worker is None else self._worker.report()
        has_losses = report is not None and self._losses.has_increased(
            report.source.samples_lost, report.source.overflows, report.pipeline.samples_lost, report.pipeline.dropped
        )
        node_info = IDLE if self._components is None else self._components.current_info()
        state = 'active' if report is not None else 'unconfigured' if self._components is None else 'inactive'
        now_ns = int(self.get_clock().now().nanoseconds)
        name = self.get_fully_qualified_name()
        self._diagnostics.publish(to_diagnostics(name, now_ns, node_info, state, report, has_losses=has_losses))

    def _start(self) -> None:
        """Configure and activate; a device that is not there yet at boot is tried again until it is."""
        first = self._autostart.timer_period_ns == 0
        if first and self.trigger_configure() == SUCCESS:
            self._autostart.timer_period_ns = RETRY_NS
        waiting = self._components is not None and self._worker is None
        if not waiting or self.trigger_activate() == SUCCESS:
            self._autostart.cancel()


def main(arguments: list[str] | None = None) -> None:
    """Run the node until it is interrupted."""
    run_node(PerceptionNode, arguments)


if __name__ == '__main__':
    main()
