# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Prior table: what is seen along each ray without a sound, for cameras of any height and field of view."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.camera_prior.camera_view import CameraView
from audio_manifold_ros.camera_prior.ray_grid import COLUMNS, LEVELS, ROWS, RayGrid, level_of
from audio_manifold_ros.common.class_ids import CLASS_NAMES
from audio_manifold_ros.common.errors import NetworkError
from audio_manifold_ros.common.npy_file import read_npz
from audio_manifold_ros.modalities.registry import DEPTH, NORMALS, SEGMENTATION
from audio_manifold_ros.rig.camera import CameraModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.camera_prior.ray_grid import RayCoordinates
    from audio_manifold_ros.common.array_types import FloatArray

# Part of a bundle whose networks take the prior of the camera.
TABLE_FILE = 'camera_prior.npz'
FORMAT_VERSION = 1
CENTRE, VIEW = 'centre_rad', 'view'
# Numbers of a camera: those of its model, its rotation and its height.
VIEW_NUMBERS = 16
MAX_ARRAY_BYTES = 1 << 26
# Values of a ray by modality.
VALUES = {DEPTH: 1, SEGMENTATION: len(CLASS_NAMES), NORMALS: 3}


@dataclass(frozen=True)
class PriorTable:
    """Values per height, row and column of a grid of rays.

    Attributes:
        grid: Rows and columns.
        values: float32 (level, row, column, value) by modality: ln of the range relative to that of the ground, class
            frequencies, or the mean normal in the root frame of the rig.
        view: Camera of the bundle that the table belongs to. None for a table without a bundle.

    """

    grid: RayGrid
    values: Mapping[str, NDArray[np.float32]]
    view: CameraView | None = None

    def to_bytes(self) -> bytes:
        """Return the content of a file in half precision. Equal tables give equal bytes.

        Raises:
            NetworkError: The table has no camera.

        """
        if self.view is None:
            msg = 'The prior table has no camera: give it the camera of the bundle (view).'
            raise NetworkError(msg)
        half = {name: values.astype(np.float16) for name, values in self.values.items()}
        stored = {
            'version': np.array(FORMAT_VERSION),
            CENTRE: np.array(self.grid.centre_rad),
            VIEW: _to_numbers(self.view),
            **half,
        }
        content = io.BytesIO()
        with zipfile.ZipFile(content, 'w', zipfile.ZIP_DEFLATED) as archive:
            for name, value in stored.items():
                buffer = io.BytesIO()
                np.save(buffer, value, allow_pickle=False)
                archive.writestr(zipfile.ZipInfo(f'{name}.npy'), buffer.getvalue(), zipfile.ZIP_DEFLATED)
        return content.getvalue()

    @classmethod
    def load(cls, path: Path, modalities: Iterable[str]) -> PriorTable:
        """Load a file with the content of `to_bytes`.

        Raises:
            NetworkError: The file is missing or damaged, or has other sizes or values that are not finite.

        """
        names = tuple(modalities)
        try:
            stored = read_npz(path, ('version', CENTRE, VIEW, *names), MAX_ARRAY_BYTES)
            version, centre_rad = int(stored['version']), float(stored[CENTRE])
            view = _from_numbers(stored[VIEW])
        except (OSError, ValueError, TypeError, OverflowError) as error:
            msg = f'Cannot read the prior table {str(path)!r}: {error}. Export the bundle again.'
            raise NetworkError(msg) from None
        values = {name: stored[name] for name in names}
        is_sized = all(found.shape == (LEVELS, ROWS, COLUMNS, VALUES[name]) for name, found in values.items())
        is_finite = np.isfinite(centre_rad) and all(
            found.dtype == np.float16 and np.isfinite(found).all() for found in values.values()
        )
        if version != FORMAT_VERSION or not is_sized or not is_finite:
            shapes = ', '.join(f'{name} {found.dtype} {found.shape}' for name, found in values.items())
            msg = f'{path}: prior table of version {version}, centre {centre_rad}, {shapes}: export the bundle again.'
            raise NetworkError(msg)
        return cls(RayGrid(centre_rad), {name: found.astype(np.float32) for name, found in values.items()}, view)

    def images(self, view: CameraView, rows: int, columns: int) -> dict[str, NDArray[np.float32]]:
        """Return the prior images of a camera, float32, by modality.

        Args:
            view: The camera.
            rows: Rows of the images.
            columns: Columns of the images.

        Returns:
            Depth in metres (row, column), class frequencies (row, column, class), normals (row, column, 3).

        """
        found = self.grid.coordinates(view, rows, columns)
        return {
            name: IMAGES[name](_sample(values, level_of(view.height_m), found), found, view).astype(np.float32)
            for name, values in self.values.items()
        }


def _to_numbers(view: CameraView) -> FloatArray:
    camera = view.camera
    model = (camera.width, camera.height, camera.fx, camera.fy, camera.cx, camera.cy)
    return np.array([*model, *view.rotation, view.height_m])


def _from_numbers(numbers: NDArray[np.float64]) -> CameraView:
    """Return the camera of `_to_numbers`.

    Raises:
        ValueError: The numbers are not a camera.

    """
    if numbers.shape != (VIEW_NUMBERS,) or not np.isfinite(numbers).all() or numbers[[0, 1, 2, 3, -1]].min() <= 0:
        msg = f'it states a camera of the numbers {numbers.tolist()!r}'
        raise ValueError(msg)
    width, height, fx, fy, cx, cy, *rotation, height_m = numbers.tolist()
    return CameraView(CameraModel(int(width), int(height), fx, fy, cx, cy), tuple(rotation), height_m)


def _sample(values: NDArray[np.float32], level: float, found: RayCoordinates) -> FloatArray:
    """Return values (row, column, value) of rays, interpolated linearly."""
    low = min(int(level), LEVELS - 2)
    plane = values[low] + np.float32(level - low) * (values[low + 1] - values[low])
    row = np.minimum(found.row.astype(np.int64), plane.shape[0] - 2)
    column = np.minimum(found.column.astype(np.int64), plane.shape[1] - 2)
    down, right = (found.row - row)[..., None], (found.column - column)[..., None]
    upper = plane[row, column] * (1 - right) + plane[row, column + 1] * right
    lower = plane[row + 1, column] * (1 - right) + plane[row + 1, column + 1] * right
    sampled: FloatArray = upper * (1 - down) + lower * down
    return sampled


def _depth_m(logs: FloatArray, found: RayCoordinates, view: CameraView) -> FloatArray:
    del view
    depth_m: FloatArray = np.exp(logs[..., 0]) * found.reference_m / found.horizontal
    return depth_m


def _frequencies(fractions: FloatArray, found: RayCoordinates, view: CameraView) -> FloatArray:
    del found, view
    return fractions


def _optical_normals(normals: FloatArray, found: RayCoordinates, view: CameraView) -> FloatArray:
    del found
    turned = normals @ view.matrix
    optical: FloatArray = turned / np.maximum(np.linalg.norm(turned, axis=-1, keepdims=True), 1e-9)
    return optical


IMAGES: Mapping[str, Callable[[FloatArray, RayCoordinates, CameraView], FloatArray]] = {
    DEPTH: _depth_m,
    SEGMENTATION: _frequencies,
    NORMALS: _optical_normals,
}
