# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluation of an untrained network on simulated streets: all scores of a record are present."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from audio_manifold_ros.common.errors import EvaluationError
from audio_manifold_ros.evaluation.metrics.metric_suite import MetricSuite
from audio_manifold_ros.networks.at_net import AtNet
from audio_manifold_ros.networks.perception_network import PerceptionNetwork
from audio_manifold_ros.networks.vq_vae import VqVae
from training.config.experiment_configuration import DataConfig, TrainingConfig
from training.data.cache import WindowCache, open_cache
from training.data.window_dataset import find_drives
from training.experiment.evaluate import evaluate, make_prior


@pytest.fixture
def network(config: TrainingConfig) -> PerceptionNetwork:
    torch.manual_seed(0)
    at_nets = [AtNet(net) for net in config.at_nets]
    vq_vaes = {name: VqVae(net) for name, net in config.manifolds.items()}
    return PerceptionNetwork.from_trained(at_nets, vq_vaes, config.depth).eval()


@pytest.fixture
def cache(data_config: DataConfig) -> WindowCache:
    return open_cache(data_config, progress=False)


def test_all_scores_of_a_record_are_present(network: PerceptionNetwork, cache: WindowCache, drives: Path) -> None:
    scores = evaluate(network, cache, split='validation', drives=drives)
    assert scores['windows'] == len(cache.indices('validation'))
    assert scores['depth_unit'] == 'm'
    assert scores['native'] == {}
    for control in ('', '_prior', '_shuffled', '_mirrored'):
        assert scores['depth'][f'abs_rel{control}'] > 0
        assert 0 <= scores['segmentation'][f'miou{control}'] <= 1
        assert 0 <= scores['conventions']['reference'][f'auc_crr_equation{control}'] <= 0.29
        assert 0 <= scores['structure'][f'class_edges_f_wide{control}'] <= 1
    assert scores['structure']['cars_true'] + scores['structure']['vehicles_true'] > 0
    assert scores['structure']['explained_log_depth'] < 0.5
    without = evaluate(network, cache, split='validation')
    assert 'cars_true' not in without['structure']
    assert without['depth'] == scores['depth']


def test_the_prior_is_computed_from_training_windows_only(cache: WindowCache) -> None:
    indices = cache.indices('train')
    prior = make_prior(cache)
    assert prior.images == len(indices)
    depth_m = np.clip(cache.take('depth_m', indices).astype(np.float32), 1, 80)
    is_valid = ~np.isnan(depth_m).any(axis=0)
    alike = is_valid & (np.ptp(np.where(is_valid, depth_m, 1), axis=0) < 0.01)
    assert alike.any()  # the road close by
    np.testing.assert_allclose(prior.depth_m[alike], depth_m[0][alike], rtol=0.01)


def test_data_without_labels_has_depth_scores_only(
    network: PerceptionNetwork, cache: WindowCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(WindowCache, 'has', lambda _, name: name == 'depth_m')
    scores = evaluate(network, cache, split='validation')
    assert scores['segmentation'] == {}
    assert scores['depth']['abs_rel_prior'] > 0
    assert {*MetricSuite().result(), 'assumptions', 'over_streets'} == set(scores)


def test_a_split_with_one_drive_is_scored_with_audio_of_another_time(
    network: PerceptionNetwork, data_config: DataConfig, drives: Path, tmp_path: Path
) -> None:
    names = sorted(find_drives(drives))
    split = tmp_path / 'split.yaml'
    split.write_text(yaml.safe_dump({'name': 'one', 'train': names[2:], 'validation': names[:1], 'test': names[1:2]}))
    cache = open_cache(replace(data_config, split=str(split)), progress=False)
    scores = evaluate(network, cache, split='validation', drives=drives)
    assert scores['windows'] == 2
    assert scores['shuffled_audio'] == 'another time'
    assert scores['depth']['abs_rel_shuffled'] > 0
    drive, stamp_ns = cache.instants(cache.indices('test'))[0]
    parts = {'train': names[2:], 'validation': names[:1], 'test': [f'{drive}/{stamp_ns}']}
    split.write_text(yaml.safe_dump({'name': 'one image', **parts}))
    cache = open_cache(replace(data_config, split=str(split)), progress=False)
    with pytest.raises(EvaluationError, match="'test' has 1 windows"):
        evaluate(network, cache, split='test')
