# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Intrinsics of the camera that predicted images imitate (`camera.yaml` in the format of camera_info_manager)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from audio_manifold_ros.common.errors import RigError
from audio_manifold_ros.common.schema import REQUIRED, from_plain, to_plain
from audio_manifold_ros.common.schema_rules import Decimals, between, numbers
from audio_manifold_ros.common.yaml_file import format_yaml
from audio_manifold_ros.rig.rig_file import parse_rig_yaml, read_rig_yaml

CAMERA_FILE = 'camera.yaml'
MAX_PIXELS = 65_536
IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
# Numbers of coefficients of each model, as `sensor_msgs/CameraInfo` defines them.
DISTORTION_MODELS = {'plumb_bob': (4, 5), 'rational_polynomial': (8,), 'equidistant': (4,)}
DistortionModel = Literal['plumb_bob', 'rational_polynomial', 'equidistant']
Pixels = Annotated[int, between(1, MAX_PIXELS)]


@dataclass(frozen=True)
class CameraModel:
    """A pinhole camera without distortion. The ray of pixel (u, v) is ((u - cx) / fx, (v - cy) / fy, 1).

    Attributes:
        width: Columns of the image.
        height: Rows of the image.
        fx: Horizontal focal length in pixels.
        fy: Vertical focal length in pixels.
        cx: Column of the optical axis. Integers are pixel centres.
        cy: Row of the optical axis.

    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float

    def resized(self, height: int, width: int) -> CameraModel:
        """Return the camera of an image (height, width) with the same field of view.

        Pixel centres have integer coordinates: column u of this camera is at (u + 0.5) · scale - 0.5 in the image.
        """
        scale_x, scale_y = width / self.width, height / self.height
        return CameraModel(
            width,
            height,
            self.fx * scale_x,
            self.fy * scale_y,
            (self.cx + 0.5) * scale_x - 0.5,
            (self.cy + 0.5) * scale_y - 0.5,
        )

    @classmethod
    def from_yaml(cls, path: Path | str) -> CameraModel:
        """Read the pinhole part of a `camera.yaml`.

        Raises:
            RigError: The file cannot be read, is not YAML, or holds a wrong key or value.

        """
        return CameraCalibration.from_yaml(path).model

    @classmethod
    def from_text(cls, text: str, path: str) -> CameraModel:
        """Read the pinhole part of the text of a `camera.yaml`; `path` names it in messages.

        Raises:
            RigError: The text is not YAML, or holds a wrong key or value.

        """
        return CameraCalibration.from_text(text, path).model


@dataclass(frozen=True)
class CameraCalibration:
    """The content of a `camera.yaml`.

    Attributes:
        model: The pinhole camera.
        name: Name of the camera; may be empty.
        distortion_model: A key of `DISTORTION_MODELS`.
        distortion: Its coefficients, in the order of `sensor_msgs/CameraInfo`.
        rectification: Rotation to the rectified camera, row by row.
        projection: Matrix of the rectified camera, row by row; empty for that of the pinhole camera.

    """

    model: CameraModel
    name: str = ''
    distortion_model: DistortionModel = 'plumb_bob'
    distortion: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0, 0.0)
    rectification: tuple[float, ...] = IDENTITY
    projection: tuple[float, ...] = ()

    @classmethod
    def from_yaml(cls, path: Path | str) -> CameraCalibration:
        """Read a `camera.yaml`.

        Raises:
            RigError: The file cannot be read, is not YAML, or holds a wrong key or value.

        """
        return _from_values(read_rig_yaml(path, CAMERA_FILE), str(path))

    @classmethod
    def from_text(cls, text: str, path: str) -> CameraCalibration:
        """Read the text of a `camera.yaml`; `path` names it in messages.

        Raises:
            RigError: The text is not YAML, or holds a wrong key or value.

        """
        return _from_values(parse_rig_yaml(text, path, CAMERA_FILE), path)

    def to_text(self) -> str:
        """Return the text of its `camera.yaml`."""
        model = self.model
        k = (model.fx, 0.0, model.cx, 0.0, model.fy, model.cy, 0.0, 0.0, 1.0)
        projection = self.projection or (*k[:3], 0.0, *k[3:6], 0.0, *k[6:], 0.0)
        content = _CameraFile(
            model.width,
            model.height,
            self.name,
            _Matrix3x3(data=k),
            self.distortion_model,
            _Coefficients(data=self.distortion, cols=len(self.distortion)),
            _Matrix3x3(data=self.rectification),
            _Matrix3x4(data=projection),
        )
        return format_yaml(to_plain(content))


@dataclass(frozen=True, kw_only=True)
class _Matrix3x3:
    rows: Literal[3] = 3
    cols: Literal[3] = 3
    data: Annotated[tuple[float, ...], numbers(9), Decimals(8)]


@dataclass(frozen=True, kw_only=True)
class _Matrix3x4:
    rows: Literal[3] = 3
    cols: Literal[4] = 4
    data: Annotated[tuple[float, ...], numbers(12), Decimals(8)]


@dataclass(frozen=True, kw_only=True)
class _Coefficients:
    rows: Literal[1] = 1
    cols: int | None = None
    data: Annotated[tuple[float, ...], Decimals(8)]


@dataclass(frozen=True)
class _CameraFile:
    """The keys of a `camera.yaml`."""

    image_width: Pixels
    image_height: Pixels
    camera_name: str = ''
    camera_matrix: _Matrix3x3 = field(default=_Matrix3x3(data=IDENTITY), metadata=REQUIRED)
    distortion_model: DistortionModel = 'plumb_bob'
    distortion_coefficients: _Coefficients | None = None
    rectification_matrix: _Matrix3x3 = _Matrix3x3(data=IDENTITY)
    projection_matrix: _Matrix3x4 | None = None

    def __post_init__(self) -> None:
        """Refuse a pinhole without focal length, and a number of coefficients that the model does not have.

        Raises:
            RigError: A value does not fit; the message names its key.

        """
        k = self.camera_matrix.data
        if min(k[0], k[4]) <= 0 or k[8] != 1:
            msg = f'camera_matrix.data is {list(k)!r}: give positive focal lengths and end with 1.'
            raise RigError(msg)
        if self.distortion_coefficients is not None:
            _check_distortion(self.distortion_coefficients, self.distortion_model)


def _check_distortion(coefficients: _Coefficients, model: str) -> None:
    counts = DISTORTION_MODELS[model]
    count = len(coefficients.data)
    if count not in counts:
        msg = (
            f'distortion_coefficients.data is {list(coefficients.data)!r}: '
            f'give {_of_counts(counts)} numbers for the distortion model {model!r}.'
        )
        raise RigError(msg)
    if coefficients.cols not in (None, count):
        msg = f'distortion_coefficients.cols is {coefficients.cols!r}: give {count}, the length of data.'
        raise RigError(msg)


def _of_counts(counts: Sequence[int]) -> str:
    return f'a list of {" or ".join(map(str, counts))}'


def _from_values(values: object, path: str) -> CameraCalibration:
    content = from_plain(_CameraFile, values, path, RigError)
    k = content.camera_matrix.data
    coefficients, projection = content.distortion_coefficients, content.projection_matrix
    return CameraCalibration(
        CameraModel(content.image_width, content.image_height, k[0], k[4], k[2], k[5]),
        content.camera_name,
        content.distortion_model,
        (0.0,) * DISTORTION_MODELS[content.distortion_model][-1] if coefficients is None else coefficients.data,
        content.rectification_matrix.data,
        () if projection is None else projection.data,
    )
