# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Export of a bundle from drives: all real steps, with small networks."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from rich.console import Console

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.inference.backend_factory import open_backend
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.networks.perception_network import PerceptionConfig, PerceptionNetwork
from audio_manifold_ros.networks.single_stage import SingleStageConfig
from training.config.experiment_configuration import TrainingConfig
from training.config.fit_configuration import AugmentConfig
from training.data.cache import WindowCache, open_cache
from training.data.simulate import write_dataset
from training.data.simulation_settings import SimulationSettings
from training.experiment.calibrated_network import CalibratedNetwork
from training.experiment.evaluate import evaluate, evaluate_experiment
from training.experiment.evaluate import main as evaluate_main
from training.experiment.experiment_inference import predict
from training.experiment.provenance import PROVENANCE, describe_provenance
from training.experiment.results import SCORES_FILE
from training.export import export_bundle as export_module
from training.export.export_bundle import describe, export, main
from training.fitting.fit_manifold import fit_manifold
from training.fitting.fit_transform import fit_transform
from training.fitting.fitted_networks import load_perception

pytestmark = [pytest.mark.own_process, pytest.mark.slow, pytest.mark.timeout(400)]

SIZES = {'codes': 8, 'code_dim': 8, 'first_features': 16, 'features': 16, 'residual_blocks': 1}
FIT = {'batch_size': 4, 'epochs': 20, 'validate_every_steps': 20, 'learning_rate': 3e-3}


@pytest.fixture(scope='module')
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the configuration of an experiment with fitted networks."""
    folder = tmp_path_factory.mktemp('experiment')
    write_dataset(folder / 'drives', range(2014, 2022), SimulationSettings(2), 2, Console(quiet=True))
    values = {
        'name': 'small',
        'output': str(folder / 'runs'),
        'data': {
            'drives': str(folder / 'drives'),
            'cache': str(folder / 'cache'),
            'validation': 0.25,
            'test': 0.25,
            'workers': 1,
        },
        'manifolds': {'depth': {'channels': 1, **SIZES}, 'segmentation': {'channels': 19, **SIZES}},
        'at_nets': [{'width': 0.125, 'code_dim': 8, 'modalities': ['depth', 'segmentation']}],
        'manifold_fit': FIT,
        'transform_fit': FIT,
        'codebook': {'start_step': 10, 'restart_every_steps': 5},
        'machine': {'accelerator': 'cpu', 'devices': '1', 'threads': 1},
    }
    path = folder / 'small.yaml'
    path.write_text(yaml.safe_dump(values))
    config = TrainingConfig.from_yaml(path)
    for modality in config.manifolds:
        fit_manifold(config, modality, config.manifold_fit)
    fit_transform(config, config.at_nets[0], config.transform_fit)
    return path


@pytest.fixture(scope='module')
def config(experiment: Path) -> TrainingConfig:
    return TrainingConfig.from_yaml(experiment)


@pytest.fixture(scope='module')
def cache(config: TrainingConfig) -> WindowCache:
    return open_cache(config.data)


@pytest.fixture(scope='module')
def network(config: TrainingConfig, cache: WindowCache) -> PerceptionNetwork:
    return CalibratedNetwork.load(config, cache).network


@pytest.fixture(scope='module')
def bundle(experiment: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp('models') / 'small'
    assert main(['--config', str(experiment), '--output', str(folder)]) == 0
    return Bundle.load(folder)


def test_the_bundle_predicts_like_the_networks_on_test_windows(
    bundle: Bundle, network: PerceptionNetwork, cache: WindowCache
) -> None:
    features = cache.features(cache.indices('test'))
    backend = open_backend(bundle, 'onnx')
    for window, expected in zip(features, predict(network, features), strict=True):
        found = backend.run(window)
        np.testing.assert_allclose(found.depth_m, expected.depth_m, rtol=0.02)
        assert (found.labels == expected.labels).mean() > 0.99


def test_the_bundle_contains_scores_and_a_card_with_them(bundle: Bundle, cache: WindowCache) -> None:
    scores = json.loads((bundle.folder / 'metrics.json').read_text())
    assert scores['windows'] == len(cache.indices('test')) == 4
    for key in ('abs_rel', 'abs_rel_prior', 'abs_rel_shuffled', 'abs_rel_mirrored'):
        assert scores['depth'][key] > 0
    for key in ('miou', 'miou_prior', 'miou_shuffled', 'iou_road'):
        assert 0 <= scores['segmentation'][key] <= 1
    assert scores['confidence']['pixels'] > 0
    assert bundle.manifest.metrics == {key: scores[key] for key in ('windows', 'depth', 'segmentation')}
    card = (bundle.folder / 'README.md').read_text()
    assert f'{scores["depth"]["abs_rel"]:.3f}' in card
    assert '| drives | 4 for train, 2 for validation, 2 for test |' in card
    assert '| windows | 8 for train, 4 for validation, 4 for test |' in card
    steps = r'\d+ steps in \d+ seconds'
    assert re.search(rf'{steps} and {steps}, AdamW at 0\.003 with weight decay 0', card), card
    assert '## Scores on 4 windows of test drives' in card
    assert 'at width 0.125 (the paper: 1)' in card
    assert set(bundle.manifest.files) == {
        'model.onnx',
        'weights.safetensors',
        'metrics.json',
        'prior.npz',
        'feature_statistics.json',
        'README.md',
    }


def test_the_manifest_describes_the_rig_of_the_drives(bundle: Bundle, cache: WindowCache) -> None:
    manifest = bundle.manifest
    assert manifest.array.sha256 == cache.geometry_sha256
    assert (manifest.camera.width, manifest.camera.height, manifest.microphones) == (128, 128, 8)
    assert manifest.class_id('sky') == 10
    assert manifest.classes[13].name == 'car'
    assert (manifest.depth.min_m, manifest.depth.max_m) == (1.0, 80.0)


def test_the_confidence_is_calibrated_on_the_validation_windows(
    bundle: Bundle, network: PerceptionNetwork, cache: WindowCache
) -> None:
    scores = evaluate(network, cache, bundle.manifest.confidence, 'validation')
    assert scores['confidence']['expected_calibration_error'] < 0.15


def test_earlier_scores_are_used(
    experiment: Path, bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = json.loads((bundle.folder / 'metrics.json').read_text())
    scores['depth']['abs_rel'] = 0.12345
    (tmp_path / 'metrics.json').write_text(json.dumps(scores))
    monkeypatch.chdir(tmp_path)
    assert main(['--config', str(experiment), '--metrics', 'metrics.json']) == 0
    assert Bundle.load(tmp_path / 'models' / 'small').manifest.metrics['depth']['abs_rel'] == 0.12345


def test_the_scores_of_a_bundle_include_its_confidence_although_a_run_has_stored_scores_without_it(
    config: TrainingConfig, cache: WindowCache, tmp_path: Path
) -> None:
    calibrated = CalibratedNetwork.load(config, cache)
    path = Path(config.output) / SCORES_FILE
    path.write_text(json.dumps(evaluate_experiment(config, cache, 'test', calibrated)))
    try:
        folder = export(config, tmp_path / 'bundle').folder
    finally:
        path.unlink()
    assert 0 <= json.loads((folder / 'metrics.json').read_text())['confidence']['expected_calibration_error'] <= 1
    assert '### Confidence' in (folder / 'README.md').read_text()


def test_a_bundle_that_changes_the_predictions_is_not_written(
    config: TrainingConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = export_module.export_network

    def coarse(network: PerceptionNetwork, shape: tuple[int, int, int], **options: Any) -> object:
        changed = copy.deepcopy(network)
        changed.decoders['depth'][-1].bias.data += 0.1
        return real(changed, shape, **options)

    monkeypatch.setattr(export_module, 'export_network', coarse)
    cache = open_cache(config.data, progress=False)
    scored = describe_provenance(config, cache, 'test', CalibratedNetwork.load(config, cache).calibration())
    scores = {'windows': 0, 'depth': {}, 'segmentation': {}, PROVENANCE: scored}
    with pytest.raises(TrainingError, match='changes depth by'):
        export(config, tmp_path / 'models' / 'small', scores)
    assert not (tmp_path / 'models').exists()


def test_an_experiment_without_fitted_networks_is_refused(
    experiment: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = yaml.safe_load(experiment.read_text())
    (tmp_path / 'other.yaml').write_text(yaml.safe_dump({**values, 'output': str(tmp_path / 'runs')}))
    assert main(['--config', str(tmp_path / 'other.yaml'), '--output', str(tmp_path / 'models')]) == 1
    assert 'Fit the network first' in ' '.join(capsys.readouterr().err.split())


def test_validation_scores_are_not_accepted_as_test_scores(
    experiment: Path, config: TrainingConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate_main(['--config', str(experiment)]) == 0
    path = Path(config.output) / 'validation_metrics.json'
    assert json.loads(path.read_text())['windows'] == 4
    assert main(['--config', str(experiment), '--metrics', str(path), '--output', str(tmp_path / 'models')]) == 1
    assert "split: 'validation'" in ' '.join(capsys.readouterr().err.split())
    assert not (tmp_path / 'models').exists()


def test_a_system_with_two_microphones_tolerates_no_missing_one(
    config: TrainingConfig, cache: WindowCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_module, '_training', lambda *_: {})
    max_dropped = replace(config, augment=AugmentConfig(drop_microphones=0.5))
    assert describe(max_dropped, load_perception(config), cache).tolerates_missing > 0
    two = SingleStageConfig.from_dict({'omninet': {'mics': 2, 'modalities': ['depth']}, 'microphones': [2, 6]})
    with torch.device('meta'):
        network = PerceptionNetwork(PerceptionConfig(direct=(two,)))
    binaural = replace(max_dropped, manifolds={}, at_nets=(), direct=(two,))
    assert describe(binaural, network, cache).tolerates_missing == 0
