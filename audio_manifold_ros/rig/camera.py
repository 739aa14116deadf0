# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The camera that predicted images imitate."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audio_manifold_ros.common.errors import RigError
from audio_manifold_ros.rig.yaml_file import parse_yaml, read_text, write_yaml
from audio_manifold_ros.rig.yaml_schema import Check, check_mapping, choice, integer, is_numbers

CAMERA_FILE = 'camera.yaml'
MAX_PIXELS = 65_536
IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
# Coefficients of each model, as `sensor_msgs/CameraInfo` defines them.
DISTORTION_MODELS = {'plumb_bob': (4, 5), 'rational_polynomial': (8,), 'equidistant': (4,)}
SHAPES = {'camera_matrix': (3, 3), 'rectification_matrix': (3, 3), 'projection_matrix': (3, 4)}


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
            RigError: The file is missing, is no camera, or holds a wrong value.

        """
        return cls.from_text(read_text(path, CAMERA_FILE), str(path))

    @classmethod
    def from_text(cls, text: str, path: str) -> CameraModel:
        """Read the text of a `camera.yaml`; `path` says in messages where it comes from.

        Raises:
            RigError: The text is no camera, or holds a wrong value.

        """
        return CameraCalibration.from_text(text, path).model


@dataclass(frozen=True)
class CameraCalibration:
    """Everything that a `camera.yaml` says.

    Attributes:
        model: The pinhole.
        name: Of the camera; may be empty.
        distortion_model: A key of `DISTORTION_MODELS`.
        distortion: Its coefficients, in the order of `sensor_msgs/CameraInfo`.
        rectification: Rotation to the rectified camera, row by row.
        projection: Matrix of the rectified camera, row by row; empty for that of the pinhole.

    """

    model: CameraModel
    name: str = ''
    distortion_model: str = 'plumb_bob'
    distortion: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0, 0.0)
    rectification: tuple[float, ...] = IDENTITY
    projection: tuple[float, ...] = ()

    @classmethod
    def from_yaml(cls, path: Path | str) -> CameraCalibration:
        """Read a `camera.yaml` in camera_info_manager's format.

        Raises:
            RigError: The file is missing, is no camera, or holds a wrong value.

        """
        return cls.from_text(read_text(path, CAMERA_FILE), str(path))

    @classmethod
    def from_text(cls, text: str, path: str) -> CameraCalibration:
        """Read the text of a `camera.yaml`; `path` says in messages where it comes from.

        Raises:
            RigError: The text is no camera, or holds a wrong value.

        """
        data = parse_yaml(text, path, CAMERA_FILE)
        check_mapping(path, '', data, CHECKS, OPTIONS)
        matrices = {key: _matrix(path, key, data[key], shape) for key, shape in SHAPES.items() if key in data}
        k = matrices['camera_matrix']
        if min(k[0], k[4]) <= 0 or k[8] != 1:
            msg = f'{path}: camera_matrix.data is {list(k)!r}: give positive focal lengths and end with 1.'
            raise RigError(msg)
        distortion_model = data.get('distortion_model', 'plumb_bob')
        distortion = (0.0,) * DISTORTION_MODELS[distortion_model][-1]
        if 'distortion_coefficients' in data:
            distortion = _coefficients(path, data['distortion_coefficients'], distortion_model)
        return cls(
            CameraModel(data['image_width'], data['image_height'], k[0], k[4], k[2], k[5]),
            data.get('camera_name', ''),
            distortion_model,
            distortion,
            matrices.get('rectification_matrix', IDENTITY),
            matrices.get('projection_matrix', ()),
        )

    def to_text(self) -> str:
        """Return the text of its `camera.yaml`."""
        model = self.model
        k = (model.fx, 0.0, model.cx, 0.0, model.fy, model.cy, 0.0, 0.0, 1.0)
        projection = self.projection or (*k[:3], 0.0, *k[3:6], 0.0, *k[6:], 0.0)
        return write_yaml(
            {
                'image_width': model.width,
                'image_height': model.height,
                'camera_name': self.name,
                'camera_matrix': _matrix_to_dict(k, 3),
                'distortion_model': self.distortion_model,
                'distortion_coefficients': _matrix_to_dict(self.distortion, len(self.distortion)),
                'rectification_matrix': _matrix_to_dict(self.rectification, 3),
                'projection_matrix': _matrix_to_dict(projection, 4),
            }
        )


def _matrix_to_dict(values: tuple[float, ...], columns: int) -> dict[str, Any]:
    data = [round(float(value), 8) for value in values]
    return {'rows': len(data) // columns, 'cols': columns, 'data': data}


def _matrix(path: str, key: str, entry: Any, shape: tuple[int, int]) -> tuple[float, ...]:
    rows, columns = shape
    checks: dict[str, Check] = {
        'data': (lambda v: is_numbers(v, rows * columns), f'a list of {rows * columns} numbers, row by row')
    }
    optional = {'rows': integer(rows, rows), 'cols': integer(columns, columns)}
    check_mapping(path, key, entry, checks, optional)
    return tuple(float(v) for v in entry['data'])


def _coefficients(path: str, entry: Any, model: str) -> tuple[float, ...]:
    counts = DISTORTION_MODELS[model]
    expected = f'a list of {" or ".join(map(str, counts))} numbers ({model})'
    checks: dict[str, Check] = {'data': (lambda v: any(is_numbers(v, count) for count in counts), expected)}
    check_mapping(
        path,
        'distortion_coefficients',
        entry,
        checks,
        {'rows': integer(1, 1), 'cols': integer(min(counts), max(counts))},
    )
    return tuple(float(v) for v in entry['data'])


_MATRIX: Check = (lambda v: isinstance(v, dict), 'a mapping with the keys rows, cols and data')
CHECKS: dict[str, Check] = {
    'image_width': integer(1, MAX_PIXELS),
    'image_height': integer(1, MAX_PIXELS),
    'camera_matrix': _MATRIX,
}
OPTIONS: dict[str, Check] = {
    'camera_name': (lambda v: isinstance(v, str), 'a name'),
    'distortion_model': choice(*DISTORTION_MODELS),
    'distortion_coefficients': _MATRIX,
    'rectification_matrix': _MATRIX,
    'projection_matrix': _MATRIX,
}
