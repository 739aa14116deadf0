# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmark of the systems of the tables: one window on one core, as trained, and OmniNet as published."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from audio_manifold_ros.features.kinds import require_mel
from audio_manifold_ros.networks.omninet import OmniNetConfig
from audio_manifold_ros.networks.perception_network import PerceptionConfig
from audio_manifold_ros.networks.single_stage import SingleStageConfig
from benchmarks.harness.figure import Figure
from benchmarks.harness.short_mode import is_short, scaled_count
from benchmarks.harness.timing import Action, medians_s
from benchmarks.support.bundles import MODALITIES
from benchmarks.support.loaded_network import LoadedNetwork, count_microphones
from training.config.experiment_configuration import TrainingConfig

SYSTEMS = Path(__file__).parents[2] / 'training' / 'configs' / 'systems'
PUBLISHED = 'omninet_8ch_both, as published'
# Files that only serve as a base of others.
BASE_CONFIGS = ('base', 'omninet')
ROUNDS = 20
SHORT_SYSTEM_COUNT = 2


def measure() -> list[Figure]:
    """Return the figures of all systems. Systems with equal networks are measured once."""
    figures, measured = [], dict[str, str]()
    for name, config, shape in _systems():
        first_name = measured.setdefault(repr((config, shape)), name)
        if first_name != name:
            continue
        network = LoadedNetwork(config, shape, 1)
        seconds = medians_s({'run': Action(network.run)}, scaled_count(ROUNDS))['run']
        what = f'{name}: {network.weights / 1e6:.1f} million weights, {network.stored_mb:.0f} MB in a bundle'
        figures.append(Figure(what, seconds * 1e3, 'ms'))
        if is_short() and len(figures) == SHORT_SYSTEM_COUNT:
            break
    return figures


def _systems() -> Iterator[tuple[str, PerceptionConfig, tuple[int, int, int]]]:
    """Yield name, sizes and shape of the features (mic, height, width) of every system."""
    for path in sorted(SYSTEMS.glob('*.yaml')):
        if path.stem in BASE_CONFIGS:
            continue
        experiment = TrainingConfig.from_yaml(path)
        config = PerceptionConfig(experiment.at_nets, experiment.manifolds, experiment.depth, experiment.direct)
        features = require_mel(experiment.data.features)
        shape = (count_microphones(config), features.height, features.width)
        yield path.stem, config, shape
        if path.stem == PUBLISHED.partition(',')[0]:
            published = OmniNetConfig(mics=8, modalities=MODALITIES)
            yield PUBLISHED, replace(config, direct=(SingleStageConfig(omninet=published),)), shape
