# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Calibration of the probabilities of vehicles all round."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.evaluation.metrics.confidence_report import ConfidenceReport
from audio_manifold_ros.networks.spatial.trunk import SceneFeatures
from audio_manifold_ros.networks.vehicle_head import VehicleHead
from audio_manifold_ros.networks.vehicle_map import VehicleMapConfig
from training.experiment.calibrate_vehicles import MIN_SLOPE, VehicleCalibration, fit_calibration


def _sigmoid(logits: FloatArray) -> FloatArray:
    return 1 / (1 + np.exp(-logits))


def _calibrated(probabilities: FloatArray, calibration: VehicleCalibration) -> FloatArray:
    return _sigmoid(calibration.slope * np.log(probabilities / (1 - probabilities)) + calibration.offset)


def _calibration_error(probabilities: FloatArray, is_hit: NDArray[np.bool_]) -> float:
    report = ConfidenceReport()
    report.add(probabilities, is_hit.astype(np.float64))
    return report.result()['expected_calibration_error']


@pytest.mark.parametrize(('slope', 'offset'), [(1.0, 0.0), (2.0, 1.0), (0.4, -1.0)])
def test_a_known_distortion_is_found_and_removed_from_other_vehicles(slope: float, offset: float) -> None:
    rng = np.random.default_rng(3)
    true_logits = rng.normal(-1.0, 1.5, 8000)
    is_hit = rng.random(8000) < _sigmoid(true_logits)
    stated = _sigmoid((true_logits - offset) / slope)
    calibration = fit_calibration(stated[:4000], is_hit[:4000])
    assert calibration.slope == pytest.approx(slope, rel=0.1)
    assert calibration.offset == pytest.approx(offset, abs=0.15)
    after = _calibration_error(_calibrated(stated[4000:], calibration), is_hit[4000:])
    assert after < 0.03
    if (slope, offset) != (1.0, 0.0):
        assert after < _calibration_error(stated[4000:], is_hit[4000:]) / 3


def test_probabilities_that_mean_nothing_become_the_share_of_hits() -> None:
    rng = np.random.default_rng(4)
    stated, is_hit = rng.uniform(0.02, 0.98, 4000), rng.random(4000) < 0.2
    calibration = fit_calibration(stated, is_hit)
    assert calibration.slope == pytest.approx(MIN_SLOPE, abs=0.05)
    np.testing.assert_allclose(_calibrated(stated, calibration), 0.2, atol=0.05)


def test_the_last_layer_contains_the_calibration() -> None:
    config = VehicleMapConfig(azimuths=12, distances=4, channels=8)
    head = VehicleHead(config, (6, 6, 6), 16).eval()
    torch.nn.init.normal_(head.output.weight)
    around = torch.randn(2, 6, 1, 16)
    scene = SceneFeatures(around, around, torch.randn(2, 6, 1, 1), torch.zeros(2, 6, 4, 4))
    azimuths_rad = torch.linspace(3.0, -3.0, 16)[None]
    with torch.inference_mode():
        before = head(scene, azimuths_rad)
    head.calibrate(0.5, -1.0)
    with torch.inference_mode():
        torch.testing.assert_close(head(scene, azimuths_rad), 0.5 * before - 1.0)
