# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recorder node: records topics and an optional sound device into a bag, and writes a report."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rclpy.serialization import serialize_message
from rich.live import Live
from std_msgs.msg import String

from audio_manifold_ros.bags.decoding.audio_message_adapters import AUDIO_BLOCK_TYPE
from audio_manifold_ros.bags.decoding.run_metadata import TOPIC as METADATA_TOPIC
from audio_manifold_ros.bags.statistics.preflight import Finding, Requirement, Severity
from audio_manifold_ros.common.errors import BagError, NodeError
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.nodes.common.frame_parameters import FrameParameters
from audio_manifold_ros.nodes.common.name_resolution import resolve_folder, resolve_topic
from audio_manifold_ros.nodes.common.node_parameters import NodeParameters
from audio_manifold_ros.nodes.common.qos import AUDIO_QOS, LATCHED_QOS
from audio_manifold_ros.nodes.common.releasing_node import ReleasingNode
from audio_manifold_ros.nodes.common.run_node import run_to_exit_status, steady_clock
from audio_manifold_ros.nodes.recorder.bag_recording import MB, BagRecording, free_bytes
from audio_manifold_ros.nodes.recorder.device_recorder import DeviceRecorder
from audio_manifold_ros.nodes.recorder.preflight_findings import DiskSpace, preflight_findings
from audio_manifold_ros.nodes.recorder.qos_matching import bag_qos
from audio_manifold_ros.nodes.recorder.raw_subscriptions import RawSubscriptions
from audio_manifold_ros.nodes.recorder.recorded_topic import RecordedTopic
from audio_manifold_ros.nodes.recorder.recorder_parameters import (
    PARAMETER_GROUPS,
    DeviceParameters,
    PreflightParameters,
    RecordParameters,
)
from audio_manifold_ros.nodes.recorder.recorder_table import RateMeter, RecorderProgress
from audio_manifold_ros.nodes.recorder.writer_thread import WriterThread

if TYPE_CHECKING:
    from collections.abc import Callable

TICK_INTERVAL_S = 0.25
TABLE_INTERVAL_S = 1.0
LOG_INTERVAL_S = 10.0
STRING_TYPE = 'std_msgs/msg/String'


class Recorder(ReleasingNode):
    """Node that waits for topics, checks them (preflight), records them, and reports.

    Attributes:
        ended: True after the recording has ended or was refused.
        status: Exit status; 0 if the recording ended without an error.

    """

    PARAMETER_GROUPS = PARAMETER_GROUPS

    def __init__(self, **node_options: Any) -> None:
        """Declare the parameters and start to look for topics.

        Raises:
            NodeError: A parameter cannot be used.
            RigError, DatasetError: The rig cannot be used.
            AudioError: The device cannot work as configured.

        """
        super().__init__('record', **node_options)
        declared = NodeParameters(self, PARAMETER_GROUPS, lambda: True, lambda _: None)
        declared.check()
        self._settings = declared.read(RecordParameters)
        self._preflight = declared.read(PreflightParameters)
        self._requirements = self._read_requirements()
        self._rig = RigFiles.from_folder(resolve_folder('rig', self._settings.rig)) if self._settings.rig else None
        self._array = None if self._rig is None else self._rig.array()
        self.ended = False
        self.status = 0
        self._reason = 'Interrupted by the user.'
        self._recording: BagRecording | None = None
        self._live: Live | None = None
        self.resources.callback(self._finish)
        self._thread = WriterThread()
        self.resources.callback(self._thread.stop)
        requested = [resolve_topic(self, 'topics', topic) for topic in self._settings.topics]
        self._raw = RawSubscriptions(self, requested, self._thread.put, self.get_logger().error)
        self.resources.callback(self._raw.close)
        self._prefix = declared.read(FrameParameters).frame_prefix
        self._device_topic: RecordedTopic | None = None
        self._device = self._open_device(declared.read(DeviceParameters))
        if self._device is not None:
            self.resources.callback(self._device.close)
        self._metadata = self.create_publisher(String, METADATA_TOPIC, LATCHED_QOS)
        self._rates = RateMeter()
        self._last_shown_s = 0.0
        self._since_s = time.monotonic()
        self._phase: Callable[[], None] = self._start_recording if self._preflight.mode == 'skip' else self._wait
        # Steady time instead of ROS time, so that the preflight reports missing topics even without /clock.
        steady = steady_clock()
        self._timer = self.create_timer(TICK_INTERVAL_S, self._tick, clock=steady)

    def _read_requirements(self) -> tuple[Requirement, ...]:
        try:
            found = [Requirement.parse(text) for text in self._preflight.required]
        except BagError as error:
            msg = f'preflight.required: {error}'
            raise NodeError(msg) from None
        return tuple(Requirement(resolve_topic(self, 'preflight.required', item.topic), item.min_hz) for item in found)

    def _open_device(self, parameters: DeviceParameters) -> DeviceRecorder | None:
        if not parameters.name:
            return None
        name = resolve_topic(self, 'device.topic', parameters.topic)
        topic = RecordedTopic(name, AUDIO_BLOCK_TYPE, bag_qos([AUDIO_QOS]), latched=False)
        self._device_topic = topic
        frame_id = '' if self._array is None else self._prefix + self._array.frame_id
        return DeviceRecorder(
            parameters, frame_id, self._now_ns, lambda data, time_ns: self._thread.put(topic, data, time_ns)
        )

    def _tick(self) -> None:
        if not self.ended:
            self._raw.update()
            self._phase()

    def _wait(self) -> None:
        """Wait until all required topics are received, then start the preflight."""
        received = {name for name, statistics in self._thread.statistics.items() if statistics.count}
        complete = all(requirement.topic in received for requirement in self._requirements)
        if complete or time.monotonic() - self._since_s > self._preflight.timeout_s:
            self._thread.reset_statistics()
            self._since_s = time.monotonic()
            self._phase = self._watch

    def _watch(self) -> None:
        seconds = time.monotonic() - self._since_s
        if seconds < self._preflight.seconds:
            return
        findings = self._findings(seconds)
        for finding in findings:
            self._log(finding.level, f'preflight: {finding.subject}: {finding.text}')
        if self._preflight.mode == 'strict' and any(finding.level is Severity.ERROR for finding in findings):
            self._end('Nothing is recorded: fix the errors of the preflight, or set preflight.mode to warn.', 1)
            return
        self._start_recording()

    def _findings(self, seconds: float) -> list[Finding]:
        """Return the findings of the preflight over the last `seconds`."""
        free = free_bytes(Path(self._settings.folder).expanduser().absolute())
        return preflight_findings(
            self._thread.statistics,
            seconds,
            requirements=self._requirements,
            latched={topic.name for topic in self._raw.topics if topic.latched},
            array=self._array,
            device=None if self._device is None else self._device.status(),
            disk=DiskSpace(free, self._settings.reserve_mb * MB, self._preflight.minutes),
            publishers={topic.name: topic.publishers for topic in self._raw.topics},
        )

    def _start_recording(self) -> None:
        start_ns = self._now_ns()
        try:
            self._recording = BagRecording(self._settings, self._rig, self._facts(), self._thread, start_ns)
        except BagError as error:
            self._end(str(error), 1)
            return
        metadata_topic = RecordedTopic(
            self.resolve_topic_name(METADATA_TOPIC), STRING_TYPE, bag_qos([LATCHED_QOS]), latched=True
        )
        device = [] if self._device_topic is None else [self._device_topic]
        self._recording.start_writing([*self._raw.topics, *device])
        message = String(data=self._recording.metadata.to_json())
        self._thread.put(metadata_topic, serialize_message(message), start_ns)
        self._metadata.publish(message)
        self.get_logger().info(f'Recording into {self._recording.folder}')
        self._since_s = time.monotonic()
        self._phase = self._watch_recording
        if sys.stdout.isatty():
            self._live = Live(auto_refresh=False)
            self._live.start()

    def _watch_recording(self) -> None:
        if self._recording is None:
            return
        elapsed_s = time.monotonic() - self._since_s
        problem = self._recording.problem()
        if problem:
            self._end(problem, 1)
        elif 0 < self._settings.duration_s <= elapsed_s:
            self._end(f'The duration of {self._settings.duration_s:g} s is over.', 0)
        elif elapsed_s - self._last_shown_s >= (LOG_INTERVAL_S if self._live is None else TABLE_INTERVAL_S):
            self._last_shown_s = elapsed_s
            self._show(self._recording, elapsed_s)

    def _show(self, recording: BagRecording, elapsed_s: float) -> None:
        progress = RecorderProgress(
            str(recording.folder),
            elapsed_s,
            free_bytes(recording.folder),
            self._thread.queued_bytes,
            self._thread.statistics,
            self._rates.update(self._thread.statistics, elapsed_s),
            '' if self._device is None else self._device.status().message,
        )
        if self._live is None:
            self.get_logger().info(progress.line())
        else:
            self._live.update(progress.table(), refresh=True)

    def _end(self, reason: str, status: int) -> None:
        self.ended, self._reason, self.status = True, reason, status
        self._log(Severity.ERROR if status else Severity.OK, reason)

    def _finish(self) -> None:
        """Close the bag and write the report, if something is recorded."""
        if self._live is not None:
            self._live.stop()
        if self._recording is None:
            return
        required = [requirement.topic for requirement in self._requirements]
        report, problem = self._recording.finish(self._reason, required)
        self.get_logger().info(f'\n{report.text()}')
        if problem:
            self.get_logger().error(problem)
            self.status = 1

    def _log(self, level: Severity, text: str) -> None:
        """Log a sentence at a level. rclpy refuses a line of code that logs at more than one severity."""
        if level is Severity.ERROR:
            self.get_logger().error(text)
        elif level is Severity.WARNING:
            self.get_logger().warning(text)
        else:
            self.get_logger().info(text)

    def _facts(self) -> dict[str, object]:
        return {
            'topics': {topic.name: topic.type for topic in self._raw.topics},
            'device': None if self._device is None else self.get_parameter('device.name').value,
        }

    def _now_ns(self) -> int:
        return int(self.get_clock().now().nanoseconds)


def main(arguments: list[str] | None = None) -> int:
    """Run the node until the recording ends or is interrupted, and return the exit status."""
    return run_to_exit_status(Recorder, arguments, ended=lambda node: node.ended, status=lambda node: node.status)


if __name__ == '__main__':
    sys.exit(main())
