# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The presets have the sizes that their sources give."""

from __future__ import annotations

from pathlib import Path

import pytest

from audio_manifold_ros.common.errors import FeatureError
from audio_manifold_ros.features.presets import omninet_features, reference_features
from audio_manifold_ros.features.spec import FeatureSpec
from training.config.experiment_configuration import TrainingConfig

SYSTEMS = Path(__file__).parents[2] / 'training' / 'configs' / 'systems'


def test_omninet_as_published() -> None:
    spec = omninet_features()
    assert (spec.height, spec.width, spec.frames, spec.mel_bands) == (257, 601, 601, 257)


@pytest.mark.parametrize(
    ('rate_hz', 'window', 'frames'), [(22_500, 22_500, 141), (16_000, 32_000, 201), (44_100, 512, 4)]
)
def test_omninet_at_any_rate_and_window(rate_hz: int, window: int, frames: int) -> None:
    spec = omninet_features(rate_hz, window)
    assert (spec.height, spec.width) == (spec.mel_bands, spec.frames) == (257, frames)


def test_omninet_needs_a_window_of_one_transform() -> None:
    with pytest.raises(FeatureError, match=r'n_fft is 512: give at most window_samples \(511\)'):
        omninet_features(22_500, 511)


def test_the_reference_has_87_frames() -> None:
    assert reference_features().frames == 87


@pytest.mark.parametrize(
    ('system', 'features'),
    [
        ('omninet_8ch_both', omninet_features(22_500, 22_500)),
        ('vq_8x8_reference', FeatureSpec(resize='nearest')),
        ('vq_8x8_paper', FeatureSpec()),
    ],
)
def test_systems_use_their_presets_at_the_rate_of_the_paper(system: str, features: FeatureSpec) -> None:
    assert TrainingConfig.from_yaml(SYSTEMS / f'{system}.yaml').data.features == features
