# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Surface normals of planes, whose direction is known, of simulated streets, and at discontinuities."""

from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.common.class_ids import ROAD
from audio_manifold_ros.modalities.modality_images import ModalityImages
from audio_manifold_ros.rig.camera import CameraModel
from audio_manifold_ros.rig.derived_images import with_derived
from audio_manifold_ros.rig.surface_normals import surface_normals
from audio_manifold_ros.simulation.drive import Drive

CAMERA = CameraModel(128, 96, 60.0, 140.0, 61.0, 47.5)


def plane_depth(normal: np.ndarray, distance_m: float, rows: int, columns: int) -> np.ndarray:
    """Return the depth of the plane of points p with normal · p = -distance, NaN behind the camera."""
    scale_x, scale_y = columns / CAMERA.width, rows / CAMERA.height
    right = (np.arange(columns) - ((CAMERA.cx + 0.5) * scale_x - 0.5)) / (CAMERA.fx * scale_x)
    down = (np.arange(rows) - ((CAMERA.cy + 0.5) * scale_y - 0.5)) / (CAMERA.fy * scale_y)
    along = normal[0] * right[None] + normal[1] * down[:, None] + normal[2]
    with np.errstate(divide='ignore'):
        depth_m = -distance_m / along
    return np.where(depth_m > 0, depth_m, np.nan)


def angles_deg(normals: np.ndarray, expected: np.ndarray) -> np.ndarray:
    return np.degrees(np.arccos(np.clip(normals @ expected, -1, 1)))


@pytest.mark.parametrize('normal', [(0, 0, -1), (0, -1, 0), (0.6, 0, -0.8), (-0.3, 0.5, -0.8)])
@pytest.mark.parametrize('size', [(96, 128), (48, 32)])
def test_the_normal_of_a_plane_is_exact_at_any_size(normal: tuple[float, ...], size: tuple[int, int]) -> None:
    expected = np.array(normal) / np.linalg.norm(normal)
    found = surface_normals(plane_depth(expected, 3.0, *size), CAMERA)
    valid = np.isfinite(found[..., 0])
    assert found.dtype == np.float32
    assert found.shape == (*size, 3)
    assert valid.mean() > 0.3
    np.testing.assert_allclose(found[valid], np.broadcast_to(expected, found[valid].shape), atol=1e-5)


def test_normals_do_not_depend_on_the_scale_of_depth_and_little_on_half_precision() -> None:
    expected = np.array([0.6, 0, -0.8])
    depth_m = plane_depth(expected, 10.0, 96, 128)
    np.testing.assert_allclose(surface_normals(0.1 * depth_m, CAMERA), surface_normals(depth_m, CAMERA), atol=1e-5)
    rounded = angles_deg(surface_normals(depth_m.astype(np.float16), CAMERA), expected)
    assert np.nanmedian(rounded) < 1.0
    assert np.nanmax(rounded) < 4.0


def test_invalid_depth_and_discontinuities_have_no_normal() -> None:
    depth_m = np.full((20, 20), 10.0)
    depth_m[:, 12:] = 13.0
    depth_m[4, 4] = np.nan
    found = surface_normals(depth_m, CAMERA)
    assert np.isnan(found[3:6, 3:6]).all(), 'the neighbourhood of an invalid pixel'
    assert np.isnan(found[10, 11:13]).all(), 'both sides of a jump'
    assert np.isnan(found[[0, -1]]).all()
    assert np.isnan(found[:, [0, -1]]).all()
    np.testing.assert_allclose(found[10, 5], (0, 0, -1), atol=1e-6)
    np.testing.assert_allclose(found[10, 15], (0, 0, -1), atol=1e-6)
    assert np.isnan(surface_normals(np.ones((2, 2)), CAMERA)).all()


def test_the_road_of_a_simulated_street_points_up() -> None:
    drive = Drive(3)
    depth_m, labels = drive.image(0.5)
    images = with_derived(ModalityImages(depth_m, labels), drive.camera, ('depth', 'normals'))
    assert images.normals is not None
    road = angles_deg(images.normals[labels == ROAD], np.array([0, -1, 0]))
    assert np.isfinite(road).mean() > 0.5
    # Depth ends at 80 m, so the last rows of the road are a wall.
    assert np.nanpercentile(road, 98) < 1
