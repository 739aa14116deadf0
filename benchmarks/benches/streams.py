# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmark of several arrays on one machine: windows one after the other or as a batch, on a CPU and a GPU."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch

from audio_manifold_ros.features.spec import FeatureSpec
from audio_manifold_ros.networks.perception_network import PerceptionConfig, PerceptionNetwork
from benchmarks.benches.features import CHANNELS, FeatureStream
from benchmarks.harness.device_choice import CPU, CUDA, measures_on
from benchmarks.harness.figure import Figure, faster, not_measured
from benchmarks.harness.short_mode import is_short, scaled_count
from benchmarks.harness.timing import Action, medians_s
from benchmarks.support.batched_arrays import BatchedArrays
from benchmarks.support.bundles import half_width_config, paper_config
from benchmarks.support.loaded_network import LoadedNetwork

THREADS = 2
ARRAYS = (1, 2, 4, 8, 16)
ROUNDS = 15


def measure() -> list[Figure]:
    """Return the prediction rate of each array."""
    configs = {'the paper’s two networks': paper_config(), 'a half-width pair': half_width_config()}
    measures = [measure for device, measure in ((CPU, _arrays), (CUDA, _arrays_on_gpu)) if measures_on(device)]
    return [figure for measure in measures for title, config in configs.items() for figure in measure(title, config)]


def _arrays(title: str, config: PerceptionConfig) -> list[Figure]:
    """Measure numbers of arrays. Features are not batched: they are computed hop by hop."""
    spec = FeatureSpec()
    shape = (CHANNELS, spec.height, spec.width)
    streams = [FeatureStream(spec) for _ in range(max(ARRAYS))]
    single = LoadedNetwork(config, shape, THREADS)
    figures = []
    for arrays in ARRAYS[:2] if is_short() else ARRAYS:
        batched = single if arrays == 1 else LoadedNetwork(config, shape, THREADS, arrays)
        active_streams = streams[:arrays]
        found_s = medians_s(
            {
                'in turn': Action(partial(_in_turn, active_streams, single)),
                'batched': Action(partial(_batched, active_streams, batched)),
            },
            scaled_count(ROUNDS),
        )
        description = (
            f'{title}: {arrays} arrays, predictions for each' if arrays > 1 else f'{title}: 1 array, predictions'
        )
        rates = {name: 1 / seconds for name, seconds in found_s.items()}
        figures.append(
            faster(f'{description}, in one batch', rates['batched'], 'a second', 'in turn', rates['in turn'])
        )
    return figures


def _arrays_on_gpu(title: str, config: PerceptionConfig) -> list[Figure]:
    what = f'{title} on a GPU, one batch'
    if not torch.cuda.is_available():
        return [not_measured(f'{what}: predictions for each array', 'a second', 'torch sees no CUDA device')]
    spec, device = FeatureSpec(), torch.device('cuda')
    network, rng = PerceptionNetwork(config), np.random.default_rng(0)
    figures = []
    for arrays in ARRAYS:
        batch = BatchedArrays(network, spec, (arrays, CHANNELS), device)
        sound = (0.1 * rng.standard_normal((arrays, CHANNELS, spec.window_samples))).astype(np.float32)
        seconds = medians_s({'': Action(partial(batch.run, sound))}, scaled_count(ROUNDS))['']
        figures.append(Figure(f'{what}: {arrays} arrays, predictions for each', 1 / seconds, 'a second'))
    return figures


def _in_turn(streams: list[FeatureStream], network: LoadedNetwork) -> None:
    for stream in streams:
        stream.hop_and_predict()
        network.run()


def _batched(streams: list[FeatureStream], network: LoadedNetwork) -> None:
    for stream in streams:
        stream.hop_and_predict()
    network.run()
