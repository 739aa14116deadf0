# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from torch import nn

from audio_manifold_ros.networks.at_net import AtNet, AtNetConfig
from audio_manifold_ros.networks.batchnorm_fusion import fuse_batch_norms
from audio_manifold_ros.networks.compiled_core import CompilableNetwork, postprocess_flat
from audio_manifold_ros.networks.perception_network import PerceptionNetwork
from audio_manifold_ros.networks.single_stage import SingleStageConfig, SingleStageNetwork
from audio_manifold_ros.networks.vq_vae import VqVae, VqVaeConfig

# Operations of exported graphs that torch-tensorrt 2.8 to 2.13 convert, or remove before they convert: read in their
# sources. Whatever is not among them would make a build fail on a machine that no test runs on.
CONVERTED = {
    '_adaptive_avg_pool2d.default',
    '_assert_tensor_metadata.default',
    '_native_batch_norm_legit_no_training.default',
    '_softmax.default',
    '_to_copy.default',
    'add.Tensor',
    'argmin.default',
    'avg_pool2d.default',
    'bmm.default',
    'cat.default',
    'clone.default',
    'convolution.default',
    'div.Tensor',
    'embedding.default',
    'exp.default',
    'expand.default',
    'leaky_relu.default',
    'max_pool2d_with_indices.default',
    'mean.dim',
    'mm.default',
    'mul.Tensor',
    'neg.default',
    'permute.default',
    'pow.Tensor_Scalar',
    'relu.default',
    'sigmoid.default',
    'slice.Tensor',
    'sub.Tensor',
    'sum.dim_IntList',
    'unsqueeze.default',
    'upsample_bilinear2d.vec',
    'view.default',
}
CASTS = {torch.float32, torch.float16}
CHANNELS = {'depth': 1, 'segmentation': 19}
SMALL = {'first_features': 8, 'features': 16, 'residual_blocks': 1, 'codes': 16, 'code_dim': 16}
OMNINET = {'width': 0.125, 'fused': [8, 12], 'depth': [16, 24], 'segmentation': [12, 20]}
AT_NET = {'width': 0.125, 'code_dim': 16}


def manifold(bottleneck: str, **at_net: object) -> PerceptionNetwork:
    """Build an AT-net for both modalities and their manifolds, with statistics as after training."""
    heads = AtNet(AtNetConfig(modalities=('depth', 'segmentation'), **AT_NET, **at_net))
    vq_vaes = {
        name: VqVae(VqVaeConfig(channels=channels, bottleneck=bottleneck, **SMALL))
        for name, channels in CHANNELS.items()
    }
    for name, vq_vae in vq_vaes.items():
        if bottleneck in {'codebook', 'soft_codebook'}:
            vq_vae.quantizer.start(torch.randn(100, 16))
        nn.init.normal_(heads.heads[name][-2].weight, std=0.2)
        heads.set_latent_statistics(name, torch.randn(16, 8, 8), torch.ones(16))
    settle(heads)
    return PerceptionNetwork.from_trained([heads.eval()], {name: each.eval() for name, each in vq_vaes.items()})


def direct(values: dict[str, object]) -> PerceptionNetwork:
    system = SingleStageNetwork(SingleStageConfig.from_dict(values))
    settle(system)
    return PerceptionNetwork.from_trained([], {}, direct=[system.eval()])


def settle(network: nn.Module) -> None:
    """Set non-trivial statistics of the normalisations, so that their fusion changes weights."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        network.train()(torch.randn(12, 8, 128, 128))
    network.eval()


MICROPHONES = {'mics': 2, 'modalities': ['depth', 'segmentation']}
NETWORKS = {
    'codebook': lambda: manifold('codebook'),
    'soft codebook': lambda: manifold('soft_codebook'),
    'gradient codebook': lambda: manifold('gradient_codebook', input='batch_norm'),
    'plain': lambda: manifold('plain', time_columns=4),
    'gaussian': lambda: manifold('gaussian'),
    'end to end': lambda: direct(
        {
            'end_to_end': {
                'at_net': {**AT_NET, 'modalities': ['depth', 'segmentation']},
                'decoders': {name: {'channels': channels, **SMALL} for name, channels in CHANNELS.items()},
            }
        }
    ),
    'echo2depth of the paper': lambda: direct({'echo2depth': {}}),
    'echo2depth of VisualEchoes': lambda: direct({'echo2depth': {'variant': 'visualechoes'}}),
    'omninet of two': lambda: direct({'omninet': {**MICROPHONES, **OMNINET}, 'microphones': [6, 1]}),
    'omninet of eight': lambda: direct({'omninet': {**OMNINET}}),
}


@pytest.fixture(scope='module', params=list(NETWORKS))
def network(request: pytest.FixtureRequest) -> PerceptionNetwork:
    torch.manual_seed(0)
    return NETWORKS[request.param]()


@pytest.fixture
def features() -> torch.Tensor:
    torch.manual_seed(1)
    return torch.randn(1, 8, 128, 128)


@torch.no_grad()
def test_an_exported_saved_and_loaded_network_has_equal_outputs(
    network: PerceptionNetwork, features: torch.Tensor, tmp_path: Path
) -> None:
    hearing = CompilableNetwork(copy.deepcopy(network))
    before = set(vars(hearing)) | {f'{name}.{key}' for name, part in hearing.named_modules() for key in vars(part)}
    program = torch.export.export(hearing, (torch.zeros_like(features),), strict=False)
    after = set(vars(hearing)) | {f'{name}.{key}' for name, part in hearing.named_modules() for key in vars(part)}
    assert after == before, 'an export must not leave anything in the modules'
    check_graph(program)
    torch.export.save(program, tmp_path / 'program.pt2')
    loaded = torch.export.load(tmp_path / 'program.pt2').module()
    outputs = postprocess_flat(network.config, loaded(features))
    for found, expected in zip(outputs, network(features), strict=True):
        assert found.dtype == expected.dtype
        if found.dtype == torch.uint8:
            assert (found == expected).float().mean() > 0.999
        else:
            torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)


def check_graph(program: torch.export.ExportedProgram) -> None:
    """Compare the graph with the operations that the compiler converts."""
    graph = program.run_decompositions().graph
    calls = [node for node in graph.nodes if node.op == 'call_function' and hasattr(node.target, 'overloadpacket')]
    assert {str(node.target).removeprefix('aten.') for node in calls} <= CONVERTED
    assert {node.kwargs['dtype'] for node in calls if '_to_copy' in str(node.target)} <= CASTS
    results = {node.meta['val'].dtype for node in graph.output_node().args[0]}
    assert results <= CASTS, 'bytes and whole numbers are drawn outside'


@torch.no_grad()
@pytest.mark.parametrize('name', ['codebook', 'end to end', 'omninet of two'])
def test_the_half_precision_graph_has_only_operations_that_the_compiler_converts(name: str) -> None:
    torch.manual_seed(0)
    hearing = CompilableNetwork(NETWORKS[name](), torch.float16)
    check_graph(torch.export.export(hearing, (torch.zeros(1, 8, 128, 128),), strict=False))


@torch.no_grad()
def test_half_precision_has_nearly_equal_outputs(network: PerceptionNetwork, features: torch.Tensor) -> None:
    hearing = CompilableNetwork(copy.deepcopy(network), torch.float16)
    outputs = hearing(features)
    assert {tensor.dtype for tensor in outputs} <= CASTS
    assert torch.float16 in {tensor.dtype for tensor in outputs}
    postprocessed = dict(zip(network.config.output_names, postprocess_flat(network.config, outputs), strict=True))
    for name, expected in zip(network.config.output_names, network(features), strict=True):
        if name == 'labels':
            assert (postprocessed[name] == expected).float().mean() > 0.95
        else:
            # If two codes are equally near, a cell may have the other one.
            assert (postprocessed[name] - expected).abs().mean() < 0.03 * expected.abs().mean(), name


def test_codes_and_the_input_stay_in_single_precision() -> None:
    torch.manual_seed(0)
    hearing = CompilableNetwork(manifold('codebook'), torch.float16)
    kept = {name for name, values in hearing.state_dict().items() if values.dtype == torch.float32}
    assert {'network.codebooks.depth.codebook', 'network.at_nets.0.trunk.0.0.matrix'} <= kept
    assert not any('decoders' in name or 'heads' in name for name in kept)


@torch.no_grad()
def test_codes_are_found_that_half_precision_cannot_separate() -> None:
    """Use two codes far from the origin whose squares are equal in half precision."""
    torch.manual_seed(0)
    network = manifold('codebook')
    codebook = network.codebooks['depth'].codebook
    codebook.copy_(torch.full_like(codebook, 40.0))
    codebook[3] += 0.25
    latent = codebook[3].reshape(1, -1, 1, 1).expand(1, -1, 8, 8).half()
    squares = (codebook.half().square().sum(dim=1) - 2 * latent[0, :, 0, 0] @ codebook.half().t()).float()
    assert squares.isinf().any() or len(squares.unique()) == 1, 'half precision cannot distinguish them'
    CompilableNetwork(network, torch.float16)
    quantized = network.codebooks['depth'].quantize(latent)
    assert (quantized.codes == 3).all()
    assert quantized.values.dtype == torch.float16
    assert quantized.distance.dtype == torch.float32


@torch.no_grad()
def test_fusion_changes_only_the_layers() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3, bias=False),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Sequential(nn.ConvTranspose2d(4, 5, 4, stride=2), nn.BatchNorm2d(5)),
        nn.BatchNorm2d(5),
    )
    images = torch.randn(8, 3, 16, 16)
    network.train()(images)
    network.eval()
    expected = network(images)
    fuse_batch_norms(network)
    torch.testing.assert_close(network(images), expected, rtol=1e-4, atol=1e-5)
    kinds = [type(module) for module in network.modules()]
    assert kinds.count(nn.BatchNorm2d) == 1, 'one of them follows no convolution'
