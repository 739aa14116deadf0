# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The feature specification: round trip, derived sizes, refusals."""

from __future__ import annotations

import json
import math

import pytest

from audio_manifold_ros.common.errors import FeatureError
from audio_manifold_ros.features.spec import FeatureSpec

BAD_FIELDS = [
    ('sample_rate_hz', 0),
    ('sample_rate_hz', 22_500.0),
    ('sample_rate_hz', '22500'),
    ('window_samples', -1),
    ('window_samples', True),
    ('n_fft', 2047),
    ('n_fft', 0),
    ('n_fft', 65_536),
    ('win_samples', 1),
    ('win_samples', 2049),
    ('win_samples', 400.0),
    ('hop_samples', 0),
    ('hop_samples', None),
    ('mel_bands', 0),
    ('mel_bands', 2.5),
    ('height', 0),
    ('width', -128),
    ('f_min_hz', -1.0),
    ('f_min_hz', 11_250.0),
    ('f_min_hz', math.nan),
    ('f_max_hz', 11_251.0),
    ('f_max_hz', 0.0),
    ('f_max_hz', math.inf),
    ('f_max_hz', 'high'),
    ('floor_power', 0.0),
    ('floor_power', 1e-40),
    ('floor_power', math.nan),
    ('db_divisor', 0.0),
    ('db_divisor', -80.0),
    ('edges', 'zeros'),
    ('edges', ['reflect']),
    ('bands', 'bark'),
    ('bands', None),
    ('resize', 'cubic'),
    ('resize', {}),
]


def test_paper_values_are_the_defaults() -> None:
    spec = FeatureSpec()
    assert (spec.frames, spec.left_edge_frames, spec.interior_frames) == (88, 4, 80)
    assert FeatureSpec(edges='interior').frames == 80


def test_survives_json() -> None:
    spec = FeatureSpec(window_samples=16_000, hop_samples=160, edges='interior', f_min_hz=20)
    assert FeatureSpec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec


@pytest.mark.parametrize(('field', 'value'), BAD_FIELDS)
def test_refuses_every_bad_field_by_name(field: str, value: object) -> None:
    values = FeatureSpec().to_dict() | {field: value}
    with pytest.raises(FeatureError) as caught:
        FeatureSpec.from_dict(values)
    message = str(caught.value)
    assert repr(value) in message
    assert field in message or field in {'f_max_hz', 'window_samples'}


@pytest.mark.parametrize('field', list(FeatureSpec().to_dict()))
def test_names_a_missing_key(field: str) -> None:
    values = FeatureSpec().to_dict()
    del values[field]
    with pytest.raises(FeatureError, match=rf"misses \['{field}'\]"):
        FeatureSpec.from_dict(values)


def test_names_an_unknown_key() -> None:
    with pytest.raises(FeatureError, match='top_db'):
        FeatureSpec.from_dict(FeatureSpec().to_dict() | {'top_db': 80})


@pytest.mark.parametrize('values', [None, [], 'spec', 3])
def test_refuses_values_that_are_not_an_object(values: object) -> None:
    with pytest.raises(FeatureError, match='sample_rate_hz'):
        FeatureSpec.from_dict(values)


def test_refuses_interior_windows_without_a_frame() -> None:
    sizes = {'window_samples': 2048, 'hop_samples': 300}
    assert FeatureSpec(**sizes).frames == 7
    with pytest.raises(FeatureError, match='hop_samples is 300'):
        FeatureSpec(**sizes, edges='interior')


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({}, r'mel_bands is 256: give 1025 \(n_fft / 2 \+ 1\)'),
        ({'mel_bands': 1025, 'f_min_hz': 20.0}, 'f_min_hz is 20.0: give 0 with linear bands'),
        ({'mel_bands': 1025, 'f_max_hz': 8_000.0}, 'f_max_hz is 8000.0: give 11250.0 with linear bands'),
    ],
)
def test_linear_bands_are_all_bins(changes: dict[str, float], message: str) -> None:
    assert FeatureSpec(bands='linear', mel_bands=1025).mel_bands == 1025
    with pytest.raises(FeatureError, match=message):
        FeatureSpec.from_dict(FeatureSpec().to_dict() | {'bands': 'linear'} | changes)
