# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Prior of cameras that no training image is of, against the geometry of a flat world."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.camera_prior.camera_view import ASSUMED_HEIGHT_M, CameraView
from audio_manifold_ros.camera_prior.prior_counts import PriorCounts
from audio_manifold_ros.camera_prior.prior_table import PriorTable
from audio_manifold_ros.camera_prior.ray_grid import RayGrid
from audio_manifold_ros.common.errors import NetworkError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.rig.camera import CameraModel
from audio_manifold_ros.rig.rotation import rotation_matrix

ROAD, SIDEWALK, SKY = 0, 1, 10
ROAD_HALF_M, SKY_M = 4.0, 60.0
AHEAD = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])


def view_of(height_m: float, focal: tuple[float, float] = (53.7, 137.2), pitch_deg: float = 0.0) -> CameraView:
    """Return a camera that looks ahead, or down by an angle."""
    rotation = rotation_matrix((0.0, math.radians(pitch_deg), 0.0)) @ AHEAD
    return CameraView(CameraModel(128, 128, *focal, 63.5, 63.5), tuple(rotation.ravel().tolist()), height_m)


def flat_world(view: CameraView) -> dict[str, np.ndarray]:
    """Return what a camera sees of a straight road between sidewalks, and of a sky at one horizontal range."""
    rays = view.rays(128, 128)
    horizontal = np.hypot(rays[..., 0], rays[..., 1])
    with np.errstate(divide='ignore'):
        along = np.where(rays[..., 2] < 0, view.height_m / -rays[..., 2], np.inf)
    is_ground = along * horizontal < SKY_M
    depth_m = np.where(is_ground, along, SKY_M / horizontal)
    is_road = np.abs(np.where(is_ground, along, 0.0) * rays[..., 1]) < ROAD_HALF_M
    labels = np.where(is_ground, np.where(is_road, ROAD, SIDEWALK), SKY).astype(np.uint8)
    up = np.broadcast_to(np.array([0.0, 0.0, 1.0]) @ view.matrix, (128, 128, 3))
    normals = np.where(is_ground[..., None], up, np.nan).astype(np.float32)
    return {'depth': depth_m.astype(np.float32), 'segmentation': labels, 'normals': normals}


def table_of(views: list[CameraView]) -> PriorTable:
    counts = PriorCounts(RayGrid.of_views(views), ('depth', 'segmentation', 'normals'))
    for view in views:
        for name, image in flat_world(view).items():
            counts.add(name, image[None], view)
    return replace(counts.build(), view=views[0])


@pytest.fixture(scope='module')
def table() -> PriorTable:
    """Table of cameras at 1.5 m, one of which looks up and down more than the others."""
    return table_of([view_of(1.5), view_of(1.5, (40.0, 80.0)), view_of(1.5, (60.0, 110.0))])


@pytest.mark.parametrize(
    'view',
    [
        view_of(1.5),
        view_of(0.5),
        view_of(2.2, (60.0, 120.0)),
        view_of(1.0, (90.0, 90.0)),
        view_of(1.2, pitch_deg=8.0),
    ],
)
def test_a_new_camera_sees_the_same_ground(table: PriorTable, view: CameraView) -> None:
    found, expected = table.images(view, 128, 128), flat_world(view)
    # Near the horizon a row of the table is wider than a pixel.
    rows = slice(None) if view.height_m == 1.5 else slice(80, None)
    error = np.abs(np.log(found['depth'] / expected['depth']))[rows]
    assert np.median(error) < 0.01
    assert (error < 0.05).mean() > 0.9
    agreement = found['segmentation'].argmax(axis=-1) == expected['segmentation']
    assert agreement.mean() > 0.95
    normals = found['normals'][rows][np.isfinite(expected['normals'][rows]).all(axis=-1)]
    up = np.array([0.0, 0.0, 1.0]) @ view.matrix
    assert (normals @ up > 0.99).mean() > 0.99


def test_rays_without_training_images_take_the_nearest(table: PriorTable) -> None:
    found = table.images(view_of(0.3, (20.0, 20.0), pitch_deg=20.0), 64, 64)
    assert all(np.isfinite(image).all() for image in found.values())
    assert (found['depth'] > 0).all()
    np.testing.assert_allclose(found['segmentation'].sum(axis=-1), 1.0, atol=1e-3)


def test_a_stored_table_gives_the_same_images(table: PriorTable, tmp_path: Path) -> None:
    path = tmp_path / 'camera_prior.npz'
    path.write_bytes(table.to_bytes())
    assert table.to_bytes() == table.to_bytes()
    loaded = PriorTable.load(path, ('depth', 'segmentation', 'normals'))
    assert loaded.view == table.view
    for name, image in loaded.images(view_of(0.8), 128, 128).items():
        np.testing.assert_allclose(image, table.images(view_of(0.8), 128, 128)[name], rtol=0.01, atol=2e-3)


def _npz(**changes: object) -> bytes:
    stored: dict[str, object] = {
        'version': np.array(1),
        'centre_rad': np.array(0.0),
        'view': np.array([8, 8, 4, 4, 3.5, 3.5, *np.eye(3).ravel(), 1.5]),
        'depth': np.zeros((4, 124, 90, 1), np.float16),
    }
    content = io.BytesIO()
    np.savez(content, **{**stored, **changes})  # type: ignore[arg-type]
    return content.getvalue()


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (b'no archive', 'damaged'),
        (_npz(version=np.array(2)), 'version 2'),
        (_npz(depth=np.zeros((4, 124, 90, 2), np.float16)), r'\(4, 124, 90, 2\)'),
        (_npz(depth=np.full((4, 124, 90, 1), np.nan, np.float16)), 'export the bundle again'),
        (_npz(depth=np.array([None])), 'objects'),
        (_npz(view=np.zeros(16)), 'camera of the numbers'),
        (_npz(view=np.zeros(3)), 'camera of the numbers'),
        (_npz(centre_rad=np.array(np.inf)), 'centre inf'),
    ],
)
def test_a_damaged_file_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / 'camera_prior.npz'
    path.write_bytes(content)
    with pytest.raises(NetworkError, match=message):
        PriorTable.load(path, ('depth',))


def test_the_view_of_a_rig_has_its_height() -> None:
    usb_ring = RigFiles.from_folder(resource_path('calibration/usb_ring'))
    view = CameraView.from_rig(usb_ring.camera_model(), usb_ring.transforms())
    assert view.height_m == 0.5
    np.testing.assert_allclose(view.matrix, AHEAD, atol=1e-6)
    unknown = RigFiles.from_folder(resource_path('calibration/oap'))
    assert CameraView.from_rig(unknown.camera_model(), unknown.transforms()).height_m == ASSUMED_HEIGHT_M
