# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The camera that predicted images imitate."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from audio_manifold_ros.calibration.errors import CalibrationError
from audio_manifold_ros.calibration.yaml_file import parse_yaml, read_text

CAMERA_FILE = 'camera.yaml'


@dataclass(frozen=True)
class CameraModel:
    """A pinhole camera without distortion; pixel (u, v) sees along ((u - cx) / fx, (v - cy) / fy, 1).

    Attributes:
        width: Columns of the image.
        height: Rows of the image.
        fx: Horizontal focal length in pixels.
        fy: Vertical focal length in pixels.
        cx: Column of the optical axis; whole numbers are pixel centres.
        cy: Row of the optical axis.

    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float

    @classmethod
    def from_yaml(cls, path: Path | str) -> CameraModel:
        """Read the pinhole part of a `camera.yaml` in camera_info_manager's format.

        Raises:
            CalibrationError: The file is missing, is no camera, or holds a wrong value.

        """
        return cls.from_text(read_text(path, CAMERA_FILE), str(path))

    @classmethod
    def from_text(cls, text: str, path: str) -> CameraModel:
        """Read the text of a `camera.yaml`; `path` says in messages where it comes from.

        Raises:
            CalibrationError: The text is no camera, or holds a wrong value.

        """
        data = parse_yaml(text, path, CAMERA_FILE)
        try:
            k = [float(v) for v in data['camera_matrix']['data']]
            camera = cls(int(data['image_width']), int(data['image_height']), k[0], k[4], k[2], k[5])
        except (KeyError, TypeError, ValueError, IndexError) as error:
            msg = (
                f'{path}: {error!r} where image_width, image_height and camera_matrix.data (nine numbers) are expected.'
            )
            raise CalibrationError(msg) from None
        if len(k) != 9 or min(camera.width, camera.height, camera.fx, camera.fy) <= 0:
            msg = (
                f'{path}: camera_matrix.data is {k!r} with image size {camera.width} × {camera.height}: '
                'give positive sizes and focal lengths.'
            )
            raise CalibrationError(msg)
        return camera
