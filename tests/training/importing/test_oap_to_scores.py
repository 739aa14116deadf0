# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""OAP end to end in miniature: import, cache, one step of each fit, scores and bundle."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from audio_manifold_ros.datasets.drive_attributes import RELATIVE
from audio_manifold_ros.inference.bundle.bundle import Bundle
from tests.training.importing import oap_tree
from training.config.experiment_configuration import TrainingConfig
from training.data.cache import open_cache
from training.experiment import run
from training.export import export_bundle
from training.importing import import_oap

CONFIGS = Path(__file__).parents[3] / 'training' / 'configs'
SCENES = {'train': (1, 28), 'validation': (115,), 'test': (140, 141)}
SIZES = {'codes': 16, 'code_dim': 8, 'first_features': 8, 'features': 16, 'residual_blocks': 1}
ONE_STEP = {'batch_size': 4, 'steps': 1, 'validate_every_steps': 1}
SYSTEM = {
    'name': 'small',
    'data': {'drives': ''},
    'manifolds': {'depth': SIZES, 'segmentation': {'channels': 19, **SIZES}},
    'at_nets': [{'width': 0.125, 'code_dim': 8, 'modalities': ['depth', 'segmentation']}],
    'codebook': {'start_step': 1},
    'manifold_fit': ONE_STEP,
    'transform_fit': ONE_STEP,
    'machine': {'accelerator': 'cpu', 'devices': '1', 'threads': 1},
}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def test_from_the_download_to_a_bundle_in_one_step(tmp_path: Path) -> None:
    root, drives, split = tmp_path / 'oap', tmp_path / 'drives', tmp_path / 'split.yaml'
    for number in (scene for scenes in SCENES.values() for scene in scenes):
        tracks = (1, 2, 5, 6, 7, 8) if number <= 27 else oap_tree.ALL_TRACKS
        oap_tree.write_scene(root / 'dataset_public', number, tracks=tracks)
    assert import_oap.main([str(root), '--out', str(drives), '--workers', '1']) == 0
    parts = {part: [f'scene{number:04d}' for number in scenes] for part, scenes in SCENES.items()}
    split.write_text(yaml.safe_dump({'name': 'miniature', **parts}))
    system, place = tmp_path / 'small.yaml', tmp_path / 'place.yaml'
    system.write_text(yaml.safe_dump(SYSTEM))
    folders = {'drives': str(drives), 'cache': str(tmp_path / 'cache'), 'split': str(split), 'workers': 1}
    place.write_text(yaml.safe_dump({'output': str(tmp_path / 'runs'), 'data': folders}))
    over = (CONFIGS / 'datasets' / 'oap.yaml', place)
    results = tmp_path / 'results'
    named = ['--config', str(system), '--with', *map(str, over), '--seed', '0']
    assert run.main([*named, '--results', str(results)]) == 0
    record = json.loads((results / 'oap' / 'small' / 'seed0.json').read_text())
    assert record['split']['name'] == 'miniature'
    assert record['budget']['train_windows'] == record['budget']['test_windows'] == 4
    assert record['budget']['steps'] == 1
    # The places of the microphones are unknown, so that they cannot be mirrored.
    for control in ('', '_prior', '_shuffled'):
        assert np.isfinite(record['scores']['depth'][f'abs_rel{control}'])
        assert 0 <= record['scores']['segmentation'][f'miou{control}'] <= 1
    cache = open_cache(TrainingConfig.from_yaml(system, over).data, progress=False)
    assert cache.depth_unit == RELATIVE
    silent = cache.take('features', cache.indices('train')[:1])[0]
    assert np.ptp(silent[2]) == 0
    assert np.ptp(silent[1]) > 0.1
    assert export_bundle.main([*named, '--output', str(tmp_path / 'bundle')]) == 0
    manifest = Bundle.load(tmp_path / 'bundle').manifest
    assert manifest.depth is not None
    assert (manifest.depth.unit, manifest.depth.representation) == (RELATIVE, 'inverse')
    assert manifest.array.positions_m == ((0.0, 0.0, 0.0),) * 8
