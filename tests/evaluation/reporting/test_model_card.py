# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The model card shows the values of manifest and scores."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from audio_manifold_ros.common.errors import EvaluationError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.common.schema import to_plain
from audio_manifold_ros.evaluation.reporting.card_front_matter import front_matter
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


def _numbers(card: str, start: str) -> list[float]:
    line = next(line for line in card.splitlines() if line.startswith(start))
    return [float(number) for number in re.findall(r'-?\d+\.\d+', line[len(start) :])]


def test_every_score_of_the_tables_is_the_one_given() -> None:
    scores = _board().result()
    card = model_card(_manifest(), scores)
    depth, segmentation, errors = scores['depth'], scores['segmentation'], scores['over_streets']['standard_errors']
    for region, name in (('', 'all'), ('_vehicles_middle', 'vehicles at 8 to 20 m'), ('_facades', 'façades')):
        key = f'abs_rel{region}'
        parts = (depth, errors['depth'])
        expected = [part[f'{key}{prior}'] for prior in ('', '_prior', '_constants') for part in parts]
        assert _numbers(card, f'| {name} |') == pytest.approx(expected, abs=5.1e-4)
    keys = ('abs_rel', 'sq_rel', 'rmse', 'rmse_log', 'auc_crr')
    assert _numbers(card, '| sound of another street |') == pytest.approx(
        [depth[f'{key}_shuffled'] for key in keys], abs=5.1e-4
    )
    expected = [
        100 * part[f'iou_car{prior}']
        for prior in ('', '_prior', '_constants')
        for part in (segmentation, errors['segmentation'])
    ]
    assert _numbers(card, '| car |') == pytest.approx(expected, abs=0.051)
    assert '| 100% | 100.0 | 0.100 |' in card
    expected = [scores['structure'][f'class_edges_f{control}'] for control in ('', '_prior', '_shuffled', '_mirrored')]
    assert _numbers(card, '| class borders, F-score ↑ |') == pytest.approx(expected, abs=5.1e-4)


def test_the_card_compares_with_each_predictor_without_audio_street_by_street() -> None:
    scores = _board().result()
    card = model_card(_manifest(), {**scores, 'assumptions': ['The ground is flat.']})
    section = card[card.index('### Street by street') : card.index('### Controls')]
    for variant, label in (('prior', 'median prior'), ('constants', 'best constants')):
        figures = scores['over_streets']['against'][variant]
        shares = [100 * figures[key] for key in ('depth_better', 'depth_worse', 'classes_better', 'iou_better')]
        expected = [figures['skill'], figures['skill_error'], *shares]
        assert _numbers(section, f'| {label} |') == pytest.approx(expected, abs=0.051)
    controls = card[card.index('### Controls') : card.index('### Structure')]
    expected = [
        scores['depth']['abs_rel_mirrored'],
        scores['depth']['abs_rel_vehicles_mirrored'],
        scores['depth']['abs_rel_facades_mirrored'],
        100 * scores['segmentation']['miou_mirrored'],
        100 * scores['segmentation']['iou_car_mirrored'],
    ]
    assert _numbers(controls, '| mirrored microphones |') == pytest.approx(expected, abs=0.051)
    assert '| random order |' in card
    assert 'rank correlation over streets' not in card, 'the confidence is the same everywhere'
    assert card.rstrip().endswith('- The ground is flat.')


def test_a_predictor_has_one_name_in_all_tables_of_the_card() -> None:
    card = model_card(_manifest(), _board().result())
    header = next(line for line in card.splitlines() if line.startswith('| Metric |'))
    names = [cell.strip() for cell in header.strip('|').split('|')[1:]]
    assert names == ['this model', 'median prior', 'sound of another street', 'mirrored microphones']
    for name in names[1:]:
        assert f'- **{name}**: ' in card
    assert 'that of the median prior.' in card
    assert 'training prior' not in card
    assert 'shuffled audio' not in card


def test_the_card_describes_the_model() -> None:
    card = model_card(_manifest(), _board().result())
    assert '\n---\n# Model `street`\n' in card
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
    assert '### Street by street' not in card
    assert '### Controls' in card
    assert '### Segmentation' in card


VEHICLE_SCORES = {
    'within': {
        '20': {
            'average_precision': 0.25,
            'direction_precision': 0.5,
            'direction_precision_other_sound': 0.1,
            'moving': 7,
        }
    },
    'found_visible': 0.4,
    'probability': 0.3,
    'false_alarms': 0.51,
    'angle_std_deg': 3.88,
    'expected_calibration_error': 0.034,
    'reliability': [{'found': 12, 'probability': 0.25, 'right': 0.2}],
}


def test_vehicles_all_round_are_shown_with_the_calibration_of_their_probability() -> None:
    card = model_card(_manifest(), {**_board().result(), 'vehicles': VEHICLE_SCORES})
    for row in (
        '| 20 m | 7 | 25.0 | 50.0 | 10.0 |',
        '| visible vehicles within 30 m that are found (%) ↑, at a probability from 0.3 | 40.0 |',
        '| false alarms per window ↓, at a probability from 0.3 | 0.51 |',
        '| calibration error of the probability (%) ↓ | 3.4 |',
        '| 25.0 | 20.0 | 12 |',
    ):
        assert row in card
    assert 'hidden vehicles within 30 m' not in card
    without = {key: value for key, value in VEHICLE_SCORES.items() if key != 'reliability'}
    assert 'Vehicles all round' not in model_card(_manifest(), {**_board().result(), 'vehicles': without})


def test_the_sound_of_another_time_is_not_called_that_of_another_drive() -> None:
    card = model_card(_manifest(), {**_board().result(), 'shuffled_audio': 'another time'})
    assert 'the sound of another test drive. One drive has most of the windows, so it is another time of' in card
    assert 'so it is another time' not in model_card(_manifest(), _board().result())


def test_a_missing_key_is_named() -> None:
    manifest = _manifest()
    del manifest['array']
    with pytest.raises(EvaluationError, match='array'):
        model_card(manifest, _board().result())


@pytest.mark.parametrize('name', ['street', 'street_now', 'street_state', 'street_direct', 'paper_8x8'])
def test_the_card_of_a_shipped_model_is_up_to_date(name: str) -> None:
    folder = resource_path(f'models/{name}')
    manifest = json.loads((folder / 'manifest.json').read_text(encoding='utf-8'))
    del manifest['files']['README.md']
    scores = json.loads((folder / 'metrics.json').read_text(encoding='utf-8'))
    assert (folder / 'README.md').read_text(encoding='utf-8') == model_card(manifest, scores)


def test_the_card_of_spatial_features_states_the_range_of_arrays() -> None:
    array = ArrayRange(
        (4, 16),
        (0.1, 1.3),
        planar=False,
        field_of_view_deg=(60.0, 120.0),
        vertical_field_of_view_deg=(40.0, 60.0),
        camera_height_m=(0.3, 2.3),
    )
    manifest = {**_manifest(), 'features': SpatialFeatureSpec().to_dict(), 'array': to_plain(array)}
    card = model_card(manifest, _board().result())
    for text in (
        'any array of 4 to 16 microphones in any arrangement, the farthest 0.1 to 1.3 m apart',
        'field of view of 60 to 120°',
        'levels in 64 mel bands; beams at 48 azimuths of the image and 16 others in 6 bands',
        'echoes from 16 azimuths after 8 to 96 ms',
    ):
        assert text in card


def test_the_front_matter_has_licence_tags_and_scores() -> None:
    scores = _board().result()
    opening, block, _ = model_card(_manifest(), scores).split('---\n', 2)
    values = yaml.safe_load(block)
    assert opening == ''
    assert values['license'] == 'apache-2.0'
    assert values['pipeline_tag'] == 'depth-estimation'
    assert {'ros2', 'image-segmentation'} <= set(values['tags'])
    (model,) = values['model-index']
    found = {
        (result['task']['type'], metric['type']): metric['value']
        for result in model['results']
        for metric in result['metrics']
    }
    assert found['depth-estimation', 'abs_rel'] == pytest.approx(scores['depth']['abs_rel'], abs=1e-6)
    assert found['image-segmentation', 'miou'] == pytest.approx(scores['segmentation']['miou'], abs=1e-6)


def test_the_hub_reads_the_front_matter() -> None:
    hub = pytest.importorskip('huggingface_hub')
    data = hub.ModelCard(model_card(_manifest(), _board().result())).data
    assert (data.license, data.library_name, data.model_name) == ('apache-2.0', 'audio_manifold_ros', 'street')
    assert {result.task_type for result in data.eval_results} == {'depth-estimation', 'image-segmentation'}


def test_scores_that_are_no_numbers_are_left_out_of_the_front_matter() -> None:
    scores = {'windows': 0, 'depth': {'abs_rel': float('nan')}, 'segmentation': {}}
    assert 'model-index' not in yaml.safe_load(front_matter(_manifest(), scores).strip('-\n'))
