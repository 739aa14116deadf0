# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The model card shows the values of manifest and scores."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from audio_manifold_ros.common.errors import EvaluationError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.common.schema import to_plain
from audio_manifold_ros.evaluation.reporting.model_card import model_card
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.features.spec import FeatureSpec
from audio_manifold_ros.inference.bundle.array_range import ArrayRange
from tests.evaluation.metrics.test_metric_suite import _board


def _manifest() -> dict[str, Any]:
    return {
        'name': 'street',
        'description': 'Depth of a street.',
        'modalities': ['depth', 'segmentation'],
        'features': FeatureSpec().to_dict(),
        'frame_position': 0.5,
        'array': {'array_id': 'roof_octagon', 'sha256': 'abcdef0123456789', 'positions_m': [[0, 0, 0]] * 8},
        'training': {'streets': 5000, 'seeds': [0, 4999], 'note': 'a | b', 'learning_rate': 0.001, 'mixed': True},
        'files': {
            'weights.safetensors': {'size': 30_000_000, 'sha256': ''},
            'model.onnx': {'size': 50_000, 'sha256': ''},
        },
    }


def test_every_score_of_the_tables_is_the_one_given() -> None:
    scores = _board().result()
    card = model_card(_manifest(), scores)
    for region, name in (('', 'all'), ('_vehicles', 'vehicles'), ('_facades', 'façades'), ('_ground', 'ground')):
        line = next(line for line in card.splitlines() if line.startswith(f'| {name} | shuffled'))
        numbers = [float(n) for n in re.findall(r'-?\d+\.\d+', line)]
        keys = ('abs_rel', 'sq_rel', 'rmse', 'rmse_log', 'auc_crr')
        assert numbers == [pytest.approx(scores['depth'][f'{key}{region}_shuffled'], abs=5.1e-4) for key in keys]
    line = next(line for line in card.splitlines() if line.startswith('| car |'))
    numbers = [float(n) for n in re.findall(r'\d+\.\d+', line)]
    segmentation = scores['segmentation']
    expected = [100 * segmentation[f'iou_car{control}'] for control in ('', '_prior', '_shuffled', '_mono')]
    assert numbers == [pytest.approx(value, abs=0.051) for value in expected]
    assert '| 100% | 100.0 | 0.100 |' in card
    line = next(line for line in card.splitlines() if line.startswith('| class borders, F'))
    expected = [scores['structure'][f'class_edges_f{control}'] for control in ('', '_prior', '_shuffled', '_mono')]
    assert [float(n) for n in re.findall(r'\d+\.\d+', line)] == [pytest.approx(value, abs=5.1e-4) for value in expected]


def test_the_card_describes_the_model() -> None:
    card = model_card(_manifest(), _board().result())
    assert card.startswith('# Model `street`\n')
    for text in (
        '8 microphones',
        'roof_octagon',
        '0.5 s before its end',
        '30.1 MB',
        '5,000',
        'a \\| b',
        '`[0, 4999]`',
        '`true`',
    ):
        assert text in card


def test_all_rows_of_a_table_have_the_same_number_of_cells() -> None:
    for block in model_card(_manifest(), _board().result()).split('\n\n'):
        if block.startswith('|'):
            assert len({len(re.findall(r'(?<!\\)\|', line)) for line in block.splitlines()}) == 1


def test_sections_without_scores_are_left_out() -> None:
    scores = _board().result()
    card = model_card(_manifest(), {'windows': 10, 'depth': {}, 'segmentation': scores['segmentation']})
    assert '### Depth' not in card
    assert '### Structure' not in card
    assert '### Confidence' not in card
    assert '### Segmentation' in card


def test_a_missing_key_is_named() -> None:
    manifest = _manifest()
    del manifest['array']
    with pytest.raises(EvaluationError, match='array'):
        model_card(manifest, _board().result())


def test_the_card_of_the_shipped_model_is_up_to_date() -> None:
    folder = resource_path('models/street')
    manifest = json.loads((folder / 'manifest.json').read_text(encoding='utf-8'))
    del manifest['files']['README.md']
    scores = json.loads((folder / 'metrics.json').read_text(encoding='utf-8'))
    assert (folder / 'README.md').read_text(encoding='utf-8') == model_card(manifest, scores)


def test_the_card_of_spatial_features_states_the_range_of_arrays() -> None:
    array = ArrayRange((4, 16), (0.1, 1.3), planar=False, field_of_view_deg=(60.0, 120.0))
    manifest = {**_manifest(), 'features': SpatialFeatureSpec().to_dict(), 'array': to_plain(array)}
    card = model_card(manifest, _board().result())
    for text in (
        'any array of 4 to 16 microphones in any arrangement, the farthest 0.1 to 1.3 m apart',
        'field of view of 60 to 120°',
        'levels in 64 mel bands; beams at 48 azimuths of the image and 16 others in 6 bands',
        'echoes from 16 azimuths after 8 to 96 ms',
    ):
        assert text in card
