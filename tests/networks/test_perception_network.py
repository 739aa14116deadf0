# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from audio_manifold_ros.common.errors import NetworkError
from audio_manifold_ros.networks.at_net import AtNet, AtNetConfig
from audio_manifold_ros.networks.depth_representation import DepthRepresentation
from audio_manifold_ros.networks.perception_network import PerceptionConfig, PerceptionNetwork
from audio_manifold_ros.networks.single_stage import SingleStageConfig, SingleStageNetwork
from audio_manifold_ros.networks.vq_vae import VqVae, VqVaeConfig

CHANNELS = {'depth': 1, 'segmentation': 19}


def make_network(*heads: tuple[str, ...]) -> PerceptionNetwork:
    torch.manual_seed(0)
    at_nets = [AtNet(AtNetConfig(width=0.125, modalities=modalities)).eval() for modalities in heads]
    vq_vaes = {}
    for modality in [modality for modalities in heads for modality in modalities]:
        vq_vaes[modality] = VqVae(VqVaeConfig(channels=CHANNELS[modality], first_features=4, features=8)).eval()
        vq_vaes[modality].quantizer.start(torch.randn(500, 64))
    for at_net in at_nets:
        for modality in at_net.config.modalities:
            at_net.set_latent_statistics(modality, torch.randn(64, 8, 8), torch.ones(64))
    return PerceptionNetwork.from_trained(at_nets, vq_vaes)


@pytest.mark.parametrize('heads', [(('depth', 'segmentation'),), (('segmentation',), ('depth',)), (('depth',),)])
def test_outputs_are_metres_labels_and_distances(heads: tuple[tuple[str, ...], ...]) -> None:
    network = make_network(*heads)
    outputs = dict(zip(network.config.output_names, network(torch.randn(2, 8, 128, 128)), strict=True))
    assert outputs['depth_m'].shape == (2, 128, 128)
    assert outputs['depth_m'].dtype == torch.float32
    assert 1 <= float(outputs['depth_m'].detach().min()) <= float(outputs['depth_m'].detach().max()) <= 80.001
    assert outputs['depth_distance'].shape == (2, 8, 8)
    assert ('labels' in outputs) == any('segmentation' in modalities for modalities in heads)
    if 'labels' in outputs:
        assert outputs['labels'].shape == (2, 128, 128)
        assert outputs['labels'].dtype == torch.uint8
        assert int(outputs['labels'].max()) < 19


def test_one_pass_equals_its_parts() -> None:
    torch.manual_seed(0)
    network = make_network(('depth',))
    features = torch.randn(2, 8, 128, 128)
    quantized = network.codebooks['depth'].quantize(network.at_nets[0](features)['depth'])
    depth_m = network.config.depth.unit_to_depth(network.decoders['depth'](quantized.values)[:, 0])
    torch.testing.assert_close(network(features), (depth_m, quantized.distance))


def test_windows_do_not_influence_each_other() -> None:
    network = make_network(('depth', 'segmentation'))
    features = torch.randn(3, 8, 128, 128)
    together = network(features)
    for place in range(3):
        alone = network(features[place : place + 1])
        torch.testing.assert_close([a[0] for a in alone], [t[place] for t in together], rtol=1e-4, atol=1e-4)


def test_traced_graph_has_no_control_flow_on_data() -> None:
    network = make_network(('depth', 'segmentation'))
    program = torch.export.export(network, (torch.randn(1, 8, 128, 128),), strict=False)
    features = torch.randn(1, 8, 128, 128) * 3
    torch.testing.assert_close(program.module()(features), network(features))


def test_configuration_and_weights_rebuild_the_network() -> None:
    network = make_network(('depth', 'segmentation'))
    rebuilt = PerceptionNetwork(PerceptionConfig.from_dict(network.config.to_dict()))
    rebuilt.load_state_dict(network.state_dict())
    features = torch.randn(1, 8, 128, 128)
    torch.testing.assert_close(rebuilt(features), network(features))


def single_stage_network(**system: object) -> SingleStageNetwork:
    return SingleStageNetwork(SingleStageConfig.from_dict(system)).eval()


def test_a_direct_system_works_together_with_a_manifold() -> None:
    torch.manual_seed(0)
    with_manifold = make_network(('segmentation',))
    echo = single_stage_network(echo2depth={'mics': 2}, microphones=[3, 4])
    parts = AtNet(with_manifold.config.at_nets[0]), VqVae(with_manifold.config.manifolds['segmentation'])
    parts[1].quantizer.start(torch.randn(500, 64))
    network = PerceptionNetwork.from_trained(
        [parts[0].eval()], {'segmentation': parts[1].eval()}, DepthRepresentation(kind='inverse'), [echo]
    )
    assert network.config.modalities == ('depth', 'segmentation')
    features = torch.randn(2, 8, 128, 128)
    depth_m, uncertainty, labels, distance = network(features)
    raw = echo(features)['depth']
    torch.testing.assert_close(depth_m, DepthRepresentation(kind='inverse').unit_to_depth(raw[:, 0]))
    torch.testing.assert_close(uncertainty, torch.ones(2, 8, 8))
    assert labels.shape == (2, 128, 128)
    assert distance.shape == (2, 8, 8)
    rebuilt = PerceptionNetwork(PerceptionConfig.from_dict(network.config.to_dict()))
    rebuilt.load_state_dict(network.state_dict())
    torch.testing.assert_close(rebuilt(features), network(features))


def test_the_distance_of_a_direct_segmentation_is_the_entropy_of_each_cell() -> None:
    torch.manual_seed(0)
    system = single_stage_network(
        end_to_end={
            'at_net': {'width': 0.125, 'modalities': ['segmentation'], 'code_dim': 8},
            'decoders': {'segmentation': {'channels': 19, 'code_dim': 8, 'first_features': 4, 'features': 8}},
        }
    )
    network = PerceptionNetwork.from_trained([], {}, direct=[system])
    features = torch.randn(2, 8, 128, 128)
    labels, distance = network(features)
    logits = network.images(features)['segmentation']
    entropy = torch.distributions.Categorical(logits=logits.permute(0, 2, 3, 1)).entropy()
    cells = entropy.reshape(2, 8, 16, 8, 16).mean(dim=(2, 4))
    torch.testing.assert_close(distance, cells)
    torch.testing.assert_close(labels, logits.argmax(dim=1).to(torch.uint8))


@pytest.mark.parametrize('bottleneck', ['plain', 'gaussian'])
def test_without_a_codebook_the_distance_is_that_from_the_mean_latent(bottleneck: str) -> None:
    torch.manual_seed(0)
    at_net = AtNet(AtNetConfig(width=0.125)).eval()
    mean, std = torch.randn(64, 8, 8), torch.rand(64) + 0.5
    at_net.set_latent_statistics('depth', mean, std)
    torch.nn.init.normal_(at_net.heads['depth'][-2].weight)
    vq_vae = VqVae(VqVaeConfig(first_features=4, features=8, bottleneck=bottleneck)).eval()
    network = PerceptionNetwork.from_trained([at_net], {'depth': vq_vae})
    features = torch.randn(2, 8, 128, 128)
    latent = at_net(features)['depth']
    _, distance = network(features)
    torch.testing.assert_close(distance, ((latent - mean) / std[:, None, None]).square().mean(dim=1))
    torch.testing.assert_close(network.images(features)['depth'], vq_vae.decoder(latent))


@pytest.mark.parametrize('kind', ['manifold', 'omninet'])
def test_class_biases_are_added_to_the_logits_of_any_system(kind: str) -> None:
    if kind == 'manifold':
        network = make_network(('segmentation',))
    else:
        sizes = {'width': 0.125, 'fused': [8, 8], 'segmentation': [16, 16]}
        network = PerceptionNetwork.from_trained(
            [], {}, direct=[single_stage_network(omninet={'modalities': ['segmentation'], **sizes})]
        )
    features, advantages = torch.randn(1, 8, 128, 128), torch.linspace(-1, 2, 19)
    before = network.images(features)['segmentation']
    network.add_class_bias(advantages)
    gained = network.images(features)['segmentation'] - before
    torch.testing.assert_close(gained, advantages[:, None, None].expand_as(gained[0])[None], rtol=0, atol=1e-4)


def test_each_modality_has_exactly_one_system() -> None:
    echo = SingleStageConfig.from_dict({'echo2depth': {}})
    with pytest.raises(NetworkError, match='give at least one'):
        PerceptionConfig()
    with pytest.raises(NetworkError, match=r'depth.*depth'):
        PerceptionConfig(direct=(echo, echo))
    with pytest.raises(NetworkError, match=r'depth.*depth'):
        PerceptionConfig((AtNetConfig(),), {'depth': VqVaeConfig()}, direct=(echo,))
    assert PerceptionConfig(direct=(echo,)).cells == 8


def test_head_without_its_manifold_is_refused() -> None:
    with pytest.raises(NetworkError, match='segmentation'):
        PerceptionConfig(at_nets=(AtNetConfig(modalities=('segmentation',)),), manifolds={'depth': VqVaeConfig()})
    with pytest.raises(NetworkError, match='16 cells'):
        PerceptionConfig(at_nets=(AtNetConfig(manifold_cells=16),), manifolds={'depth': VqVaeConfig()})
