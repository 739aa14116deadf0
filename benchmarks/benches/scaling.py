# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmark of the cost of window, hop, channels and manifold size, for features and for the paper's networks."""

from __future__ import annotations

from collections.abc import Iterator
from time import process_time

from audio_manifold_ros.features.spec import FeatureSpec
from audio_manifold_ros.networks.at_net import AtNetConfig
from audio_manifold_ros.networks.perception_network import PerceptionConfig
from audio_manifold_ros.networks.vq_vae import VqVaeConfig
from benchmarks.benches.features import FeatureStream
from benchmarks.harness.figure import Figure
from benchmarks.harness.short_mode import scaled_count
from benchmarks.harness.timing import Action, medians_s
from benchmarks.support.bundles import CHANNELS as IMAGE_CHANNELS
from benchmarks.support.bundles import MODALITIES
from benchmarks.support.loaded_network import LoadedNetwork

MICROPHONES = 8
MANIFOLD_CELLS = 8
WINDOWS = (11_250, 22_500, 45_000)
HOPS = (128, 256, 512)
ARRAYS = (1, 2, 4, 8, 16)
MANIFOLDS = (8, 16, 32)
ROUNDS = 30
HOPS_PER_ROUND = 20


def measure() -> list[Figure]:
    """Return the figures. One property is changed at a time."""
    return [*_features(), *_networks()]


def _features() -> list[Figure]:
    streams = dict(_streams())
    actions = {what: Action(stream.hop_and_predict, HOPS_PER_ROUND) for what, stream in streams.items()}
    found_s = medians_s(actions, scaled_count(ROUNDS), process_time)
    return [Figure(f'features of a hop and its prediction: {what}', cost * 1e3, 'ms') for what, cost in found_s.items()]


def _streams() -> Iterator[tuple[str, FeatureStream]]:
    for window in WINDOWS:
        yield f'a window of {window / 22_500:g} s', FeatureStream(FeatureSpec(window_samples=window))
    for hop in HOPS:
        yield f'a hop of {hop} samples', FeatureStream(FeatureSpec(hop_samples=hop))
    for channels in ARRAYS:
        yield f'{channels} microphones', FeatureStream(FeatureSpec(), channels)
    yield '`edges: interior`', FeatureStream(FeatureSpec(edges='interior'))


def _networks() -> list[Figure]:
    """Measure the networks. Window and hop do not change their input, because features are resized."""
    spec = FeatureSpec()
    sizes = {f'{mics} microphones': (mics, MANIFOLD_CELLS) for mics in ARRAYS}
    sizes |= {f'a manifold of {cells} × {cells}': (MICROPHONES, cells) for cells in MANIFOLDS}
    networks = {
        what: LoadedNetwork(_paper(*size), (size[0], spec.height, spec.width), 1) for what, size in sizes.items()
    }
    found_s = medians_s(
        {what: Action(network.run) for what, network in networks.items()}, scaled_count(ROUNDS), process_time
    )
    return [Figure(f'the paper’s two networks, one core: {what}', cost * 1e3, 'ms') for what, cost in found_s.items()]


def _paper(microphones: int, cells: int) -> PerceptionConfig:
    return PerceptionConfig(
        at_nets=tuple(
            AtNetConfig(mics=microphones, modalities=(modality,), manifold_cells=cells) for modality in MODALITIES
        ),
        manifolds={name: VqVaeConfig(channels=IMAGE_CHANNELS[name], manifold_cells=cells) for name in MODALITIES},
    )
