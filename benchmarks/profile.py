# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Time of each layer of networks, and the arithmetic floor of the machine: `audio-manifold bench profile`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.cli.parser import command_parser
from audio_manifold_ros.common.errors import AudioManifoldError
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.inference.backends.backend import input_shape
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.bundle.manifest import MANIFEST_FILE
from audio_manifold_ros.networks.perception_network import PerceptionConfig, PerceptionNetwork
from benchmarks.harness.machine import describe_machine
from benchmarks.support.graph_profile import LayerTime, peak_flop_per_s, profile_graph
from benchmarks.support.loaded_network import count_microphones
from training.config.experiment_configuration import TrainingConfig
from training.export.onnx_graph import export_network

if TYPE_CHECKING:
    from collections.abc import Sequence

CONFIGS = Path(__file__).parents[1] / 'training' / 'configs'
DEFAULT_NETWORKS = ('models/street',)
RUNS, LAYERS = 20, 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit status."""
    parser = command_parser('bench profile')
    parser.add_argument(
        'networks',
        nargs='*',
        default=DEFAULT_NETWORKS,
        metavar='NETWORKS',
        help='folder of a bundle, YAML file of an experiment, or name of a system of training/configs/systems '
        '(default: models/street). An experiment has random weights, on which the time does not depend',
    )
    parser.add_argument('--runs', type=int, default=RUNS, help=f'runs, of which the fastest counts ({RUNS})')
    parser.add_argument('--layers', type=int, default=LAYERS, help=f'layers to print, the slowest ({LAYERS})')
    options = parser.parse_args(arguments)
    if min(options.runs, options.layers) < 1:
        parser.error('--runs and --layers are 1 or more')
    flop_per_s = peak_flop_per_s()
    for networks in options.networks:
        try:
            layers = _profile(networks, options.runs)
        except AudioManifoldError as error:
            print(f'✗ {error}', file=sys.stderr)
            return 1
        print(render(networks, layers, flop_per_s, options.layers))
    print(describe_machine())
    return 0


def render(title: str, layers: Sequence[LayerTime], flop_per_s: float, shown: int) -> str:
    """Return the table of the slowest layers, their sum and the floor, as Markdown."""
    total_s, flop = sum(layer.seconds for layer in layers), sum(layer.flop for layer in layers)
    floor_s = flop / flop_per_s
    slowest = sorted(layers, key=lambda layer: -layer.seconds)[:shown]
    rest_s = total_s - sum(layer.seconds for layer in slowest)
    times = f'{total_s * 1e3:.2f} ms on one thread, {total_s / floor_s:.2f} times the floor of {floor_s * 1e3:.2f} ms'
    rate = f'The machine multiplies matrices at {flop_per_s / 1e9:.0f} GFLOP/s.'
    rows = [
        f'### {title}: {times}',
        '',
        f'{flop / 1e9:.3f} GFLOP in {len(layers)} layers. {rate}',
        '',
        '| layer | operator | output | ms | share | GFLOP/s |',
        '|---|---|---|---:|---:|---:|',
    ]
    rows += [
        f'| {layer.name} | {layer.operator} | {" × ".join(map(str, layer.output))} | {layer.seconds * 1e3:.3f} '
        f'| {layer.seconds / total_s:.1%} | {f"{layer.gflop_per_s:.0f}" if layer.flop else ""} |'
        for layer in slowest
    ]
    rows.append(f'| {len(layers) - len(slowest)} others | | | {rest_s * 1e3:.3f} | {rest_s / total_s:.1%} | |')
    return '\n'.join([*rows, ''])


def _profile(networks: str, runs: int) -> tuple[LayerTime, ...]:
    """Return the layers of a bundle or of the networks of an experiment.

    Raises:
        AudioManifoldError: The bundle or the experiment is invalid.

    """
    rng = np.random.default_rng(0)
    if (Path(networks) / MANIFEST_FILE).is_file():
        bundle = Bundle.load(networks)
        features = rng.uniform(-1.2, 0.4, (1, *input_shape(bundle.manifest))).astype(np.float32)
        return profile_graph(bundle.onnx_path, features, runs)
    named = CONFIGS / 'systems' / f'{networks}.yaml'
    experiment = TrainingConfig.from_yaml(named if named.is_file() else networks)
    config = PerceptionConfig(
        experiment.at_nets, dict(experiment.manifolds), experiment.depth, experiment.direct, experiment.spatial
    )
    shape = _shape(experiment, config)
    exported = export_network(PerceptionNetwork(config), shape)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'model.onnx'
        path.write_bytes(exported.onnx)
        path.with_name('weights.safetensors').write_bytes(exported.weights)
        return profile_graph(path, rng.uniform(-1.2, 0.4, (1, *shape)).astype(np.float32), runs)


def _shape(experiment: TrainingConfig, config: PerceptionConfig) -> tuple[int, ...]:
    """Return the shape of the features of one window."""
    features = experiment.data.features
    if isinstance(features, SpatialFeatureSpec):
        return (features.size,)
    return (count_microphones(config), features.height, features.width)


if __name__ == '__main__':
    sys.exit(main())
