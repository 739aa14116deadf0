# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.inference.bundle.manifest import Manifest
from audio_manifold_ros.robot_outputs.detection_errors import angle_std_rad, range_log_std


@pytest.fixture(scope='module')
def street() -> Manifest:
    return Manifest.from_json((resource_path('models/street') / 'manifest.json').read_text(encoding='utf-8'))


def test_measured_errors_are_used(street: Manifest) -> None:
    assert range_log_std(street) == street.metrics['depth']['rmse_log_vehicles']
    # A cell of 16 of 128 pixels: 4.6 pixels of standard deviation at 53.7 pixels of focal length.
    assert math.degrees(angle_std_rad(street)) == pytest.approx(4.9, abs=0.05)


@pytest.mark.parametrize('scores', [{}, {'depth': {}}, {'depth': {'rmse_log_vehicles': math.nan}}, {'depth': 'x'}])
def test_a_bundle_without_figures_takes_the_error_of_a_correct_pixel(street: Manifest, scores: dict) -> None:
    assert range_log_std(replace(street, metrics=scores)) == math.log(1.25)
