# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from typing import Any

import pytest

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.bundle.manifest import Manifest


def changed(manifest: Manifest, path: str, value: Any) -> str:
    """Return the manifest's JSON with one changed value; the path 'a.b.0' names keys and indices."""
    values = json.loads(manifest.to_json())
    *way, last = [int(part) if part.isdigit() else part for part in path.split('.')]
    place = values
    for part in way:
        place = place[part]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return json.dumps(values)


FAULTS = [
    ('format_version', 2, 'format_version 2'),
    ('format_version', None, 'format_version None'),
    ('surprise', 1, r"unknown keys \['surprise'\]"),
    ('camera', None, r"misses \['camera'\]"),
    ('camera.fx', None, r"camera misses \['fx'\]"),
    ('camera.fx', '53', "camera.fx is '53': give a number"),
    ('camera.width', 128.5, 'camera.width is 128.5: give an integer'),
    ('camera.width', True, 'camera.width is True: give an integer'),
    ('camera.width', -1, 'camera is'),
    ('camera.width', 1 << 40, 'camera is .*: give a positive size of at most 16777216 pixels'),
    ('camera.fx', 0.0, 'positive focal lengths'),
    ('features.height', 1 << 40, 'height is 1099511627776: give at most 4096'),
    ('features.window_samples', 10**9, 'window_samples is 1000000000: give at most'),
    ('features.hop_samples', True, 'hop_samples is True'),
    ('array.positions_m', [[0, 0, 0]] * 65, 'array'),
    ('name', 7, 'name is 7: give a string'),
    ('modalities', ['depth', 'smell'], "'smell': give one of depth, segmentation"),
    ('modalities', ['depth'], 'classes'),
    ('modalities', ['depth', 'depth', 'segmentation'], 'modalities'),
    ('modalities', {'depth': 1}, 'modalities is .*: give a list'),
    ('frame_position', 1.5, 'frame_position is 1.5'),
    ('features.hop_samples', 0, 'hop_samples is 0'),
    ('features.edges', 'round', "edges is 'round'"),
    ('features.n_fft', None, "misses \\['n_fft'\\]"),
    ('depth.representation', 'disparity', "'disparity': give one of log, inverse"),
    ('depth.min_m', 90.0, 'min_m < max_m'),
    ('depth.unit', 'feet', "'feet': give one of m, relative"),
    ('depth.unit', None, r"misses \['unit'\]"),
    ('array.facings', [[1, 0, 0]], 'array.facings is 1'),
    ('array.positions_m.3', [0, 1], r'positions_m\[3\] is \[0, 1\]: give a list of 3'),
    ('classes.0.id', 255, 'ids from 0 to 254'),
    ('classes.1.id', 0, 'each once'),
    ('confidence.independence', 2.0, 'independence is 2.0'),
    ('confidence.modalities.depth.slope', -1.0, 'slope is -1.0'),
    ('confidence.modalities.depth.log_distance_std', 0, 'log_distance_std 0.0'),
    ('confidence.modalities.depth.bias', [[0.0, 1.0]], 'rows of'),
    ('confidence.modalities.depth', None, "confidence is \\['segmentation'\\]"),
    ('files', [], 'files is \\[\\]: give a mapping'),
    ('files.README', {'size': 1}, r"misses \['sha256'\]"),
]


def test_the_manifest_is_read_back_from_json(bundle: Bundle) -> None:
    assert Manifest.from_json(bundle.manifest.to_json()) == bundle.manifest


def test_depth_may_be_inverse(bundle: Bundle) -> None:
    depth = Manifest.from_json(changed(bundle.manifest, 'depth.representation', 'inverse')).depth
    assert depth is not None
    assert depth.representation == 'inverse'


def test_depth_may_be_relative(bundle: Bundle) -> None:
    assert bundle.manifest.depth is not None
    assert bundle.manifest.depth.unit == 'm'
    assert bundle.manifest.metric_modalities == bundle.manifest.modalities
    relative = Manifest.from_json(changed(bundle.manifest, 'depth.unit', 'relative'))
    assert relative.depth is not None
    assert relative.depth.unit == 'relative'
    assert relative.metric_modalities == ('segmentation',)


def test_an_integer_of_json_is_accepted_for_a_number(bundle: Bundle) -> None:
    assert Manifest.from_json(changed(bundle.manifest, 'frame_position', 1)).frame_position == 1.0


@pytest.mark.parametrize(('path', 'value', 'message'), FAULTS, ids=[f'{path}={value!r}' for path, value, _ in FAULTS])
def test_a_wrong_value_is_refused_by_name(bundle: Bundle, path: str, value: Any, message: str) -> None:
    with pytest.raises(InferenceError, match=message):
        Manifest.from_json(changed(bundle.manifest, path, value))


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('', 'not valid JSON'),
        ('[]', 'format_version None'),
        ('{"format_version": 1, "format_version": 1}', r"the key 'format_version' occurs twice"),
        ('{"format_version": NaN}', 'NaN is not a JSON number'),
        ('[' * 100_000, 'not valid JSON'),
    ],
)
def test_a_text_that_is_not_a_manifest_is_refused(text: str, message: str) -> None:
    with pytest.raises(InferenceError, match=message):
        Manifest.from_json(text)
