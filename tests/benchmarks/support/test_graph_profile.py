# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from audio_manifold_ros.networks.perception_network import PerceptionConfig, PerceptionNetwork
from audio_manifold_ros.networks.spatial.config import SpatialNetworkConfig
from audio_manifold_ros.networks.vq_vae import VqVaeConfig
from benchmarks.profile import main, render
from benchmarks.support.graph_profile import LayerTime, profile_graph
from benchmarks.support.roofline import count_work
from training.export.onnx_graph import export_network

CODES = {'code_dim': 16, 'first_features': 16, 'features': 16, 'residual_blocks': 1}


@pytest.mark.parametrize('decoder', ['compact', 'transposed'])
def test_the_layers_have_the_arithmetic_of_the_network(decoder: str, tmp_path: Path) -> None:
    spatial = SpatialNetworkConfig(modalities=('depth',), width=0.5, latent_cells=8, code_dim=16)
    config = PerceptionConfig(manifolds={'depth': VqVaeConfig(decoder=decoder, **CODES)}, spatial=spatial)  # type: ignore[arg-type]
    torch.manual_seed(0)
    exported = export_network(PerceptionNetwork(config), (spatial.size,))
    (tmp_path / 'model.onnx').write_bytes(exported.onnx)
    (tmp_path / 'weights.safetensors').write_bytes(exported.weights)
    layers = profile_graph(tmp_path / 'model.onnx', np.zeros((1, spatial.size), dtype=np.float32), runs=2)
    assert all(layer.seconds >= 0 for layer in layers)
    assert ('ConvTranspose' in {layer.operator for layer in layers}) == (decoder == 'transposed')
    # ONNX Runtime computes constant parts when it loads the graph, and pads the channels of some layers.
    assert sum(layer.flop for layer in layers) == pytest.approx(count_work(config, (spatial.size,)).flop, rel=0.1)


def test_the_table_adds_up() -> None:
    layers = [LayerTime('a', 'Conv', (1, 8, 4, 4), 2e-3, 100_000_000), LayerTime('b', 'Relu', (1, 8), 1e-3, 0)]
    table = render('networks', layers, 1e11, shown=1)
    assert '### networks: 3.00 ms on one thread, 3.00 times the floor of 1.00 ms' in table
    assert '| a | Conv | 1 × 8 × 4 × 4 | 2.000 | 66.7% | 50 |' in table
    assert '| 1 others | | | 1.000 | 33.3% | |' in table


def test_unknown_networks_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['no_such_system']) == 1
    assert 'no_such_system' in capsys.readouterr().err
