# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from audio_manifold_ros.camera_prior.camera_view import CameraView
from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.inference.bundle.array_range import ArrayRange
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.bundle.manifest import SPATIAL_FORMAT_VERSION, Manifest
from audio_manifold_ros.rig.camera import CameraModel
from audio_manifold_ros.rig.rig import Microphone, MicrophoneArray


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
    ('modalities', ['depth', 'smell'], 'each head once, any of'),
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


ARRAYS = ArrayRange(
    (4, 16),
    (0.1, 1.3),
    planar=True,
    field_of_view_deg=(60.0, 120.0),
    vertical_field_of_view_deg=(40.0, 60.0),
    camera_height_m=(0.3, 2.3),
)


def spatial_manifest(bundle: Bundle) -> Manifest:
    return replace(bundle.manifest, format_version=SPATIAL_FORMAT_VERSION, features=SpatialFeatureSpec(), array=ARRAYS)


def test_a_manifest_with_spatial_features_states_the_range_of_arrays(bundle: Bundle) -> None:
    manifest = spatial_manifest(bundle)
    values = json.loads(manifest.to_json())
    assert (values['format_version'], values['features']['kind'], values['array']['kind']) == (2, 'spatial', 'range')
    assert Manifest.from_json(manifest.to_json()) == manifest
    assert 'kind' not in json.loads(bundle.manifest.to_json())['array']


@pytest.mark.parametrize(
    ('path', 'value', 'message'),
    [
        ('format_version', 1, 'format_version 1, and this software reads 2'),
        ('features.kind', 'wavelet', "features.kind is 'wavelet': give one of spatial"),
        ('features.frames', 21, 'frames is 21'),
        ('array.kind', 'all', "array.kind is 'all': give one of range"),
        ('array.microphones', [16, 4], r'array.microphones is \[16, 4\]: give two ascending numbers from 2 to 64'),
        ('array.aperture_m', [0.1, 50.0], 'from 0 to 20'),
        ('array.field_of_view_deg', [60.0], 'a list of 2'),
        ('array.planar', 1, 'planar is 1: give true or false'),
        ('tolerates_missing', 1, 'tolerates_missing is 1: give a number from 0 to 0'),
    ],
)
def test_a_wrong_value_of_a_spatial_manifest_is_refused(bundle: Bundle, path: str, value: Any, message: str) -> None:
    with pytest.raises(InferenceError, match=message):
        Manifest.from_json(changed(spatial_manifest(bundle), path, value))


def test_one_array_belongs_to_mel_features_and_a_range_to_spatial_ones(bundle: Bundle) -> None:
    with pytest.raises(InferenceError, match='a range of arrays with spatial features, else one array'):
        replace(bundle.manifest, array=ARRAYS)
    with pytest.raises(InferenceError, match='a range of arrays with spatial features, else one array'):
        replace(spatial_manifest(bundle), array=bundle.manifest.array)
    with pytest.raises(InferenceError, match='format_version is 1: give 2 with spatial features'):
        replace(spatial_manifest(bundle), format_version=1)


@pytest.mark.parametrize(
    ('change', 'sentence'),
    [
        ({}, ''),
        ({'count': 20}, 'The array has 20 microphones, and the bundle was trained for 4 to 16.'),
        ({'radius_m': 1.0}, 'The microphones are up to 2.00 m apart, and the bundle was trained for 0.1 to 1.3 m.'),
        ({'rise_m': 0.3}, 'The microphones differ by 0.30 m in height'),
        ({'fy': 250.0}, 'The camera has a vertical field of view of 29°, and the bundle was trained for 40 to 60°.'),
        ({'height_m': 3.0}, 'The camera is 3.00 m above the ground, and the bundle was trained for 0.3 to 2.3 m.'),
        ({'fx': 200.0}, 'The camera has a horizontal field of view of 35°, and the bundle was trained for 60 to 120°.'),
    ],
)
def test_every_violation_of_a_range_is_a_sentence(change: dict[str, float], sentence: str) -> None:
    values = {'count': 8, 'radius_m': 0.5, 'rise_m': 0.0, 'fx': 53.7, 'fy': 137.0, 'height_m': 1.5, **change}
    angles = 2 * np.pi * np.arange(values['count']) / values['count']
    ring = values['radius_m'] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    microphones = tuple(
        Microphone(f'mic_{index}', index, (float(x), float(y), index % 2 * values['rise_m']), (1.0, 0.0, 0.0))
        for index, (x, y) in enumerate(ring)
    )
    camera = CameraModel(128, 128, values['fx'], values['fy'], 63.5, 63.5)
    view = CameraView(camera, tuple(np.eye(3).ravel().tolist()), values['height_m'])
    found = ARRAYS.violations(MicrophoneArray('ring', 'mic_array', microphones), view, 'x')
    assert len(found) == bool(sentence)
    assert sentence.replace('the bundle was', "the bundle 'x' was") in ''.join(found)


def test_the_example_of_a_range_is_within_it() -> None:
    for array in (ARRAYS, replace(ARRAYS, microphones=(4, 6)), replace(ARRAYS, microphones=(10, 16))):
        assert array.violations(array.example(), None, 'x') == ()
