# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The spatial feature specification: sizes, round trip, refusals; and the kinds of features."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from audio_manifold_ros.common.errors import FeatureError
from audio_manifold_ros.features.kinds import feature_spec_from_dict
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.features.spec import FeatureSpec

BAD_FIELDS = [
    ('sample_rate_hz', 0),
    ('sample_rate_hz', 3000),
    ('window_samples', 22_500.0),
    ('window_samples', 1 << 25),
    ('n_fft', 2047),
    ('frame_hop_samples', 1000),
    ('hop_samples', True),
    ('frames', 21),
    ('image_columns', 0),
    ('other_azimuths', -1),
    ('mel_bands', 5000),
    ('band_edges_hz', (120.0,)),
    ('band_edges_hz', (120.0, 125.0, 700.0)),
    ('band_edges_hz', (700.0, 350.0)),
    ('band_edges_hz', (120.0, 20_000.0)),
    ('band_edges_hz', (-1.0, 700.0)),
    ('band_edges_hz', (120.0, math.nan)),
    ('thin_above_hz', math.inf),
    ('whitening', 1.1),
    ('whitening', 'full'),
    ('echo_whitening', -0.1),
    ('echo_whitening', '1'),
    ('echo_segments', 0),
    ('echo_segments', 5),
    ('echo_step_samples', 0),
    ('echo_azimuths', 400),
    ('echo_band_hz', (4000.0, 200.0)),
    ('echo_band_hz', (200.0, 4000.0, 5000.0)),
    ('echo_lags_ms', (8, 8)),
    ('echo_lags_ms', (8, 501)),
    ('echo_lags_ms', (-1, 96)),
    ('echo_lags_ms', (8.5, 96)),
]


def test_sizes_and_places_of_the_maps() -> None:
    spec = SpatialFeatureSpec()
    assert (spec.level_shape, spec.steered_shape, spec.echo_shape) == ((64, 20), (6, 64, 20), (16, 88))
    assert spec.size == 10_368
    assert spec.blocks == {
        'level': (slice(0, 1280), (64, 20)),
        'steered': (slice(1280, 8960), (6, 64, 20)),
        'echo': (slice(8960, 10_368), (16, 88)),
    }


def test_the_description_states_segments_only_if_there_are_several() -> None:
    spec = SpatialFeatureSpec()
    assert spec.describe_echoes() == 'echoes from 16 azimuths after 8 to 96 ms'
    longer = replace(spec, window_samples=22_500 + 3 * 6144, echo_segments=4)
    assert longer.describe_echoes() == 'echoes from 16 azimuths after 8 to 96 ms, mean of 4 segments of 1 s'


def test_survives_json_with_its_kind() -> None:
    spec = SpatialFeatureSpec(frames=12, band_edges_hz=(200.0, 900.0, 1500.5), echo_lags_ms=(4, 60), echo_whitening=0.8)
    values = json.loads(json.dumps(spec.to_dict()))
    assert values['kind'] == 'spatial'
    assert SpatialFeatureSpec.from_dict(values) == feature_spec_from_dict(values) == spec


def test_values_without_a_kind_are_mel_features() -> None:
    values = dict(FeatureSpec(hop_samples=160).to_dict())
    assert 'kind' not in values
    assert feature_spec_from_dict(values) == feature_spec_from_dict({'kind': 'mel', **values})
    assert feature_spec_from_dict(values) == FeatureSpec(hop_samples=160)


@pytest.mark.parametrize('kind', ['wavelet', 7, None, ['spatial']])
def test_refuses_an_unknown_kind(kind: object) -> None:
    values = {**SpatialFeatureSpec().to_dict(), 'kind': kind}
    with pytest.raises(FeatureError, match=r'kind is .*: give one of mel, spatial'):
        feature_spec_from_dict(values)
    with pytest.raises(FeatureError, match=r'kind is .*: give one of spatial'):
        SpatialFeatureSpec.from_dict(values)


@pytest.mark.parametrize('values', [None, [], 'spatial', 3])
def test_refuses_values_that_are_not_an_object(values: object) -> None:
    for read in (SpatialFeatureSpec.from_dict, feature_spec_from_dict):
        with pytest.raises(FeatureError, match='sample_rate_hz'):
            read(values)


@pytest.mark.parametrize(('field', 'value'), BAD_FIELDS)
def test_refuses_every_bad_field_by_name(field: str, value: object) -> None:
    values = SpatialFeatureSpec().to_dict() | {field: value}
    with pytest.raises(FeatureError, match=field):
        feature_spec_from_dict(values)
    with pytest.raises(FeatureError, match=field):
        replace(SpatialFeatureSpec(), **{field: value})  # type: ignore[arg-type]  # of a wrong type on purpose


def test_names_unknown_and_missing_keys() -> None:
    values = dict(SpatialFeatureSpec().to_dict())
    with pytest.raises(FeatureError, match='top_db'):
        feature_spec_from_dict(values | {'top_db': 80})
    del values['whitening']
    with pytest.raises(FeatureError, match=r"misses \['whitening'\]"):
        feature_spec_from_dict(values)


def test_warns_of_audio_with_less_bandwidth() -> None:
    spec = SpatialFeatureSpec()
    assert spec.describe_missing_bandwidth(22_050) == spec.describe_missing_bandwidth(48_000) == ''
    assert 'no sound above 8000 Hz' in spec.describe_missing_bandwidth(16_000)
