# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import numpy as np

from audio_manifold_ros.rig.camera import CameraModel
from audio_manifold_ros.robot_outputs.organised_cloud import GREY, to_organised_cloud


def test_every_pixel_has_its_point(camera: CameraModel) -> None:
    rng = np.random.default_rng(0)
    depth_m = rng.uniform(1, 80, (64, 128)).astype(np.float32)
    depth_m[3, 5] = np.nan
    labels = rng.integers(0, 19, depth_m.shape).astype(np.uint8)
    confidence = rng.uniform(0, 1, depth_m.shape).astype(np.float32)
    colours = rng.integers(0, 256, (*depth_m.shape, 3)).astype(np.uint8)
    points = to_organised_cloud(depth_m, camera, labels=labels, confidence=confidence, colours=colours)
    assert points.shape == depth_m.shape
    # Half of the rows: the vertical focal length and centre shrink with them.
    row, column = 40, 17
    assert np.isclose(points['x'][row, column], depth_m[row, column] * (column - 63.5) / 53.7024)
    assert np.isclose(points['y'][row, column], depth_m[row, column] * (row - 31.5) / (137.2484 / 2))
    assert np.array_equal(points['z'], depth_m, equal_nan=True)
    assert np.array_equal(points['class_id'], labels)
    assert np.array_equal(points['confidence'], confidence)
    assert tuple(points['rgb'][row, column].tobytes()[2::-1]) == tuple(colours[row, column])
    assert [np.isnan(points[name][3, 5]) for name in 'xyz'] == [True] * 3
    assert points['class_id'][3, 5] == labels[3, 5]


def test_a_cloud_of_depth_alone_is_grey_and_unlabelled(camera: CameraModel) -> None:
    points = to_organised_cloud(np.ones((128, 128), np.float32), camera)
    assert np.all(points['rgb'] == GREY)
    assert np.all(points['class_id'] == 255)
    assert np.all(np.isnan(points['confidence']))
