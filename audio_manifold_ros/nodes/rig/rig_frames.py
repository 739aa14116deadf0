# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rig frames node: publishes the static transforms and the URDF of a rig, latched."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any, ClassVar

from rclpy.node import Node
from std_msgs.msg import String

from audio_manifold_ros.nodes.common.frame_parameters import FrameParameters
from audio_manifold_ros.nodes.common.name_resolution import resolve_folder
from audio_manifold_ros.nodes.common.node_parameters import NodeParameters
from audio_manifold_ros.nodes.common.parameters import parameter
from audio_manifold_ros.nodes.common.qos import LATCHED_QOS
from audio_manifold_ros.nodes.common.run_node import run_to_exit_status
from audio_manifold_ros.nodes.rig.static_frames import publish_static_frames
from audio_manifold_ros.rig.extrinsics import EXTRINSICS_FILE, Extrinsics
from audio_manifold_ros.rig.rig import RIG_FILE, MicrophoneArray
from audio_manifold_ros.rig.rig_urdf import to_urdf


@dataclass(frozen=True)
class RigParameters:
    """Parameters of the rig frames node."""

    PREFIX: ClassVar[str] = ''
    rig: str = parameter('calibration/roof_octagon', 'Folder with mic_array.yaml and extrinsics.yaml.', read_only=True)


class RigFrames(Node):
    """Latched publisher of /tf_static and `robot_description` of a rig.

    Do not start it if a robot_state_publisher has the rig in its own description (see `rig_to_urdf`).
    """

    PARAMETER_GROUPS = (RigParameters, FrameParameters)

    def __init__(self, **node_options: Any) -> None:
        """Publish the frames and the description.

        Raises:
            NodeError: The parameter `rig` names no folder.
            RigError: The rig cannot be used.

        """
        super().__init__('rig_frames', **node_options)
        declared = NodeParameters(self, self.PARAMETER_GROUPS, lambda: True, lambda _: None)
        # The node shares the parameter file of the perception node or the recorder, which holds other parameters too.
        declared.check(shared=True)
        rig_name = declared.read(RigParameters).rig
        if not rig_name:
            self.get_logger().warning('The parameter rig is empty: no frames are published.')
            return
        rig = resolve_folder('rig', rig_name)
        self._frames = publish_static_frames(self, rig, declared.read(FrameParameters).frame_prefix)
        array = MicrophoneArray.from_yaml(rig / RIG_FILE)
        self._description = self.create_publisher(String, 'robot_description', LATCHED_QOS)
        self._description.publish(String(data=to_urdf(array, Extrinsics.from_yaml(rig / EXTRINSICS_FILE))))
        self.get_logger().info(f'Published the frames of {array.array_id!r}: {len(array.microphones)} microphones.')


def main(arguments: list[str] | None = None) -> int:
    """Run the node until it is interrupted, and return the exit status."""
    return run_to_exit_status(RigFrames, arguments)


if __name__ == '__main__':
    sys.exit(main())
