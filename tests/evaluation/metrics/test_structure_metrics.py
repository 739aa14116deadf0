# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Structure metrics of synthetic streets: sensitivity to shifts, blur and missing objects."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from audio_manifold_ros.evaluation.metrics.structure_metrics import StructureMetrics
from audio_manifold_ros.modalities.modality_images import ModalityImages
from tests.evaluation.metrics.test_object_metrics import CAMERA


def synthetic_street(left: int = 40, distance_m: float = 10.0) -> ModalityImages:
    labels = np.full((128, 128), 10, np.uint8)
    labels[64:] = 0
    depth_m = np.where(labels == 10, np.nan, 30.0).astype(np.float32)
    labels[60:76, left : left + 24] = 13
    depth_m[60:76, left : left + 24] = distance_m
    return ModalityImages(depth_m, labels)


def filled_with_far(images: ModalityImages) -> ModalityImages:
    return ModalityImages(np.nan_to_num(images.depth_m, nan=80.0), images.labels)


def _blurred(images: ModalityImages) -> ModalityImages:
    import cv2

    return ModalityImages(cv2.GaussianBlur(np.nan_to_num(images.depth_m, nan=80.0), (0, 0), 9), images.labels)


def _result(ground_truth: ModalityImages, **predicted: ModalityImages) -> dict[str, float]:
    structure = StructureMetrics(CAMERA)
    structure.add(ground_truth, predicted)
    return structure.result()


def test_the_ground_truth_has_perfect_scores() -> None:
    found = _result(synthetic_street(), model=filled_with_far(synthetic_street()))
    perfect = {key for key, value in found.items() if value == 1}
    assert {'depth_edges_f', 'class_edges_f', 'class_edges_f_car', 'cars_recall', 'vehicles_precision'} <= perfect
    assert found['cars_azimuth_error_deg'] == found['cars_distance_error'] == 0


def test_each_window_may_have_its_own_camera() -> None:
    narrow = replace(CAMERA, fx=4 * CAMERA.fx, fy=4 * CAMERA.fy)
    ground_truth, model = synthetic_street(), filled_with_far(synthetic_street(46))
    errors_deg = []
    for suite_camera, camera in ((CAMERA, None), (None, CAMERA), (CAMERA, narrow)):
        structure = StructureMetrics(suite_camera)
        structure.add(ground_truth, {'model': model}, camera)
        errors_deg.append(structure.result()['cars_azimuth_error_deg'])
    assert errors_deg[0] == errors_deg[1]
    assert errors_deg[2] == pytest.approx(errors_deg[0] / 4, rel=0.1)


def test_a_small_shift_keeps_edges_and_objects_and_a_blur_loses_the_edges() -> None:
    ground_truth = synthetic_street()
    found = _result(
        ground_truth,
        model=filled_with_far(synthetic_street(42)),
        shuffled=_blurred(ground_truth),
        mirrored=filled_with_far(synthetic_street(90)),
    )
    assert found['class_edges_f'] == 1
    assert found['depth_edges_f'] > 0.95  # the sky has no depth, so not every edge is shifted
    assert found['cars_recall'] == 1
    assert 1 < found['cars_azimuth_error_deg'] < 3
    assert found['depth_edges_recall_shuffled'] == 0
    assert math.isnan(found['depth_edges_precision_shuffled'])
    assert found['depth_edges_f_shuffled'] == 0
    assert found['cars_recall_mirrored'] == found['cars_precision_mirrored'] == 0


def test_class_edge_scores_are_means_over_the_classes_of_the_ground_truth() -> None:
    ground_truth = synthetic_street()
    empty = ModalityImages(None, np.where(ground_truth.labels == 13, 0, ground_truth.labels).astype(np.uint8))
    found = _result(ground_truth, model=empty)
    assert found['class_edges_f_car'] == 0
    expected = np.mean([found[f'class_edges_f_{name}'] for name in ('road', 'sky', 'car')])
    assert found['class_edges_f'] == pytest.approx(expected)
    assert found['cars_recall'] == 0
    assert 'depth_edges_f' not in found
    invented = ModalityImages(None, np.where(ground_truth.labels == 0, 8, ground_truth.labels).astype(np.uint8))
    assert 'class_edges_f_vegetation' not in _result(ground_truth, model=invented)


def test_unlabelled_pixels_are_ignored() -> None:
    ground_truth = synthetic_street()
    ground_truth.labels[:, 30:80] = 255
    cars = ModalityImages(None, np.full((128, 128), 10, np.uint8))
    cars.labels[64:] = 0
    cars.labels[70:80, 40:60] = 13
    found = _result(ground_truth, model=cars)
    assert found['class_edges_f'] == 1
    assert found['cars_said'] == found['cars_true'] == 0


def test_without_a_camera_there_are_no_object_scores() -> None:
    structure = StructureMetrics(None)
    structure.add(synthetic_street(), {'model': filled_with_far(synthetic_street())})
    assert not [key for key in structure.result() if key.startswith('cars')]
