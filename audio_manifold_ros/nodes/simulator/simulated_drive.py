# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Simulated drive node: audio, ground-truth images and static transforms of simulated streets, in real time."""

from __future__ import annotations

import queue
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from audio_manifold_msgs.msg import AudioBlock as AudioBlockMessage
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import CameraInfo, Image

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.audio.realtime_pacer import CLOCK_POLL_S, SteppedClock
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.modalities.registry import MODALITIES
from audio_manifold_ros.nodes.common.audio_messages import to_audio_message
from audio_manifold_ros.nodes.common.detection_messages import detection_type
from audio_manifold_ros.nodes.common.frame_parameters import FrameParameters
from audio_manifold_ros.nodes.common.messages import to_camera_info, to_header, to_image
from audio_manifold_ros.nodes.common.name_resolution import resolve_folder
from audio_manifold_ros.nodes.common.node_parameters import NodeParameters
from audio_manifold_ros.nodes.common.parameters import parameter
from audio_manifold_ros.nodes.common.qos import AUDIO_QOS, IMAGE_QOS
from audio_manifold_ros.nodes.common.releasing_node import ReleasingNode
from audio_manifold_ros.nodes.common.run_node import run_to_exit_status
from audio_manifold_ros.nodes.rig.static_frames import publish_static_frames
from audio_manifold_ros.nodes.simulator.render_ahead import AudioFrame, CameraFrame, RenderAheadQueue
from audio_manifold_ros.nodes.simulator.true_detections import TrueDetections
from audio_manifold_ros.rig.derived_images import DERIVED_IMAGES, with_derived
from audio_manifold_ros.simulation.device_simulation import DeviceChannels

if TYPE_CHECKING:
    from rclpy.publisher import Publisher
    from rclpy.qos import QoSProfile

    from audio_manifold_ros.simulation.drive import Drive

RENDER_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class DriveParameters:
    """Parameters of the simulated drive."""

    PREFIX: ClassVar[str] = ''
    seed: int = parameter(900_001, 'Seed of the first street.', minimum=0, maximum=2**31 - 1, read_only=True)
    street_s: float = parameter(
        30.0,
        'Duration of one street in seconds. The next street has the next seed, and its audio starts at sample 0.',
        minimum=2.0,
        maximum=60.0,
        read_only=True,
    )
    duration_s: float = parameter(
        0.0, 'Duration of the drive in seconds; 0 for no limit.', minimum=0.0, maximum=1e6, read_only=True
    )
    image_rate_hz: float = parameter(
        20.0, 'Ground-truth images per second; 0 for audio only.', minimum=0.0, maximum=100.0, read_only=True
    )
    block_samples: int = parameter(256, 'Samples in one audio block.', minimum=32, maximum=8192, read_only=True)
    rig: str = parameter(
        'calibration/roof_octagon', 'Folder with mic_array.yaml, camera.yaml and extrinsics.yaml.', read_only=True
    )
    publish_frames: bool = parameter(
        True, 'Publish the static transforms of the rig; false if a robot_state_publisher does.', read_only=True
    )
    camera_frame: str = parameter('camera_optical_frame', 'Frame of the ground-truth images.', read_only=True)


class SimulatedDrive(ReleasingNode):
    """Publisher of `audio`, ground truth and /tf_static.

    The ground truth is `truth/depth/image`, `truth/depth/camera_info`, `truth/segmentation/image`, and the vehicles
    around the robot in `truth/detections`.
    The audio is raw: as the device of the rig would deliver it, before any correction. The images are stamped with the
    camera's clock. After `street_s` seconds the street with the next seed starts, and the sample index restarts at 0.
    """

    PARAMETER_GROUPS = (DriveParameters, FrameParameters)

    def __init__(self, **node_options: Any) -> None:
        """Declare the parameters, create the publishers and start the drive.

        Raises:
            NodeError: A parameter cannot be used.
            RigError: The rig cannot be used.

        """
        super().__init__('simulated_drive', **node_options)
        declared = NodeParameters(self, self.PARAMETER_GROUPS, lambda: True, lambda _: None)
        declared.check()
        self._drive = declared.read(DriveParameters)
        self._prefix = declared.read(FrameParameters).frame_prefix
        self._rig = resolve_folder('rig', self._drive.rig)
        self._audio = self._publisher(AudioBlockMessage, 'audio', AUDIO_QOS)
        self._info = self._publisher(CameraInfo, 'truth/depth/camera_info', IMAGE_QOS)
        self._images = {
            name: self._publisher(Image, modality.ground_truth_topic, IMAGE_QOS)
            for name, modality in MODALITIES.items()
        }
        kind = detection_type()
        self._detections: TrueDetections | None = None
        if kind is not None:
            publisher = self._publisher(kind.message, 'truth/detections', IMAGE_QOS)
            self._detections = TrueDetections(publisher, kind, self._prefix)
        self._frames = publish_static_frames(self, self._rig, self._prefix) if self._drive.publish_frames else None
        self._stamp_clock = SteppedClock(lambda: int(self.get_clock().now().nanoseconds))
        self._stop = threading.Event()
        self._failed = False
        self._thread = threading.Thread(target=self._run, name='drive', daemon=True)
        self._thread.start()
        self.resources.callback(self._end)

    @property
    def ended(self) -> bool:
        """True after `duration_s`, or if the drive has failed."""
        return not self._thread.is_alive()

    @property
    def failed(self) -> bool:
        """True if the drive ended early because of an error."""
        return self._failed

    def _end(self) -> None:
        self._stop.set()
        self._thread.join()

    def _publisher(self, kind: Any, topic: str, qos: QoSProfile) -> Publisher:
        options = QoSOverridingOptions.with_default_policies()
        return self.create_publisher(kind, topic, qos, qos_overriding_options=options)

    def _run(self) -> None:
        remaining_s = self._drive.duration_s or float('inf')
        seed = self._drive.seed
        try:
            while remaining_s > 0 and not self._stop.is_set():
                street_s = min(remaining_s, self._drive.street_s)
                self._drive_street(seed, street_s)
                remaining_s -= street_s
                seed += 1
        except Exception as error:  # noqa: BLE001 - the error of the thread must be in the log
            self._failed = True
            self.get_logger().fatal(f'The drive failed in street {seed}: {error!r}')

    def _drive_street(self, seed: int, street_s: float) -> None:
        drive = self._drive
        render_queue = RenderAheadQueue(seed, self._rig, street_s, drive.block_samples, drive.image_rate_hz)
        try:
            device = DeviceChannels(render_queue.drive.array, render_queue.drive.sample_rate_hz)
            render_queue.wait_until_buffered(RENDER_TIMEOUT_S)
            event = render_queue.next(RENDER_TIMEOUT_S)
            self.get_logger().info(f'Street {seed} starts.')
            if not self._wait_for_clock():
                return
            start_s, monotonic_start_ns = time.monotonic(), time.monotonic_ns()
            while event is not None and not self._stop.wait(max(0.0, start_s + event.due_s - time.monotonic())):
                # Follows steps of the clock, and simulated time.
                start_ns = self._stamp_clock.stamp_ns(monotonic_start_ns)
                if isinstance(event, AudioFrame):
                    self._publish_audio(render_queue.drive, device, event, start_ns)
                else:
                    self._publish_images(render_queue.drive, event, start_ns)
                event = render_queue.next(RENDER_TIMEOUT_S)
        except queue.Empty:
            self.get_logger().error(
                f'Street {seed} was not rendered within {RENDER_TIMEOUT_S:.0f} s: reduce the load of this machine.'
            )
        finally:
            render_queue.close()

    def _wait_for_clock(self) -> bool:
        """Wait until simulated time has started. Return False if the node stops before."""
        if not self._stamp_clock.has_time:
            self.get_logger().warning(
                'Waiting for /clock, because use_sim_time is set: start its publisher, or set use_sim_time:=false.'
            )
        while not self._stamp_clock.has_time:
            if self._stop.wait(CLOCK_POLL_S):
                return False
        return True

    def _publish_audio(self, drive: Drive, device: DeviceChannels, frame: AudioFrame, start_ns: int) -> None:
        samples = device.process(frame.samples)
        if not samples.shape[1]:
            return
        first = max(frame.first_sample - device.before - device.after, 0)
        stamp_ns = start_ns + (first + device.before) * NS_PER_S // drive.sample_rate_hz
        block = AudioBlock(samples, first, drive.sample_rate_hz, stamp_ns)
        self._audio.publish(to_audio_message(block, self._prefix + drive.array.frame_id))

    def _publish_images(self, drive: Drive, frame: CameraFrame, start_ns: int) -> None:
        stamp_s = frame.due_s + drive.extrinsics.audio_time_offset_s
        header = to_header(start_ns + round(stamp_s * NS_PER_S), self._prefix + self._drive.camera_frame)
        self._info.publish(to_camera_info(drive.camera, header, drive.camera.height, drive.camera.width))
        # Derived images are computed only while their topic has subscribers.
        derived = [name for name in DERIVED_IMAGES if self._images[name].get_subscription_count() > 0]
        for name, image in with_derived(frame, drive.camera, derived).by_modality().items():
            self._images[name].publish(to_image(image, MODALITIES[name].encoding, header))
        if self._detections is not None:
            self._detections.publish(drive, frame.due_s, header.stamp)


def main(arguments: list[str] | None = None) -> int:
    """Run the node until the drive ends or is interrupted, and return the exit status."""
    return run_to_exit_status(
        SimulatedDrive, arguments, ended=lambda node: node.ended, status=lambda node: int(node.failed)
    )


if __name__ == '__main__':
    sys.exit(main())
