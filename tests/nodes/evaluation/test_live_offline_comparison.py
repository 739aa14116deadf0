# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every kind of difference between live and offline predictions is detected."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from audio_manifold_ros.inference.bundle.prediction import Prediction
from audio_manifold_ros.nodes.evaluation.live_offline_comparison import LiveOfflineComparison


def prediction() -> Prediction:
    depth_m = np.full((4, 4), 7, np.float32)
    depth_m[0] = np.nan
    labels, confidence = np.zeros((4, 4), np.uint8), np.full((4, 4), 0.5, np.float32)
    return Prediction(
        depth_m=depth_m,
        labels=labels,
        confidence=confidence,
        features=np.zeros((8, 4, 4), np.float32),
        first_sample=0,
        end_sample=22_500,
        stamp_ns=10**18,
        newest_stamp_ns=10**18,
        features_s=0.0,
        network_s=0.0,
    )


def changed(values: np.ndarray | None, change: float) -> np.ndarray:
    assert values is not None
    result = values.copy()
    result[2, 2] += np.asarray(change, values.dtype)
    return result


def test_equal_predictions_agree_within_the_tolerance() -> None:
    agreement = LiveOfflineComparison()
    offline = prediction()
    agreement.add(offline, offline)
    agreement.add(offline, replace(offline, depth_m=changed(offline.depth_m, 5e-5)))
    result = agreement.result()
    assert result['agrees']
    assert result['compared'] == 2
    assert 0 < result['worst_depth_m'] < 1e-4


@pytest.mark.parametrize(
    ('field', 'change'),
    [('depth_m', 3e-4), ('depth_m', np.nan), ('confidence', 2e-4), ('labels', 1)],
)
def test_a_different_pixel_is_detected(field: str, change: float) -> None:
    agreement = LiveOfflineComparison()
    offline = prediction()
    agreement.add(offline, replace(offline, **{field: changed(getattr(offline, field), change)}))
    assert not agreement.result()['agrees']


def test_other_stamps_and_missing_predictions_are_detected() -> None:
    offline = prediction()
    for spoil in ('stamp', 'missing', 'unexpected'):
        agreement = LiveOfflineComparison()
        agreement.add(offline, replace(offline, stamp_ns=offline.stamp_ns + (spoil == 'stamp')))
        agreement.missing += spoil == 'missing'
        agreement.unexpected += spoil == 'unexpected'
        assert not agreement.result()['agrees']
    assert not LiveOfflineComparison().result()['agrees']
