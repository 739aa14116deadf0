# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Perception node: a lifecycle node that publishes depth and segmentation images predicted from audio."""

from __future__ import annotations

import re
import sys
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import JumpThreshold
from rclpy.duration import Duration
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.qos import QoSProfile

from audio_manifold_ros.common.errors import NodeError
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.inference.pipeline_settings import PipelineSettings
from audio_manifold_ros.nodes.common.lifecycle_bond import LifecycleBond, bond_status
from audio_manifold_ros.nodes.common.node_parameters import NodeParameters
from audio_manifold_ros.nodes.common.run_node import run_to_exit_status, steady_clock
from audio_manifold_ros.nodes.perception.diagnostics import (
    LossMonitor,
    NodeInfo,
    describe_fault,
    describe_recovery,
    to_diagnostics,
)
from audio_manifold_ros.nodes.perception.node_factory import PerceptionComponents, build_components
from audio_manifold_ros.nodes.perception.perception_parameters import (
    PARAMETER_GROUPS,
    BondParameters,
    LifecycleParameters,
    MicrophoneParameters,
    PredictionParameters,
    ProcessorParameters,
    PublishParameters,
)
from audio_manifold_ros.nodes.perception.processor_sleep import ProcessorSleep
from audio_manifold_ros.nodes.perception.worker import PerceptionWorker, WorkerSettings
from audio_manifold_ros.processes.freed_memory import return_freed_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from audio_manifold_ros.audio.microphone_health import Fault

SUCCESS, FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE
DIAGNOSTICS_PERIOD_S = 1.0
# Faults of microphones are logged and published within this period, not with the next diagnostics.
HEALTH_PERIOD_S = 0.1
LOG_PERIOD_S = 1.0
# Python lets a thread run this long while others wait. The default of 5 ms is half of a prediction.
SWITCH_INTERVAL_S = 0.5e-3
RETRY_NS = 2 * NS_PER_S
DIGITS = re.compile(r'[\d.]+')
NO_CLOCK = (
    'use_sim_time is set, but nothing is published on /clock: start the simulator, play the bag with --clock, or set '
    'use_sim_time:=false.'
)
IDLE = NodeInfo(hardware_id='', backend='', bundle='', microphones=())


class PerceptionNode(LifecycleNode):
    """Lifecycle node that connects source, pipeline and publishers.

    `configure` checks the parameters and loads the bundle. `activate` opens the audio and starts the worker. The other
    transitions release what these two acquired. A transition that fails logs the reason and returns FAILURE.

    Attributes:
        failed: The node was to start by itself, and a parameter, file or backend cannot be used.

    """

    PARAMETER_GROUPS = PARAMETER_GROUPS

    def __init__(self, **node_options: Any) -> None:
        """Declare the parameters. With `autostart`, configure and activate when the node starts to spin."""
        super().__init__('perception', **node_options)
        self._components: PerceptionComponents | None = None
        self._worker: PerceptionWorker | None = None
        self._bond: LifecycleBond | None = None
        self._processor_sleep = ProcessorSleep(self.get_logger().warning)
        self._losses = LossMonitor()
        self._declared = NodeParameters(self, PARAMETER_GROUPS, lambda: self._components is not None, self._change)
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', QoSProfile(depth=10))
        # Steady time instead of ROS time, so that a node that waits for /clock starts and publishes diagnostics.
        steady = steady_clock()
        self._timer = self.create_timer(DIAGNOSTICS_PERIOD_S, self._diagnose, clock=steady)
        self._health_timer = self.create_timer(HEALTH_PERIOD_S, self._watch_microphones, clock=steady)
        self._reported_faults: tuple[tuple[str, Fault], ...] = ()
        backwards = JumpThreshold(min_forward=None, min_backward=Duration(nanoseconds=-1), on_clock_change=True)
        self._jump_handle = self.get_clock().create_jump_callback(backwards, post_callback=self._on_jump)
        self.failed = False
        self._source_problem = ''
        self._autostart: Any = None
        if self._declared.read(LifecycleParameters).autostart:
            self._autostart = self.create_timer(0.0, self._start, clock=steady)
        else:
            name = self.get_fully_qualified_name()
            self.get_logger().info(
                'Waiting to be configured: set autostart:=true (--ros-args -p autostart:=true), or call '
                f'ros2 lifecycle set {name} configure, then activate.'
            )

    def on_configure(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Check all parameters, load and verify the bundle, create backend and publishers."""
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
        """Release everything that `configure` created."""
        return self._transition('cleanup', self._release, self._release)

    def on_shutdown(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Release everything."""
        return self._transition('shutdown', self._release, self._release)

    def on_error(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Release everything. The node is unconfigured afterwards."""
        return self._transition('error', self._release, self._release)

    def _LifecycleNodeMixin__on_change_state(self, request: Any, response: Any) -> Any:  # noqa: N802
        """Return `success=False` for a transition that the current state does not allow.

        Overrides a private method, because rclpy has no public hook for this service. In rclpy 7.1.6 (Jazzy) the
        original raises RCLError for such a request, which ends the executor, and the client never gets a response:
        https://github.com/ros2/rclpy/issues/1209, fixed upstream by https://github.com/ros2/rclpy/pull/1319.
        """
        try:
            return super()._LifecycleNodeMixin__on_change_state(request, response)  # type: ignore[misc]
        except Exception as error:  # noqa: BLE001 - rclpy's exception class is private
            self.get_logger().error(f'Transition {request.transition.id} is refused: {error}')
            response.success = False
            return response

    def destroy_node(self) -> None:
        """Release everything, then destroy the node."""
        self._release()
        self._jump_handle.unregister()
        super().destroy_node()

    def _transition(self, name: str, work: Callable[[], None], undo: Callable[[], None]) -> TransitionCallbackReturn:
        """Run the work of a transition and log its exception, which rclpy would discard."""
        try:
            work()
        except Exception as error:  # noqa: BLE001 - no error may end the node
            self.get_logger().error(f'Cannot {name}: {error}')
            self.get_logger().debug(traceback.format_exc())
            undo()
            return FAILURE
        self.get_logger().info(f'{name}: done')
        return SUCCESS

    def _configure(self) -> None:
        self._declared.check()
        self._components = build_components(self, self._declared)
        self._bond = self._make_bond(self._declared.read(BondParameters).period_s)
        return_freed_memory()

    def _make_bond(self, period_s: float) -> LifecycleBond | None:
        status = bond_status()
        if status is None or period_s == 0:
            self.get_logger().debug('No bond with nav2_lifecycle_manager: set its bond_timeout: 0.0.')
            return None
        return LifecycleBond(self, period_s, status)

    def _activate(self) -> None:
        if self._components is None:
            msg = 'The node is not configured: configure it first.'
            raise NodeError(msg)
        clock = self.get_clock()
        self._worker = PerceptionWorker(
            self._components.source,
            self._components.make_pipeline,
            self._components.publishers,
            self._settings(),
            now_ns=lambda: int(clock.now().nanoseconds),
            log=lambda text: self.get_logger().error(text, throttle_duration_sec=LOG_PERIOD_S),
            log_details=self.get_logger().debug,
        )
        self._losses = LossMonitor()
        self._processor_sleep.limit(self._declared.read(ProcessorParameters).cpu_latency_us)
        self._worker.start()
        if self._bond is not None:
            self._bond.start()

    def _stop(self) -> None:
        if self._bond is not None:
            self._bond.stop()
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.stop()
        self._processor_sleep.release()

    def _release(self) -> None:
        self._stop()
        bond, self._bond = self._bond, None
        if bond is not None:
            bond.destroy()
        components, self._components = self._components, None
        if components is not None:
            components.release()

    def _settings(self, changes: Mapping[str, object] | None = None) -> WorkerSettings:
        prediction = self._declared.read(PredictionParameters, changes)
        return WorkerSettings(
            PipelineSettings(
                max_rate_hz=prediction.rate_hz,
                min_confidence=prediction.min_confidence,
                smoothing_s=prediction.smoothing_s,
                policy=self._declared.read(MicrophoneParameters, changes).policy,
            ),
            audio=self._declared.read(PublishParameters, changes).audio,
        )

    def _change(self, changes: Mapping[str, object]) -> None:
        if self._worker is not None:
            self._worker.apply(self._settings(changes))
            self._processor_sleep.limit(self._declared.read(ProcessorParameters, changes).cpu_latency_us)

    def _on_jump(self, _jump: object) -> None:
        if self._worker is not None:
            self.get_logger().warning('The clock went back: the audio received so far is discarded.')
            self._worker.flush()

    def _watch_microphones(self) -> None:
        faults = () if self._worker is None else self._worker.faults()
        if faults != self._reported_faults:
            reported = dict(self._reported_faults)
            self._reported_faults = faults
            for name, fault in faults:
                if reported.get(name) is not fault:
                    self.get_logger().error(describe_fault(name, fault))
            recovered = sorted(set(reported) - set(dict(faults))) if self._worker is not None else []
            if recovered:
                self.get_logger().warning(describe_recovery(recovered))
            self._diagnose(recovered)

    def _diagnose(self, recovered: Sequence[str] = ()) -> None:
        report = None if self._worker is None else self._worker.report()
        self._log_source_problem('' if report is None else report.source.problem)
        has_losses = report is not None and self._losses.has_increased(
            report.source.samples_lost, report.source.overflows, report.pipeline.samples_lost, report.pipeline.dropped
        )
        node_info = IDLE if self._components is None else self._components.current_info(self._processor_sleep.warning)
        if report is not None and self.get_parameter('use_sim_time').value and not self.get_clock().now().nanoseconds:
            report = replace(report, fault=report.fault or NO_CLOCK)
        state = 'active' if report is not None else 'unconfigured' if self._components is None else 'inactive'
        now_ns = int(self.get_clock().now().nanoseconds)
        name = self.get_fully_qualified_name()
        message = to_diagnostics(name, now_ns, node_info, state, report, has_losses=has_losses, recovered=recovered)
        self._diagnostics.publish(message)

    def _log_source_problem(self, problem: str) -> None:
        """Log a problem of the source once, not with its changing figures every second."""
        kind, known = (DIGITS.sub('', text) for text in (problem, self._source_problem))
        if problem and kind != known:
            self.get_logger().error(problem)
        self._source_problem = problem

    def _start(self) -> None:
        """Configure once, then activate.

        Activation is repeated until it succeeds, because the device may still be missing at boot. A configuration
        that cannot be used does not become right by waiting: the node ends.
        """
        if self._autostart.timer_period_ns == 0:
            self.failed = self.trigger_configure() != SUCCESS
            self._autostart.timer_period_ns = RETRY_NS
        waiting = self._components is not None and self._worker is None
        if not waiting or self.trigger_activate() == SUCCESS:
            self._autostart.cancel()


def main(arguments: list[str] | None = None) -> int:
    """Run the node until it is interrupted, and return the exit status."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    return run_to_exit_status(
        PerceptionNode, arguments, ended=lambda node: node.failed, status=lambda node: int(node.failed)
    )


if __name__ == '__main__':
    sys.exit(main())
