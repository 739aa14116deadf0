# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Factory of audio sources, from the parameters of the node.

Each kind is imported when it is selected. A node with a topic source loads neither PortAudio nor the simulator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from audio_manifold_ros.common.argument_types import caller_path
from audio_manifold_ros.common.errors import NodeError
from audio_manifold_ros.nodes.common.name_resolution import resolve_topic

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rclpy.node import Node

    from audio_manifold_ros.audio.source import AudioSource
    from audio_manifold_ros.nodes.perception.perception_parameters import SourceParameters


@dataclass(frozen=True)
class SourceKind:
    """A kind of source.

    Attributes:
        make: Function that creates the source.
        hardware_id: Function that returns the hardware id for the diagnostics.
        is_live: The audio comes in real time and cannot follow simulated time.

    """

    make: Callable[[Node, SourceParameters, Path], AudioSource]
    hardware_id: Callable[[SourceParameters], str]
    is_live: bool = False


def make_source(node: Node, parameters: SourceParameters, rig: Path) -> AudioSource:
    """Create the source that the parameters select. It is not open yet.

    Args:
        node: Node with the clock, which subscribes.
        parameters: Parameters of the source.
        rig: Folder of the rig for a simulated street.

    Raises:
        NodeError: A parameter of this kind of source is empty, or is not an existing file or a valid topic name.
        AudioError: The source cannot work as configured.

    """
    return SOURCES[parameters.kind].make(node, parameters, rig)


def _now_ns(node: Node) -> Callable[[], int]:
    clock = node.get_clock()
    return lambda: int(clock.now().nanoseconds)


def _device(node: Node, parameters: SourceParameters, _rig: Path) -> AudioSource:
    from audio_manifold_ros.audio.capture.device_source import DeviceSource

    if not parameters.device:
        msg = "source.device is '': give the name of a sound device."
        raise NodeError(msg)
    return DeviceSource(
        parameters.device,
        parameters.device_rate_hz,
        parameters.device_channels,
        parameters.block_samples,
        clock_ns=_now_ns(node),
    )


def _topic(node: Node, parameters: SourceParameters, _rig: Path) -> AudioSource:
    from audio_manifold_ros.bags.decoding.audio_chunk import AudioFormat
    from audio_manifold_ros.nodes.perception.audio_topic import AudioTopic
    from audio_manifold_ros.nodes.perception.topic_source import TopicSource

    if not parameters.topic:
        msg = "source.topic is '': give the name of a topic of audio."
        raise NodeError(msg)
    resolve_topic(node, 'source.topic', parameters.topic)
    if parameters.topic_info:
        resolve_topic(node, 'source.topic_info', parameters.topic_info)
    audio_format = None
    if parameters.topic_rate_hz:
        audio_format = AudioFormat(parameters.topic_rate_hz, parameters.topic_channels, parameters.topic_format)
    return TopicSource(node, AudioTopic(parameters.topic, parameters.topic_type, parameters.topic_info, audio_format))


def _file(node: Node, parameters: SourceParameters, _rig: Path) -> AudioSource:
    from audio_manifold_ros.audio.file_source import FileSource

    if not parameters.file:
        msg = "source.file is '': give the path of a WAV or FLAC file."
        raise NodeError(msg)
    path = caller_path(parameters.file)
    source = FileSource(
        path,
        clock_ns=_now_ns(node),
        loop=parameters.loop,
        block_samples=parameters.block_samples,
    )
    # A file that cannot be played is rejected now, not in `activate`.
    source.open()
    source.close()
    return source


def _simulator(node: Node, parameters: SourceParameters, rig: Path) -> AudioSource:
    from audio_manifold_ros.audio.simulator_source import SimulatorSource

    return SimulatorSource(parameters.seed, clock_ns=_now_ns(node), block_samples=parameters.block_samples, rig=rig)


SOURCES = {
    'device': SourceKind(_device, lambda p: p.device, is_live=True),
    'topic': SourceKind(_topic, lambda p: p.topic),
    'file': SourceKind(_file, lambda p: p.file),
    'simulator': SourceKind(_simulator, lambda p: f'street {p.seed}'),
}
