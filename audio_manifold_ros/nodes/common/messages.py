# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Conversion between numpy arrays and ROS messages.

Byte fields such as `Image.data` are filled from `array.array`, because the setters check any other type element by
element.
"""

from __future__ import annotations

import array
import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
from builtin_interfaces.msg import Time
from sensor_msgs.msg import CameraInfo, Image, PointCloud2, PointField
from std_msgs.msg import Header, String

from audio_manifold_ros.common.class_ids import UNLABELLED
from audio_manifold_ros.common.errors import NodeError
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.robot_outputs.organised_cloud import POINT, POINT_OFFSETS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from audio_manifold_ros.rig.camera import CameraModel

# encoding: (element type, values per pixel)
ENCODINGS: dict[str, tuple[type[np.generic], int]] = {
    '32FC1': (np.float32, 1),
    'mono8': (np.uint8, 1),
    '8UC1': (np.uint8, 1),
    'rgb8': (np.uint8, 3),
    '32FC3': (np.float32, 3),
}


def to_time(stamp_ns: int) -> Time:
    """Return nanoseconds since the epoch of the clock as a message."""
    return Time(sec=stamp_ns // NS_PER_S, nanosec=stamp_ns % NS_PER_S)


def to_ns(stamp: Time) -> int:
    """Return a stamp in nanoseconds."""
    return int(stamp.sec) * NS_PER_S + int(stamp.nanosec)


def to_header(stamp_ns: int, frame_id: str) -> Header:
    """Return a header."""
    return Header(stamp=to_time(stamp_ns), frame_id=frame_id)


def to_bytes(values: NDArray[Any]) -> array.array[int]:
    """Return a copy of an array's memory as `array.array`, which message setters accept without a check per element."""
    return array.array('B', np.ascontiguousarray(values).tobytes())


def to_image(pixels: NDArray[Any], encoding: str, header: Header) -> Image:
    """Return an image message.

    Args:
        pixels: (row, column), or (row, column, 3) for rgb8, in the element type of the encoding.
        encoding: A key of `ENCODINGS`.
        header: Stamp and frame.

    Raises:
        NodeError: Element type or shape do not match the encoding.

    """
    dtype, values = ENCODINGS[encoding]
    shape = pixels.shape if values == 1 else pixels.shape[:-1]
    if pixels.dtype != dtype or len(shape) != 2 or pixels.size != shape[0] * shape[1] * values:
        found = f'An array {pixels.shape!r} of {pixels.dtype}'
        msg = f'{found} is not a valid {encoding!r} image: give {values} x {dtype.__name__} per pixel.'
        raise NodeError(msg)
    height, width = shape
    return Image(
        header=header,
        height=height,
        width=width,
        encoding=encoding,
        is_bigendian=int(sys.byteorder == 'big'),
        step=width * values * np.dtype(dtype).itemsize,
        data=to_bytes(pixels),
    )


def from_image(message: Image) -> NDArray[Any]:
    """Return the pixels of an image message, (row, column) or (row, column, 3), in native byte order.

    Raises:
        NodeError: The encoding is unknown, or the length of the data does not match the size of the image.

    """
    if message.encoding not in ENCODINGS:
        msg = f'Image encoding {message.encoding!r} is not supported: send one of {sorted(ENCODINGS)}.'
        raise NodeError(msg)
    scalar, values = ENCODINGS[message.encoding]
    dtype = np.dtype(scalar).newbyteorder('>' if message.is_bigendian else '<')
    row_bytes = message.width * values * dtype.itemsize
    if message.step < row_bytes or len(message.data) != message.step * message.height:
        msg = (
            f'Image of {message.height} x {message.width} {message.encoding!r} with step {message.step} '
            f'holds {len(message.data)} bytes: send step >= {row_bytes} and step x height bytes.'
        )
        raise NodeError(msg)
    rows = np.frombuffer(message.data, dtype=np.uint8).reshape(message.height, message.step)[:, :row_bytes]
    pixels = np.ascontiguousarray(rows).view(dtype).astype(scalar)
    return pixels.reshape(message.height, message.width, 3) if values == 3 else pixels


def to_camera_info(camera: CameraModel, header: Header, height: int, width: int) -> CameraInfo:
    """Return the camera_info of an image (height, width) with the camera's field of view."""
    model = camera.resized(height, width)
    fx, fy, cx, cy = model.fx, model.fy, model.cx, model.cy
    return CameraInfo(
        header=header,
        height=height,
        width=width,
        distortion_model='plumb_bob',
        d=[0.0] * 5,
        k=[fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0],
        r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        p=[fx, 0.0, cx, 0.0, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0],
    )


def to_point_cloud(points: NDArray[Any], header: Header) -> PointCloud2:
    """Return an organised point cloud, which keeps the points without a position.

    Args:
        points: `POINT` (row, column) of `to_organised_cloud`.
        header: Stamp and frame.

    """
    fields = [
        PointField(
            name=name,
            offset=offset,
            datatype=PointField.UINT8 if POINT[name] == np.uint8 else PointField.FLOAT32,
            count=1,
        )
        for name, offset in POINT_OFFSETS.items()
    ]
    height, width = points.shape
    return PointCloud2(
        header=header,
        height=height,
        width=width,
        fields=fields,
        is_bigendian=False,
        point_step=POINT.itemsize,
        row_step=POINT.itemsize * width,
        data=to_bytes(points),
        is_dense=False,
    )


def to_labels_json(names: Mapping[int, str]) -> String:
    """Return the list of classes as JSON: an object from class id to name, with 255 for unlabelled."""
    classes = {str(class_id): name for class_id, name in sorted(names.items())}
    return String(data=json.dumps({**classes, str(UNLABELLED): 'unlabelled'}))
