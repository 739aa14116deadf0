# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bags of simulated streets, as a recorder would write them for the simulated drive.

audio-manifold bag simulate --seed 7 --seconds 20 --out bags
"""

from __future__ import annotations

import heapq
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros import __version__
from audio_manifold_ros.bags.decoding.audio_message_adapters import AUDIO_BLOCK_TYPE
from audio_manifold_ros.bags.decoding.run_metadata import CUSTOM_KEY, RunMetadata
from audio_manifold_ros.bags.storage.bag_writer import BagWriter
from audio_manifold_ros.bags.storage.message_types import typestore
from audio_manifold_ros.cli.options import add_rig_option
from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.argument_types import number, whole_number
from audio_manifold_ros.common.errors import AudioManifoldError
from audio_manifold_ros.common.pcm16 import float_to_int16
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.rig.camera import CameraModel
from audio_manifold_ros.simulation.device_simulation import DeviceChannels
from audio_manifold_ros.simulation.drive import Drive, street_start_ns
from audio_manifold_ros.simulation.rig_parts import RIG

BLOCK_SAMPLES = 512
CAMERA_FRAME = 'camera_optical_frame'
AUDIO, DEPTH, INFO, LABELS = '/audio', '/truth/depth/image', '/truth/depth/camera_info', '/truth/segmentation/image'
METADATA = '/run_metadata'
TOPICS = {
    AUDIO: AUDIO_BLOCK_TYPE,
    DEPTH: 'sensor_msgs/msg/Image',
    INFO: 'sensor_msgs/msg/CameraInfo',
    LABELS: 'sensor_msgs/msg/Image',
    METADATA: 'std_msgs/msg/String',
}
# Numbers of rosbag2: keep last, reliable, transient local, no deadlines.
FOREVER = '{sec: 9223372036, nsec: 854775807}'
LATCHED = (
    f'- {{history: 1, depth: 1, reliability: 1, durability: 1, deadline: {FOREVER}, lifespan: {FOREVER}, '
    f'liveliness: 1, liveliness_lease_duration: {FOREVER}, avoid_ros_namespace_conventions: false}}'
)


@dataclass(frozen=True)
class SimulatedRecording:
    """Parameters of a simulated recording.

    Attributes:
        seed: Seed of the street.
        seconds: Duration.
        image_rate_hz: Images per second. The first image is at half a period.
        rig: Folder of the rig. None is the roof octagon.
        block_samples: Samples per audio message.
        start_ns: Instant of sample 0. None derives it from the seed, see `street_start_ns`.

    """

    seed: int
    seconds: float
    image_rate_hz: float = 10.0
    rig: Path | None = None
    block_samples: int = BLOCK_SAMPLES
    start_ns: int | None = None


def write_simulated_bag(folder: Path, recording: SimulatedRecording, *, split_s: float | None = None) -> None:
    """Write a bag: `/audio`, `/truth/*`, `/run_metadata`, and the rig in its custom data.

    The audio has the channels of the device of the rig. Image stamps are on the camera clock.

    Args:
        folder: Folder of the bag. It must not exist.
        recording: Parameters.
        split_s: Duration of each file. None for one file.

    Raises:
        BagError: The bag cannot be written.
        SimulationError: The street cannot be simulated, or not with this rig.
        RigError: The rig cannot be read.

    """
    rig = recording.rig or resource_path(RIG)
    drive = Drive(recording.seed, rig)
    start_ns = street_start_ns(recording.seed) if recording.start_ns is None else recording.start_ns
    metadata = RunMetadata(
        RigFiles.from_folder(rig),
        f'audio_manifold_ros {__version__}',
        start_ns,
        'simulator',
        {'seed': recording.seed},
    ).to_json()
    messages = _Messages(recording, drive, start_ns)
    # An invalid camera is rejected before the bag is created.
    drive.image(0.0)
    with BagWriter(folder, {CUSTOM_KEY: metadata}, split_s=split_s) as bag:
        for topic, kind in TOPICS.items():
            bag.add_topic(topic, kind, LATCHED if topic == METADATA else '')
        bag.write(METADATA, _serialized('std_msgs/msg/String', data=metadata), start_ns)
        for time_ns, topic, data in heapq.merge(messages.audio(), messages.images(), key=lambda event: event[0]):
            bag.write(topic, data, time_ns)


class _Messages:
    """Serialised messages of a drive, each with its time of reception."""

    def __init__(self, recording: SimulatedRecording, drive: Drive, start_ns: int) -> None:
        self._recording = recording
        self._start_ns = start_ns
        self._drive = drive
        self._device = DeviceChannels(drive.array, drive.sample_rate_hz)
        self._offset_ns = round(drive.extrinsics.audio_time_offset_s * NS_PER_S)

    def audio(self) -> Iterator[tuple[int, str, bytes]]:
        rate_hz, block = self._drive.sample_rate_hz, self._recording.block_samples
        device = self._device
        for first in range(0, round(self._recording.seconds * rate_hz), block):
            delivered_sample = first + device.before
            steps = float_to_int16(device.apply(self._drive.audio(first, device.before + block + device.after))).astype(
                '<i2'
            )
            data = _serialized(
                TOPICS[AUDIO],
                header=self._header(delivered_sample * NS_PER_S // rate_hz, self._drive.array.frame_id),
                sample_rate_hz=rate_hz,
                channel_count=len(steps),
                encoding='s16le',
                first_sample=first,
                overflow=False,
                data=np.frombuffer(steps.T.tobytes(), dtype=np.uint8),
            )
            yield self._start_ns + (delivered_sample + block) * NS_PER_S // rate_hz, AUDIO, data

    def images(self) -> Iterator[tuple[int, str, bytes]]:
        period_s = 1 / self._recording.image_rate_hz
        for image in range(math.floor(self._recording.seconds / period_s)):
            time_s = (image + 0.5) * period_s
            depth_m, labels = self._drive.image(time_s)
            header = self._header(round(time_s * NS_PER_S) + self._offset_ns, CAMERA_FRAME)
            time_ns = self._start_ns + round(time_s * NS_PER_S)
            yield time_ns, DEPTH, _image(header, '32FC1', depth_m)
            yield time_ns, INFO, _serialized(TOPICS[INFO], **_camera_info(header, self._drive.camera))
            yield time_ns, LABELS, _image(header, 'mono8', labels)

    def _header(self, since_start_ns: int, frame_id: str) -> Any:
        stamp_ns = self._start_ns + since_start_ns
        types = typestore().types
        stamp = types['builtin_interfaces/msg/Time'](sec=stamp_ns // NS_PER_S, nanosec=stamp_ns % NS_PER_S)
        return types['std_msgs/msg/Header'](stamp=stamp, frame_id=frame_id)


def _image(header: Any, encoding: str, pixels: NDArray[Any]) -> bytes:
    height, width = pixels.shape
    return _serialized(
        TOPICS[DEPTH],
        header=header,
        height=height,
        width=width,
        encoding=encoding,
        is_bigendian=0,
        step=width * pixels.itemsize,
        data=np.frombuffer(np.ascontiguousarray(pixels).tobytes(), dtype=np.uint8),
    )


def _camera_info(header: Any, camera: CameraModel) -> dict[str, object]:
    k = np.array([camera.fx, 0, camera.cx, 0, camera.fy, camera.cy, 0, 0, 1], dtype=np.float64)
    region = typestore().types['sensor_msgs/msg/RegionOfInterest']
    return {
        'header': header,
        'height': camera.height,
        'width': camera.width,
        'distortion_model': 'plumb_bob',
        'd': np.zeros(5),
        'k': k,
        'r': np.eye(3).reshape(-1),
        'p': np.insert(k, [3, 6, 9], 0.0),
        'binning_x': 0,
        'binning_y': 0,
        'roi': region(x_offset=0, y_offset=0, height=0, width=0, do_rectify=False),
    }


def _serialized(kind: str, **fields: Any) -> bytes:
    store = typestore()
    return bytes(store.serialize_cdr(store.types[kind](**fields), kind))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line and return the exit status."""
    parser = command_parser('bag simulate')
    parser.add_argument(
        '--seed', type=whole_number(0), nargs='+', required=True, help='seeds of the streets, one bag each'
    )
    parser.add_argument('--seconds', type=number(0.1), default=20.0, help='duration of each bag in s (%(default)s)')
    parser.add_argument('--image-rate', type=number(0.1, 1000), default=10.0, help='images per second (%(default)s)')
    parser.add_argument('--out', type=Path, required=True, help='folder of the bags')
    add_rig_option(parser)
    given = parser.parse_args(arguments)
    try:
        for seed in given.seed:
            folder = given.out / f'street_{seed:07d}'
            write_simulated_bag(folder, SimulatedRecording(seed, given.seconds, given.image_rate, given.rig))
            print(folder)
    except AudioManifoldError as error:
        print(f'{type(error).__name__}: {error}', file=sys.stderr)
        return 1
    return 0
