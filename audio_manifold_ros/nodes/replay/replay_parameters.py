# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Parameters and command line of `replay`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.nodes.common.parameters import parameter
from audio_manifold_ros.nodes.replay.playback_clock import MAX_PLAYBACK_RATE, MIN_PLAYBACK_RATE

if TYPE_CHECKING:
    from collections.abc import Sequence

ROS_ARGUMENTS, ROS_ARGUMENTS_END = '--ros-args', '--'


@dataclass(frozen=True)
class ReplayParameters:
    """Parameters of `replay`."""

    PREFIX: ClassVar[str] = ''
    bag: str = parameter('', 'Folder of the bag, or a bare .mcap or .db3 file.', read_only=True)
    topics: str = parameter(
        '', 'Topics to play, separated by spaces; empty for all whose message type is installed.', read_only=True
    )
    rate: float = parameter(
        1.0,
        'Playback rate: seconds of the bag per second.',
        minimum=MIN_PLAYBACK_RATE,
        maximum=MAX_PLAYBACK_RATE,
        running=True,
    )
    paused: bool = parameter(False, 'Pause the playback.', running=True)
    loop: bool = parameter(False, 'Start again at the end of the bag. The time on /clock jumps back.', running=True)
    clock_hz: float = parameter(
        100.0, 'Messages per second on /clock; 0 for none.', minimum=0.0, maximum=1000.0, read_only=True
    )
    start_offset_s: float = parameter(
        0.0, 'Seconds to skip at the start of the bag.', minimum=0.0, maximum=1e7, read_only=True
    )
    delay_s: float = parameter(
        1.0,
        'Seconds before the first message, so that DDS can discover the subscribers.',
        minimum=0.0,
        maximum=600.0,
        read_only=True,
    )


def to_ros_arguments(arguments: Sequence[str]) -> list[str]:
    """Return the command line of `replay` as ROS arguments that set its parameters.

    Arguments after `--ros-args` are kept unchanged and override the others.
    """
    own, ros = list(arguments), []
    if ROS_ARGUMENTS in own:
        split_index = own.index(ROS_ARGUMENTS)
        own, ros = own[:split_index], own[split_index:]
    parser = command_parser(
        'bag replay',
        'Keys during playback: space pauses, right plays the next message, up and down change the rate.\n\n'
        'ROS arguments follow --ros-args, for example --ros-args -r topic:=other -p loop:=true.',
    )
    parser.add_argument('bag', nargs='?', help='folder of the bag, or a bare .mcap or .db3 file')
    parser.add_argument('-r', '--rate', type=float, help='playback rate: seconds of the bag per second')
    parser.add_argument('-l', '--loop', action='store_true', default=None, help='start again at the end of the bag')
    parser.add_argument('-p', '--start-paused', dest='paused', action='store_true', default=None, help='start paused')
    parser.add_argument('--topics', nargs='+', help='play only these topics')
    parser.add_argument('--clock', dest='clock_hz', type=float, help='messages per second on /clock; 0 for none')
    parser.add_argument(
        '--start-offset', dest='start_offset_s', type=float, help='seconds to skip at the start of the bag'
    )
    parser.add_argument('-d', '--delay', dest='delay_s', type=float, help='seconds before the first message')
    values = {name: value for name, value in vars(parser.parse_args(own)).items() if value is not None}
    settings = [part for name, value in values.items() for part in ('-p', f'{name}:={_ros_text(value)}')]
    return [ROS_ARGUMENTS, *settings, ROS_ARGUMENTS_END, *ros]


def _ros_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value)
    text = ' '.join(value) if isinstance(value, list) else str(value)
    return "'" + text.replace("'", "''") + "'"
