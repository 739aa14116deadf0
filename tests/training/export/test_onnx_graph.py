# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ONNX graphs: every kind of system predicts the same in ONNX Runtime as in torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
import pytest
import torch
from safetensors.numpy import load

from audio_manifold_ros.inference.backends.backend import INPUT_NAME
from audio_manifold_ros.inference.bundle.bundle import ONNX_FILE, WEIGHTS_FILE
from audio_manifold_ros.networks.at_net import AtNet, AtNetConfig
from audio_manifold_ros.networks.depth_representation import DepthRepresentation
from audio_manifold_ros.networks.perception_network import PerceptionNetwork
from audio_manifold_ros.networks.single_stage import SingleStageConfig, SingleStageNetwork
from audio_manifold_ros.networks.vq_vae import VqVae, VqVaeConfig
from training.export.onnx_graph import export_network

if TYPE_CHECKING:
    from pathlib import Path

SAME = 1e-4
# A class may differ where two logits are equal within rounding.
SAME_LABELS = 0.999
# At large distances the error in metres grows with the square of the distance.
NEAR_AND_FAR = DepthRepresentation(near_m=1.0, far_m=10.0, kind='inverse')
SIZES: dict[str, Any] = {'code_dim': 8, 'first_features': 4, 'features': 8}
OMNINET = {'width': 0.125, 'fused': [8, 12], 'depth': [16, 24], 'segmentation': [12, 20]}
DIRECT: dict[str, tuple[dict[str, Any], tuple[int, int, int]]] = {
    **{
        f'end_to_end {cells}': (
            {
                'end_to_end': {
                    'at_net': {'width': 0.125, 'manifold_cells': cells, 'code_dim': 8, 'input': 'batch_norm'},
                    'decoders': {'depth': {'manifold_cells': cells, **SIZES}},
                }
            },
            (8, 128, 128),
        )
        for cells in (8, 16, 32)
    },
    'echo2depth paper': ({'echo2depth': {}}, (8, 128, 128)),
    'echo2depth visualechoes': (
        {'echo2depth': {'mics': 2, 'variant': 'visualechoes', 'height': 65, 'width': 90}, 'microphones': [7, 0]},
        (8, 65, 90),
    ),
    'omninet, 2 of 8': (
        {'omninet': {'mics': 2, 'modalities': ['depth', 'segmentation'], **OMNINET}, 'microphones': [2, 7]},
        (8, 257, 141),
    ),
    'omninet, segmentation': ({'omninet': {'modalities': ['segmentation'], **OMNINET}}, (8, 129, 101)),
}


def settle(network: torch.nn.Module, features: torch.Tensor) -> None:
    """Set the statistics of every batch normalisation from some features, so that outputs differ between them."""
    for module in network.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.momentum = 1.0
    network.train()(features)
    network.eval()


def centre(decoder: torch.nn.Sequential) -> None:
    """Move depth to the middle of its range, where nothing is clipped."""
    torch.nn.init.constant_(decoder[-1].bias, 0.5)


def assert_same(network: PerceptionNetwork, features: torch.Tensor, folder: Path) -> None:
    exported = export_network(network, tuple(features.shape[1:]), half=False)
    (folder / ONNX_FILE).write_bytes(exported.onnx)
    (folder / WEIGHTS_FILE).write_bytes(exported.weights)
    state = network.state_dict()
    assert all(state[name].shape == values.shape for name, values in load(exported.weights).items())
    session = onnxruntime.InferenceSession(str(folder / ONNX_FILE))
    names = network.config.output_names
    with torch.inference_mode():
        expected = [tensor.numpy() for tensor in network(features[:1])]
    for name, found, tensor in zip(
        names, session.run(names, {INPUT_NAME: features[:1].numpy()}), expected, strict=True
    ):
        assert found.dtype == tensor.dtype
        if name == 'labels':
            assert (found == tensor).mean() >= SAME_LABELS
        else:
            np.testing.assert_allclose(found, tensor, rtol=SAME, atol=SAME)
        assert name == 'depth_distance' or np.ptp(tensor) > 0, f'{name} is constant'


@pytest.mark.parametrize('name', DIRECT)
def test_direct_systems(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    values, shape = DIRECT[name]
    system = SingleStageNetwork(SingleStageConfig.from_dict(values))
    features = torch.randn(4, *shape)
    settle(system, features)
    if system.config.kind == 'end_to_end':
        centre(system.system.decoders['depth'])
    network = PerceptionNetwork.from_trained([], {}, NEAR_AND_FAR, [system])
    network.add_class_bias(torch.linspace(0, 0.1, 19))
    assert_same(network, features, tmp_path)


@pytest.mark.parametrize('bottleneck', ['codebook', 'soft_codebook', 'gradient_codebook', 'plain', 'gaussian'])
def test_manifolds(bottleneck: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    at_net = AtNet(AtNetConfig(width=0.125, modalities=('depth', 'segmentation'), code_dim=8))
    vq_vaes = {}
    for modality, channels in (('depth', 1), ('segmentation', 19)):
        config = VqVaeConfig(channels=channels, bottleneck=bottleneck, residual='reference', **SIZES)
        vq_vaes[modality] = VqVae(config).eval()
        at_net.set_latent_statistics(modality, torch.randn(8, 8, 8), torch.rand(8) + 0.5)
        torch.nn.init.kaiming_normal_(at_net.heads[modality][-2].weight)
        if 'codebook' in bottleneck:
            torch.nn.init.normal_(vq_vaes[modality].quantizer.codebook)
    centre(vq_vaes['depth'].decoder)
    # Statistics of few windows could be small and amplify rounding errors.
    features = torch.randn(16, 8, 128, 128)
    settle(at_net, features)
    assert_same(PerceptionNetwork.from_trained([at_net], vq_vaes), features, tmp_path)


def test_the_graph_has_the_requested_input_shape(tmp_path: Path) -> None:
    system = SingleStageNetwork(SingleStageConfig.from_dict({'omninet': OMNINET})).eval()
    exported = export_network(PerceptionNetwork.from_trained([], {}, direct=[system]), (8, 65, 77))
    (tmp_path / ONNX_FILE).write_bytes(exported.onnx)
    (tmp_path / WEIGHTS_FILE).write_bytes(exported.weights)
    session = onnxruntime.InferenceSession(str(tmp_path / ONNX_FILE))
    assert [entry.shape for entry in session.get_inputs()] == [[1, 8, 65, 77]]
