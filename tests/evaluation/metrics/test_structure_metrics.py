# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Structure on drawn streets: what pixel metrics forgive and what they punish."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from audio_manifold_ros.evaluation.metrics.depth_and_labels import DepthAndLabels
from audio_manifold_ros.evaluation.metrics.depth_metrics import DepthMetrics
from audio_manifold_ros.evaluation.metrics.metric_suite import MetricSuite
from audio_manifold_ros.evaluation.metrics.segmentation_metrics import SegmentationMetrics
from audio_manifold_ros.evaluation.metrics.skill_score import skill_scores
from audio_manifold_ros.evaluation.metrics.structure_metrics import StructureMetrics
from tests.evaluation.metrics.test_object_metrics import CAMERA


def _street(left: int = 40, distance_m: float = 10.0) -> DepthAndLabels:
    labels = np.full((128, 128), 10, np.uint8)
    labels[64:] = 0
    depth_m = np.where(labels == 10, np.nan, 30.0).astype(np.float32)
    labels[60:76, left : left + 24] = 13
    depth_m[60:76, left : left + 24] = distance_m
    return DepthAndLabels(depth_m, labels)


def _filled(images: DepthAndLabels) -> DepthAndLabels:
    return DepthAndLabels(np.nan_to_num(images.depth_m, nan=80.0), images.labels)


def _blurred(images: DepthAndLabels) -> DepthAndLabels:
    import cv2

    return DepthAndLabels(cv2.GaussianBlur(np.nan_to_num(images.depth_m, nan=80.0), (0, 0), 9), images.labels)


def _result(ground_truth: DepthAndLabels, **predicted: DepthAndLabels) -> dict[str, float]:
    structure = StructureMetrics(CAMERA)
    structure.add(ground_truth, predicted)
    return structure.result()


def test_the_truth_is_perfect() -> None:
    found = _result(_street(), model=_filled(_street()))
    perfect = {key for key, value in found.items() if value == 1}
    assert {'depth_edges_f', 'class_edges_f', 'class_edges_f_car', 'cars_recall', 'vehicles_precision'} <= perfect
    assert found['cars_azimuth_error_deg'] == found['cars_distance_error'] == 0


def test_a_small_shift_keeps_edges_and_objects_and_a_blur_loses_the_edges() -> None:
    ground_truth = _street()
    found = _result(
        ground_truth, model=_filled(_street(42)), shuffled=_blurred(ground_truth), mono=_filled(_street(90))
    )
    assert found['class_edges_f'] == 1
    assert found['depth_edges_f'] > 0.95  # against the sky no depth is known, so not everything moves along
    assert found['cars_recall'] == 1
    assert 1 < found['cars_azimuth_error_deg'] < 3
    assert found['depth_edges_recall_shuffled'] == 0
    assert math.isnan(found['depth_edges_precision_shuffled'])
    assert found['depth_edges_f_shuffled'] == 0
    assert found['cars_recall_mono'] == found['cars_precision_mono'] == 0


def test_edges_of_classes_are_means_over_those_in_the_truth() -> None:
    ground_truth = _street()
    empty = DepthAndLabels(None, np.where(ground_truth.labels == 13, 0, ground_truth.labels).astype(np.uint8))
    found = _result(ground_truth, model=empty)
    assert found['class_edges_f_car'] == 0
    expected = np.mean([found[f'class_edges_f_{name}'] for name in ('road', 'sky', 'car')])
    assert found['class_edges_f'] == pytest.approx(expected)
    assert found['cars_recall'] == 0
    assert 'depth_edges_f' not in found
    invented = DepthAndLabels(None, np.where(ground_truth.labels == 0, 8, ground_truth.labels).astype(np.uint8))
    assert 'class_edges_f_vegetation' not in _result(ground_truth, model=invented)


def test_what_is_unlabelled_is_not_judged() -> None:
    ground_truth = _street()
    ground_truth.labels[:, 30:80] = 255
    cars = DepthAndLabels(None, np.full((128, 128), 10, np.uint8))
    cars.labels[64:] = 0
    cars.labels[70:80, 40:60] = 13
    found = _result(ground_truth, model=cars)
    assert found['class_edges_f'] == 1
    assert found['cars_said'] == found['cars_true'] == 0


def test_without_a_camera_objects_are_not_looked_for() -> None:
    structure = StructureMetrics(None)
    structure.add(_street(), {'model': _filled(_street())})
    assert not [key for key in structure.result() if key.startswith('cars')]


def test_explained_is_one_minus_the_share_of_the_priors_squared_error() -> None:
    rng = np.random.default_rng(0)
    ground_truth_m = np.exp(rng.uniform(0.2, 4, (6, 20, 20)))
    predicted: dict[str, NDArray[np.float64]] = {
        'model': ground_truth_m * np.exp(rng.normal(0, 0.1, ground_truth_m.shape)),
        'prior': np.full(ground_truth_m.shape, 9.0),
        'mono': np.full(ground_truth_m.shape, 60.0),
    }
    depth = {variant: DepthMetrics() for variant in predicted}
    labels = {variant: SegmentationMetrics() for variant in predicted}
    classes = rng.integers(0, 3, ground_truth_m.shape).astype(np.uint8)
    answers = {
        'model': np.where(rng.random(classes.shape) < 0.2, 5, classes),
        'prior': classes * 0,
        'mono': classes * 0 + 7,
    }
    near = ground_truth_m < 10
    for image in range(6):
        for variant in predicted:
            depth[variant].add(ground_truth_m[image], predicted[variant][image], {'ground': near[image]})
            labels[variant].add(classes[image], answers[variant][image].astype(np.uint8))
    found = skill_scores(depth, labels)
    clipped = {variant: np.clip(value, 1, 80) for variant, value in {**predicted, 'truth': ground_truth_m}.items()}
    for region, mask in (('', near | True), ('_ground', near)):
        errors = {variant: np.sum(np.log(clipped[variant] / clipped['truth'])[mask] ** 2) for variant in predicted}
        for variant, suffix in (('model', ''), ('mono', '_mono')):
            share = 1 - errors[variant] / errors['prior']
            assert found[f'explained_log_depth{region}{suffix}'] == pytest.approx(share)
    wrong = {variant: np.count_nonzero(answers[variant] != classes) for variant in predicted}
    assert found['explained_classes'] == pytest.approx(1 - wrong['model'] / wrong['prior'])
    assert found['explained_classes_mono'] == pytest.approx(1 - wrong['mono'] / wrong['prior'])
    assert not [key for key in found if key.endswith('_prior')]
    assert skill_scores({'model': depth['model']}, {'model': labels['model']}) == {}


def test_the_board_scores_truth_of_another_size_besides() -> None:
    ground_truth = _street()
    large = DepthAndLabels(
        *(image.repeat(3, axis=0).repeat(3, axis=1) for image in (ground_truth.depth_m, ground_truth.labels))
    )
    board, without_native = MetricSuite(CAMERA), MetricSuite(CAMERA)
    predicted = {'model': _filled(_street(44)), 'prior': _filled(_street(90))}
    board.add(ground_truth, predicted, native=large)
    without_native.add(ground_truth, predicted)
    found, expected = board.result(), without_native.result()
    native = found.pop('native')
    assert expected.pop('native') == {}
    assert found == expected
    assert native['depth']['size'] == native['segmentation']['size'] == [384, 384]
    # Classes are enlarged pixel by pixel, so nothing changes; depth is bent across every edge.
    assert native['segmentation']['miou'] == found['segmentation']['miou']
    assert native['segmentation']['iou_car_prior'] == found['segmentation']['iou_car_prior']
    assert native['depth']['abs_rel_prior'] == pytest.approx(found['depth']['abs_rel_prior'], rel=0.1)
    assert native['depth']['pixels'] == 9 * found['depth']['pixels']
