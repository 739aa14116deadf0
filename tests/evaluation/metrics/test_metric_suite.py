# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Metric suite: names, controls, regions, and the direction of every figure."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

from audio_manifold_ros.common.errors import EvaluationError
from audio_manifold_ros.evaluation.metrics.depth_metrics import DepthMetrics
from audio_manifold_ros.evaluation.metrics.metric_suite import MetricSuite
from audio_manifold_ros.modalities.modality_images import ModalityImages
from audio_manifold_ros.modalities.registry import MODALITIES
from audio_manifold_ros.rig.camera import CameraModel


def _scene(seed: int) -> ModalityImages:
    rng = np.random.default_rng(seed)
    labels = np.full((16, 16), 10, np.uint8)
    labels[6:10], labels[10:] = 2, 0
    column = int(rng.integers(0, 11))
    labels[7:12, column : column + 5] = 13
    labels[15, 0] = 255
    depth_m = np.select([labels == 10, labels == 13, labels == 2], [np.nan, 8.0, 30.0], 5.0).astype(np.float32)
    return ModalityImages(depth_m, labels)


def _worse(images: ModalityImages, factor: float) -> ModalityImages:
    assert images.depth_m is not None
    assert images.labels is not None
    depth_m = np.nan_to_num(images.depth_m, nan=60.0) * np.float32(factor)
    return ModalityImages(depth_m, np.where(images.labels == 255, 0, images.labels).astype(np.uint8))


def _board() -> MetricSuite:
    board = MetricSuite()
    for seed in range(10):
        ground_truth, other = _scene(seed), _scene(seed + 100)
        predicted = {'model': _worse(ground_truth, 1.1), 'prior': _worse(other, 1.3), 'shuffled': _worse(other, 1.2)}
        predicted |= {'mirrored': _worse(other, 1.4), 'constants': _worse(other, 1.1)}
        board.add(ground_truth, predicted, np.full((16, 16), 0.8, np.float32), street=str(seed))
    return board


def test_scores_have_the_names_that_the_card_uses() -> None:
    scores = json.loads(json.dumps(_board().result()))
    assert scores['windows'] == 10
    for key in ('abs_rel', 'sq_rel', 'rmse', 'rmse_dataset', 'rmse_log', 'auc_crr', 'auc_crr_normalised'):
        for region in ('', '_vehicles', '_facades', '_ground'):
            for control in ('', '_prior', '_shuffled', '_mirrored'):
                assert isinstance(scores['depth'][f'{key}{region}{control}'], float)
    for key in ('miou', 'accuracy', 'iou_car', 'iou_road', 'iou_sky', 'iou_building'):
        for control in ('', '_prior', '_shuffled', '_mirrored'):
            assert isinstance(scores['segmentation'][f'{key}{control}'], float)
    assert 'iou_truck' not in scores['segmentation']


def test_figures_are_those_of_the_single_metrics() -> None:
    scores = _board().result()
    assert scores['depth']['abs_rel'] == pytest.approx(0.1, abs=1e-5)
    assert scores['depth']['abs_rel_vehicles'] == pytest.approx(0.1, abs=1e-5)
    assert scores['segmentation']['miou'] == 1.0
    metrics = DepthMetrics()
    for seed in range(10):
        metrics.add(_scene(seed).depth_m, _worse(_scene(seed + 100), 1.3).depth_m)
    assert scores['depth']['abs_rel_prior'] == pytest.approx(metrics.result()['abs_rel'], abs=1e-5)
    assert scores['segmentation']['iou_car'] > scores['segmentation']['iou_car_prior']


def test_a_pixel_is_correct_if_depth_and_class_are_correct() -> None:
    confidence = _board().result()['confidence']
    assert confidence['pixels'] == 10 * 255
    assert confidence['reliability'] == [{'pixels': 2550, 'confidence': pytest.approx(0.8), 'right': 1.0}]
    assert confidence['risk_coverage'][0]['abs_rel'] == pytest.approx(0.1, abs=1e-5)


def test_one_modality_alone_is_scored_alone() -> None:
    ground_truth = _scene(0)
    board = MetricSuite()
    board.add(ModalityImages(None, ground_truth.labels), {'model': _worse(ground_truth, 1.0)})
    scores = board.result()
    assert scores['depth'] == {}
    assert scores['segmentation']['miou'] == 1.0
    assert 'confidence' not in scores


def test_figures_without_pixels_are_none() -> None:
    ground_truth = ModalityImages(np.full((4, 4), np.nan, np.float32), None)
    board = MetricSuite()
    board.add(ground_truth, {'model': ModalityImages(np.ones((4, 4), np.float32), None)})
    assert board.result()['depth']['abs_rel'] is None


def test_unknown_controls_are_refused() -> None:
    with pytest.raises(EvaluationError, match='oracle'):
        MetricSuite().add(_scene(0), {'oracle': _scene(0)})


def test_the_result_holds_all_sections() -> None:
    scores = json.loads(json.dumps(_board().result(), allow_nan=False))
    sections = {
        'windows',
        'depth_unit',
        'conventions',
        'structure',
        'native',
        'confidence',
        'over_streets',
        'published',
    }
    assert set(scores) == sections | set(MODALITIES)
    assert set(scores['conventions']) == {'paper', 'reference', 'median_scaled', 'paper_median_scaled'}
    for control in ('', '_prior', '_shuffled', '_mirrored'):
        for convention in scores['conventions'].values():
            assert isinstance(convention[f'auc_crr{control}'], float)
        assert isinstance(scores['structure'][f'depth_edges_f{control}'], float)
        assert isinstance(scores['structure'][f'class_edges_f_car{control}'], float)
    assert scores['conventions']['paper']['miou'] == scores['segmentation']['miou']
    assert scores['structure']['explained_log_depth'] > 0.5


def test_memory_does_not_grow_with_windows() -> None:
    def board_of(windows: int) -> MetricSuite:
        board = MetricSuite(CameraModel(16, 16, 7.0, 18.0, 7.5, 7.5))
        for seed in range(windows):
            ground_truth = _scene(seed)
            board.add(
                ground_truth,
                {'model': _worse(ground_truth, 1.1), 'prior': _worse(_scene(0), 1.3)},
                np.full((16, 16), 0.5),
            )
        return board

    few, many = (len(pickle.dumps(board_of(windows))) for windows in (30, 120))
    assert many - few < 100  # larger numbers, but no more of them


def test_predictions_of_several_sizes_are_refused() -> None:
    ground_truth = _scene(0)
    small = ModalityImages(ground_truth.depth_m[:8, :8], None)  # type: ignore[index]
    with pytest.raises(EvaluationError, match='one size'):
        MetricSuite().add(ground_truth, {'model': _worse(ground_truth, 1.0), 'mirrored': small})


def test_relative_depth_is_not_clipped_at_one_metre() -> None:
    ground_truth = ModalityImages(np.full((8, 8), 0.4, np.float32), None)
    for unit, expected in (('m', 0.0), ('relative', 0.5)):
        board = MetricSuite(depth_unit=unit)
        board.add(
            ground_truth,
            {'model': ModalityImages(np.full((8, 8), 0.6, np.float32), None)},
            None,
            ModalityImages(np.full((4, 4), 0.4), None),
        )
        scores = board.result()
        assert scores['depth_unit'] == unit
        assert scores['depth']['abs_rel'] == scores['native']['depth']['abs_rel'] == pytest.approx(expected)
        assert scores['conventions']['paper']['abs_rel'] == pytest.approx(expected / 1.5, abs=1e-4)
