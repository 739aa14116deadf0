# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.evaluation.metrics.metric_conventions import MetricConventions
from audio_manifold_ros.evaluation.metrics.segmentation_metrics import SegmentationMetrics
from audio_manifold_ros.modalities.modality_images import ModalityImages


def test_every_convention_is_reported() -> None:
    ground_truth = ModalityImages(np.full((4, 4), 10.0), np.zeros((4, 4), np.uint8))
    conventions = MetricConventions()
    conventions.add(
        ground_truth,
        {
            'model': ModalityImages(np.full((4, 4), 20.0), ground_truth.labels),
            'mirrored': ModalityImages(None, ground_truth.labels),
        },
    )
    counts = {'model': SegmentationMetrics(), 'mirrored': SegmentationMetrics()}
    present = np.array([[0, 0, 13, 13, 15]], np.uint8)
    counts['model'].add(present, np.array([[0, 2, 13, 2, 15]], np.uint8))
    counts['mirrored'].add(present[:, :2], np.array([[0, 255]], np.uint8))
    found = conventions.result(counts)
    assert found['paper']['abs_rel'] == pytest.approx(0.5)
    assert found['reference']['abs_rel'] == found['median_scaled']['abs_rel'] == 0
    assert found['paper_median_scaled']['abs_rel'] == 0
    assert found['paper']['miou'] == pytest.approx(0.5)
    assert found['paper']['miou_mirrored'] == pytest.approx(0.5)
    assert found['reference']['miou_mirrored'] == 1
    assert 'abs_rel_mirrored' not in found['paper']
