# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of the checks: the parameters of a perception node, without ROS."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Annotated, Literal

from audio_manifold_ros.common.errors import NodeError
from audio_manifold_ros.common.schema import from_plain
from audio_manifold_ros.common.schema_rules import between
from audio_manifold_ros.inference.backend_factory import LOAD_ONLY
from audio_manifold_ros.inference.backends.backend import FLOAT32
from audio_manifold_ros.nodes.common.parameter_file import node_values

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# ROS names of the parameters that the checks use, by field.
ROS_NAMES = {
    'bundle': 'bundle',
    'rig': 'rig',
    'backend': 'backend',
    'backend_device': 'device',
    'engine_policy': 'engine_policy',
    'threads': 'threads',
    'cores': 'cores',
    'precision': 'precision',
    'rate_hz': 'prediction.rate_hz',
    'source_kind': 'source.kind',
    'device_name': 'source.device',
    'device_rate_hz': 'source.device_rate_hz',
    'device_channels': 'source.device_channels',
    'block_samples': 'source.block_samples',
    'topic': 'source.topic',
    'topic_type': 'source.topic_type',
    'topic_info': 'source.topic_info',
    'topic_rate_hz': 'source.topic_rate_hz',
    'topic_channels': 'source.topic_channels',
    'topic_format': 'source.topic_format',
    'use_sim_time': 'use_sim_time',
}


@dataclass(frozen=True)
class DoctorSettings:
    """Parameters of the node that are checked. The names and defaults are those of the perception node.

    Attributes:
        bundle: Folder of the bundle, or its path below the package.
        rig: Folder of the rig, or its path below the package.
        backend: Backend that runs the networks.
        backend_device: Device of the backend.
        engine_policy: Use of TensorRT engines.
        threads: Threads of the backend on a CPU.
        cores: Cores to which the threads of the backend are pinned, for example `2,3`.
        precision: Precision on a CPU.
        rate_hz: Images per second.
        source_kind: Kind of the audio source.
        device_name: Name of the sound device.
        device_rate_hz: Sample rate of the sound device.
        device_channels: Channels of the sound device.
        block_samples: Samples in one block of the sound device.
        topic: Name of the audio topic.
        topic_type: Message type of the audio topic.
        topic_info: Topic with the format of the audio, for message types without it.
        topic_rate_hz: Sample rate of the topic, if the messages do not contain it; 0 if they do.
        topic_channels: Channels of the topic, used with `topic_rate_hz`.
        topic_format: Sample format of the topic, used with `topic_rate_hz`.
        use_sim_time: The node takes its time from `/clock`.
        namespace: Namespace of the node.

    """

    bundle: str = 'models/street'
    rig: str = 'calibration/roof_octagon'
    backend: str = 'auto'
    backend_device: str = 'cpu'
    engine_policy: str = LOAD_ONLY
    threads: Annotated[int, between(1, 64)] = 1
    cores: str = ''
    precision: str = FLOAT32
    rate_hz: Annotated[float, between(0.1, 200.0)] = 30.0
    source_kind: Literal['device', 'topic', 'file', 'simulator'] = 'topic'
    device_name: str = ''
    device_rate_hz: Annotated[int, between(8_000, 192_000)] = 48_000
    device_channels: Annotated[int, between(1, 64)] = 8
    block_samples: Annotated[int, between(32, 8192)] = 256
    topic: str = 'audio'
    topic_type: str = 'audio_manifold_msgs/msg/AudioBlock'
    topic_info: str = ''
    topic_rate_hz: Annotated[int, between(0, 384_000)] = 0
    topic_channels: Annotated[int, between(1, 64)] = 8
    topic_format: str = 's16le'
    use_sim_time: bool = False
    namespace: str = ''

    @classmethod
    def from_parameter_file(cls, path: Path, namespace: str = '', name: str = 'perception') -> DoctorSettings:
        """Read the parameters that a ROS parameter file gives the perception node.

        Args:
            path: The parameter file.
            namespace: Namespace of the node.
            name: Name of the node.

        Raises:
            NodeError: The file cannot be read, has no section for the node, or holds a wrong value.

        """
        values = node_values(path, namespace, name)
        found = {field: values[ros_name] for field, ros_name in ROS_NAMES.items() if ros_name in values}
        return replace(from_plain(cls, found, f'Parameter file {str(path)!r}', NodeError), namespace=namespace)

    def override(self, values: Mapping[str, object]) -> DoctorSettings:
        """Return the settings with other values. None keeps a value.

        Raises:
            NodeError: A value is wrong.

        """
        current = {field.name: getattr(self, field.name) for field in fields(self)}
        given = {name: value for name, value in values.items() if value is not None}
        return from_plain(DoctorSettings, {**current, **given}, 'Command line', NodeError)
