# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Several arrays on one CPU: the networks for their windows one after the other, or for all in one batch."""

from __future__ import annotations

from functools import partial

from audio_manifold_ros.features.spec import FeatureSpec
from audio_manifold_ros.networks.perception import PerceptionConfig
from benchmarks.bundles import half_width_pair, paper_pair
from benchmarks.features import CHANNELS, Stream
from benchmarks.figure import Figure, faster
from benchmarks.length import is_short, times
from benchmarks.loaded_network import LoadedNetwork
from benchmarks.timing import Action, medians_s

THREADS = 2
ARRAYS = (1, 2, 4, 8, 16)
ROUNDS = 15


def measure() -> list[Figure]:
    """Return how often a second each array gets its images."""
    return [*_arrays('the paper’s two networks', paper_pair()), *_arrays('a half-width pair', half_width_pair())]


def _arrays(title: str, config: PerceptionConfig) -> list[Figure]:
    """Features are never batched: they are computed hop by hop as the sound comes."""
    spec = FeatureSpec()
    shape = (CHANNELS, spec.height, spec.width)
    streams = [Stream(spec) for _ in range(max(ARRAYS))]
    single = LoadedNetwork(config, shape, THREADS)
    figures = []
    for arrays in ARRAYS[:2] if is_short() else ARRAYS:
        batched = single if arrays == 1 else LoadedNetwork(config, shape, THREADS, arrays)
        heard = streams[:arrays]
        found_s = medians_s(
            {
                'in turn': Action(partial(_in_turn, heard, single)),
                'batched': Action(partial(_batched, heard, batched)),
            },
            times(ROUNDS),
        )
        words = f'{title}: {arrays} arrays, predictions for each' if arrays > 1 else f'{title}: 1 array, predictions'
        rates = {name: 1 / seconds for name, seconds in found_s.items()}
        figures.append(faster(f'{words}, in one batch', rates['batched'], 'a second', 'in turn', rates['in turn']))
    return figures


def _in_turn(streams: list[Stream], network: LoadedNetwork) -> None:
    for stream in streams:
        stream.hop_and_predict()
        network.run()


def _batched(streams: list[Stream], network: LoadedNetwork) -> None:
    for stream in streams:
        stream.hop_and_predict()
    network.run()
