# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Distance of features to the training features: unfamiliar audio lowers the confidence and is named."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.common.array_types import Samples
from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.features.mel_batch import mel_features
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.features.spec import FeatureSpec
from audio_manifold_ros.inference.bundle.bundle import Bundle, write_bundle
from audio_manifold_ros.inference.bundle.feature_descriptors import describe_features, descriptor_size
from audio_manifold_ros.inference.bundle.feature_statistics import (
    STATISTICS_FILE,
    FeatureStatistics,
    familiarity,
)
from audio_manifold_ros.simulation.drive import Drive
from tests.inference.conftest import patches


@pytest.fixture(scope='module')
def street() -> Bundle:
    return Bundle.load(resource_path('models/paper_8x8'))


def white_noise(level: float) -> Samples:
    rng = np.random.default_rng(0)
    return (level * (rng.standard_normal(22_500) + 0.8 * rng.standard_normal((8, 22_500)))).astype(np.float32)


def ratio(bundle: Bundle, samples: Samples) -> float:
    statistics = bundle.feature_statistics
    assert statistics is not None
    spec = bundle.manifest.features
    return statistics.distance_ratio(describe_features(mel_features(samples, spec), spec))


@pytest.mark.parametrize('level', [0.003, 0.03, 0.3])
def test_white_noise_is_unfamiliar(street: Bundle, level: float) -> None:
    """Version 2 of the street has wind and wet roads, so that noise is nearer to it than to version 1."""
    assert ratio(street, white_noise(level)) > 1.2


def test_silence_a_tone_and_one_microphone_on_all_channels_are_unfamiliar(street: Bundle) -> None:
    tone = np.tile(0.1 * np.sin(2 * np.pi * 440 * np.arange(22_500) / 22_500), (8, 1)).astype(np.float32)
    for samples in (np.zeros_like(tone), tone, np.repeat(Drive(900_001).audio(0, 22_500)[:1], 8, axis=0)):
        assert ratio(street, samples) > 1.5


def test_streets_that_were_not_in_the_training_set_are_familiar(street: Bundle) -> None:
    """The gain may be off by 6 dB."""
    for seed in (900_001, 900_002, 900_003):
        samples = Drive(seed).audio(5 * 22_500, 22_500)
        assert max(ratio(street, samples), ratio(street, samples / 2), ratio(street, samples * 2)) < 1


def test_masked_microphones_are_left_out(street: Bundle) -> None:
    spec = street.manifest.features
    features = mel_features(Drive(900_001).audio(0, 22_500), spec)
    features[3] = spec.silence
    assert street.feature_statistics is not None
    assert street.feature_statistics.distance_ratio(describe_features(features, spec)) > 1.5
    assert street.feature_statistics.distance_ratio(describe_features(features, spec, (3,))) < 1


def test_the_confidence_falls_beyond_the_limit() -> None:
    assert [familiarity(value) for value in (None, 0.2, 1.0)] == [1.0, 1.0, 1.0]
    assert familiarity(2.0) == 1 / 16


def test_statistics_survive_their_file_and_damage_is_named(street: Bundle) -> None:
    values = np.stack([describe_features(window, FeatureSpec()) for window in patches(40)])
    statistics = FeatureStatistics.fit(values[:30], values[30:])
    assert FeatureStatistics.from_json(statistics.to_json()) == statistics
    content = json.loads(statistics.to_json())
    for change, named in (
        ({'mean': content['mean'][:-1]}, r'have \[63, 64\] values'),
        ({'limit': 0.0}, 'limit is 0'),
        ({'format_version': 9}, 'format_version 9'),
        ({'whitening': 'x'}, 'whitening'),
    ):
        with pytest.raises(InferenceError, match=named):
            FeatureStatistics.from_json(json.dumps({**content, **change}))


def test_a_bundle_without_statistics_is_unknown_and_a_damaged_file_is_refused(street: Bundle, tmp_path: Path) -> None:
    files = {name: (street.folder / name).read_bytes() for name in street.manifest.files}
    del files[STATISTICS_FILE]
    assert write_bundle(tmp_path / 'old', street.manifest, files).feature_statistics is None
    with pytest.raises(InferenceError, match=STATISTICS_FILE):
        write_bundle(tmp_path / 'bad', street.manifest, {**files, STATISTICS_FILE: b'{'})
    assert not (tmp_path / 'bad').exists()
    shutil.rmtree(tmp_path / 'old')


def test_spatial_features_are_described_by_level_contrast_and_change() -> None:
    spec = SpatialFeatureSpec()
    features = np.random.default_rng(0).standard_normal(spec.size).astype(np.float32)
    values = describe_features(features, spec)
    assert values.shape == (descriptor_size(spec),) == (60,)
    blocks = {name: features[place].reshape(shape) for name, (place, shape) in spec.blocks.items()}
    assert values[0] == pytest.approx(blocks['level'][:4].mean(), abs=1e-6)
    for name, (place, _) in spec.blocks.items():
        changed = features.copy()
        changed[place] *= 3
        assert np.abs(describe_features(changed, spec) - values).max() > 0.2, name


def test_statistics_of_another_kind_of_features_are_refused(street: Bundle, tmp_path: Path) -> None:
    statistics = street.feature_statistics
    assert statistics is not None
    with pytest.raises(InferenceError, match='have 64 values: give 60'):
        statistics.check_size(descriptor_size(SpatialFeatureSpec()))
    short = replace(statistics, mean=statistics.mean[:4], whitening=tuple(row[:4] for row in statistics.whitening[:4]))
    files = {name: (street.folder / name).read_bytes() for name in street.manifest.files}
    with pytest.raises(InferenceError, match='have 4 values: give 64'):
        write_bundle(tmp_path / 'short', street.manifest, {**files, STATISTICS_FILE: short.to_json().encode()})
