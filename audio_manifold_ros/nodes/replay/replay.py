# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Replay node: publishes a bag with /clock on machines without `ros2 bag play`.

Where rosbag2 is installed, prefer `ros2 bag play`.
"""

from __future__ import annotations

import sys
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from rosgraph_msgs.msg import Clock as ClockMessage
from std_srvs.srv import Trigger

from audio_manifold_ros.bags.statistics.fitness import describe_duration, is_absurd_pause
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.common.argument_types import caller_path
from audio_manifold_ros.common.errors import NodeError
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.nodes.common.messages import to_time
from audio_manifold_ros.nodes.common.node_parameters import NodeParameters
from audio_manifold_ros.nodes.common.releasing_node import ReleasingNode
from audio_manifold_ros.nodes.common.run_node import run_to_exit_status, steady_clock
from audio_manifold_ros.nodes.replay.bag_publishers import BagPublishers
from audio_manifold_ros.nodes.replay.keyboard import DOWN, RIGHT, SPACE, UP, Keyboard
from audio_manifold_ros.nodes.replay.playback_clock import MAX_PLAYBACK_RATE, MIN_PLAYBACK_RATE, PlaybackClock
from audio_manifold_ros.nodes.replay.replay_parameters import ReplayParameters, to_ros_arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from audio_manifold_ros.bags.storage.bag_message import BagTopic

RATE_STEP = 1.1
KEY_HELP = 'Keys: space pauses, right plays the next message, up and down change the rate.'


class Replay(ReleasingNode):
    """Publisher of the messages of a bag, at their recorded intervals.

    The parameters `rate`, `paused` and `loop` may change at any time. The services `~/pause`, `~/resume`,
    `~/toggle_paused` and `~/play_next` (std_srvs/Trigger) and the keyboard control the same state. /clock follows the
    receive times in the bag and stops during a pause. Headers are published as recorded.

    Attributes:
        failure: Reason why the replay ended before the end of the bag; an empty string without a failure.

    """

    def __init__(self, **node_options: Any) -> None:
        """Open the bag, create the publishers, and start to play after `delay_s`.

        Raises:
            NodeError: A parameter cannot be used.
            BagError: The bag cannot be read.

        """
        super().__init__('replay', **node_options)
        self.failure = ''
        self._declared = NodeParameters(self, (ReplayParameters,), lambda: False, self._change)
        self._declared.check()
        self._settings = self._declared.read(ReplayParameters)
        self._loop = self._settings.loop
        self._pending_steps = 0
        self._bag = _open(self._settings.bag)
        self.resources.callback(self._bag.close)
        self._start_ns = self._bag.start_ns + round(self._settings.start_offset_s * NS_PER_S)
        self._bag_publishers = BagPublishers(self, self._selected_topics())
        for name, reason in self._bag_publishers.skipped.items():
            self.get_logger().warning(f'{name} is not played: {reason}')
        self.playback = PlaybackClock(self._start_ns, self._settings.rate, paused=True)
        steady = steady_clock()
        self._clock_publisher = None
        if self._settings.clock_hz > 0:
            self._clock_publisher = self.create_publisher(ClockMessage, '/clock', QoSProfile(depth=10))
            self.create_timer(1 / self._settings.clock_hz, self._publish_clock, clock=steady)
        for name, action in self._actions().items():
            self.create_service(Trigger, f'~/{name}', partial(self._serve, action))
        self._keyboard = Keyboard(self._keys())
        self.resources.callback(self._keyboard.close)
        self._started = False
        self._thread = threading.Thread(target=self._run, name='replay', daemon=True)
        self.resources.callback(self._stop)
        self._start_timer = self.create_timer(self._settings.delay_s, self._start, clock=steady)

    @property
    def ended(self) -> bool:
        """True after the whole bag has been played."""
        return self._started and not self._thread.is_alive()

    def _stop(self) -> None:
        self.playback.close()
        if self._started:
            self._thread.join()

    def _selected_topics(self) -> list[BagTopic]:
        names = self._settings.topics.split()
        available = {topic.name.lstrip('/'): topic for topic in self._bag.topics}
        unknown = [name for name in names if name.lstrip('/') not in available]
        if unknown:
            names_in_bag = sorted(topic.name for topic in available.values())
            msg = f'{self._settings.bag!r} has no topics {unknown}: choose from {names_in_bag}.'
            raise NodeError(msg)
        return [available[name.lstrip('/')] for name in names] if names else list(available.values())

    def _start(self) -> None:
        self._start_timer.cancel()
        summary = f'{self._settings.bag}: {self._bag.duration_s:.1f} s, {len(self._bag_publishers.topics)} topics.'
        self.get_logger().info(f'{summary} {KEY_HELP}' if self._keyboard.is_active else summary)
        self.playback.set_paused(bool(self.get_parameter('paused').value))
        self._started = True
        self._thread.start()

    def _run(self) -> None:
        try:
            self._repeat_latched()
            while self._play() and self._loop:
                self.playback.seek(self._start_ns)
                self._publish_clock()
            self._bag_publishers.wait_for_all_acked()
        except Exception as error:  # noqa: BLE001 - the error of the thread must be in the log
            self.failure = str(error) or repr(error)
            self.get_logger().fatal(f'The replay failed: {self.failure}')

    def _repeat_latched(self) -> None:
        """Publish the messages of latched topics from before the start offset, because they are still valid."""
        for message in self._bag.messages(self._bag_publishers.latched, stop_ns=self._start_ns):
            self._bag_publishers.publish(message)

    def _play(self) -> bool:
        """Play from the start offset to the end of the bag. Return False if the node is being destroyed."""
        last_ns = self._start_ns
        for message in self._bag.messages(self._bag_publishers.topics, start_ns=self._start_ns):
            if is_absurd_pause(last_ns, message.time_ns):
                pause = describe_duration(message.time_ns - last_ns)
                self.get_logger().warning(f'The next message is {pause} later: this time is skipped.')
                self.playback.seek(message.time_ns)
            last_ns = message.time_ns
            if not self.playback.wait_until(message.time_ns, self._consume_step):
                return False
            self._bag_publishers.publish(message)
        return True

    def _consume_step(self) -> bool:
        if self._pending_steps <= 0 or not self.playback.paused:
            return False
        self._pending_steps -= 1
        return True

    def _publish_clock(self) -> None:
        if self._clock_publisher is not None:
            now_ns = min(self.playback.now_ns(), self._bag.end_ns)
            self._clock_publisher.publish(ClockMessage(clock=to_time(now_ns)))

    def _change(self, changes: Mapping[str, object]) -> None:
        """Apply changed parameters. `paused` is read at the start, so it is not applied before."""
        settings = self._declared.read(ReplayParameters, changes)
        self._loop = settings.loop
        if 'rate' in changes:
            self.playback.set_rate(settings.rate)
        if 'paused' in changes and self._started:
            self._pending_steps = 0
            self.playback.set_paused(settings.paused)

    def _actions(self) -> dict[str, Callable[[], str]]:
        return {
            'pause': lambda: self._set('paused', True),
            'resume': lambda: self._set('paused', False),
            'toggle_paused': lambda: self._set('paused', not self.get_parameter('paused').value),
            'play_next': self._play_next,
        }

    def _keys(self) -> dict[str, Callable[[], object]]:
        actions = self._actions()
        return {
            SPACE: actions['toggle_paused'],
            RIGHT: actions['play_next'],
            UP: lambda: self._set('rate', min(self.playback.rate * RATE_STEP, MAX_PLAYBACK_RATE)),
            DOWN: lambda: self._set('rate', max(self.playback.rate / RATE_STEP, MIN_PLAYBACK_RATE)),
        }

    def _set(self, name: str, value: object) -> str:
        result = self.set_parameters([Parameter(name, value=value)])[0]
        text = result.reason or f'{name}: {value}'
        self.get_logger().info(text)
        return text

    def _play_next(self) -> str:
        if not self.playback.paused:
            return 'The replay is not paused: pause it first.'
        self._pending_steps += 1
        self.playback.wake()
        return 'The next message is played.'

    @staticmethod
    def _serve(action: Callable[[], str], _request: Any, response: Any) -> Any:
        response.message = action()
        response.success = True
        return response


def _open(path: str) -> BagReader:
    if not path:
        msg = "bag is '': give the folder of a bag, or a bare .mcap or .db3 file."
        raise NodeError(msg)
    return BagReader(caller_path(path))


def main(arguments: list[str] | None = None) -> int:
    """Play a bag until its end or until interrupted, and return the exit status."""
    ros_arguments = to_ros_arguments(sys.argv[1:] if arguments is None else arguments)
    return run_to_exit_status(
        Replay, ['replay', *ros_arguments], ended=lambda node: node.ended, status=lambda node: int(bool(node.failure))
    )


if __name__ == '__main__':
    sys.exit(main())
