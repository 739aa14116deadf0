# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch

from audio_manifold_ros.common.errors import NetworkError
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.networks.compiled_core import CompilableNetwork, postprocess_flat
from audio_manifold_ros.networks.perception_network import PerceptionConfig, PerceptionNetwork
from audio_manifold_ros.networks.spatial.config import SpatialNetworkConfig
from audio_manifold_ros.networks.spatial.image_prior import PriorTensors
from audio_manifold_ros.networks.spatial.prior_inputs import PriorInputs
from audio_manifold_ros.networks.vehicle_map import VehicleMapConfig
from audio_manifold_ros.networks.vq_vae import VqVaeConfig
from tests.networks.layer_shapes import assert_all_learn, parameters
from training.export.onnx_graph import export_network

SMALL: dict[str, Any] = {'width': 0.25, 'code_dim': 8}
MANIFOLD: dict[str, Any] = {'codes': 16, 'code_dim': 8, 'first_features': 8, 'features': 8, 'decoder': 'compact'}


def small_network(latent_cells: int = 0, **changes: Any) -> PerceptionNetwork:
    """Return a small network with random weights, prior and outputs."""
    spatial = SpatialNetworkConfig(latent_cells=latent_cells, **{**SMALL, **changes})
    manifolds = {
        name: VqVaeConfig(channels=spatial.image_channels(name), manifold_cells=latent_cells, **MANIFOLD)
        for name in (spatial.modalities if latent_cells else ())
    }
    torch.manual_seed(0)
    network = PerceptionNetwork(PerceptionConfig(manifolds=manifolds, spatial=spatial))
    assert network.spatial is not None
    for parameter in network.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.3)
    network.spatial.prior.set(random_prior(spatial))
    for name, buffer in network.named_buffers():
        if name.endswith('codebook'):
            buffer.normal_()
    return network


def random_prior(config: SpatialNetworkConfig, seed: int = 0) -> PriorInputs:
    """Return a random prior."""
    rng = np.random.default_rng(seed)
    channels = sum(config.image_channels(name) for name in config.modalities)
    sizes = ((channels, 128, 128), (config.grid_channels, 16, 32))
    return PriorInputs(*(rng.random(size, dtype=np.float32) for size in sizes))


def random_features(windows: int = 2, seed: int = 1) -> torch.Tensor:
    """Return packed features with the usual values of each map."""
    spec, rng = SpatialFeatureSpec(), np.random.default_rng(seed)
    features = np.empty((windows, spec.size), dtype=np.float32)
    for name, (mean, std) in {'level': (-60, 12), 'steered': (0, 3), 'echo': (0.05, 0.02)}.items():
        place, _ = spec.blocks[name]
        features[:, place] = rng.normal(mean, std, (windows, place.stop - place.start))
    return torch.from_numpy(features)


def test_the_sizes_are_those_of_the_features_and_of_a_small_network() -> None:
    config, spec = SpatialNetworkConfig(), SpatialFeatureSpec()
    assert (config.level, config.steered, config.echo) == (spec.level_shape, spec.steered_shape, spec.echo_shape)
    assert config.size == spec.size
    assert 1.0e6 < parameters(PerceptionNetwork(PerceptionConfig(spatial=config))) < 1.5e6


@pytest.mark.parametrize(('latent_cells', 'vehicles'), [(0, True), (8, True), (16, False)])
def test_the_exported_graph_predicts_like_the_network(latent_cells: int, vehicles: bool, tmp_path: Any) -> None:  # noqa: FBT001
    network = small_network(latent_cells, vehicles=VehicleMapConfig(channels=8) if vehicles else None)
    features = random_features(1)
    exported = export_network(network, (features.shape[1],), half=False)  # type: ignore[arg-type]
    (tmp_path / 'model.onnx').write_bytes(exported.onnx)
    (tmp_path / 'weights.safetensors').write_bytes(exported.weights)
    session = onnxruntime.InferenceSession(tmp_path / 'model.onnx', providers=['CPUExecutionProvider'])
    (only_input,) = session.get_inputs()
    found = session.run(None, {only_input.name: features.numpy()})
    with torch.inference_mode():
        expected = network(features)
    for name, values, reference in zip(network.config.output_names, found, expected, strict=True):
        if name == 'labels':
            assert (values == reference.numpy()).mean() > 0.999
        else:
            np.testing.assert_allclose(values, reference.numpy(), rtol=2e-4, err_msg=name)
    with torch.inference_mode():
        compiled = postprocess_flat(network.config, CompilableNetwork(network)(features))
    np.testing.assert_allclose(compiled[0], expected[0], rtol=2e-4)
    assert len(compiled) == len(expected) == 4 + vehicles
    if vehicles:
        assert expected[-1].shape == (1, *VehicleMapConfig().shape)
        np.testing.assert_allclose(compiled[-1], expected[-1], rtol=2e-3)


def test_a_direct_network_starts_at_its_prior() -> None:
    spatial = SpatialNetworkConfig(**SMALL)
    network = PerceptionNetwork(PerceptionConfig(spatial=spatial))
    assert network.spatial is not None
    prior, other = random_prior(spatial), random_prior(spatial, seed=1)
    network.spatial.prior.set(prior)
    depth, classes = torch.from_numpy(prior.images).split([1, 19])
    with torch.inference_mode():
        depth_m, _, labels, _ = network(random_features())
    torch.testing.assert_close(depth_m[1], network.config.depth.unit_to_depth(depth[0]))
    assert torch.equal(labels[0].long(), classes.argmax(dim=0))
    given = PriorTensors(*(torch.from_numpy(np.stack(pair)) for pair in zip(prior, other, strict=True)))
    with torch.inference_mode():
        depth_m, _, labels, _ = network(random_features(), given)
    torch.testing.assert_close(depth_m[0], network.config.depth.unit_to_depth(depth[0]))
    assert torch.equal(labels[1].long(), given.images[1, 1:].argmax(dim=0)), 'each window has its own prior'
    network.add_class_bias(torch.eye(19)[10] * 100)
    with torch.inference_mode():
        assert (network(random_features())[2] == 10).all()


def test_the_gain_of_the_microphones_does_not_matter() -> None:
    network, features = small_network(), random_features()
    louder = features.clone()
    place, _ = SpatialFeatureSpec().blocks['level']
    louder[:, place] += 17.0
    with torch.inference_mode():
        for found, expected in zip(network(louder), network(features), strict=True):
            torch.testing.assert_close(found.float(), expected.float(), rtol=1e-3, atol=1e-3)


def test_an_image_column_follows_the_sound_in_its_direction() -> None:
    network, features = small_network(), random_features(1)
    assert network.spatial is not None
    place, shape = SpatialFeatureSpec().blocks['steered']
    changed = features.clone()
    changed[:, place].reshape(1, *shape)[:, :, 10] += 20.0
    with torch.inference_mode():
        scenes = [network.spatial.trunk(values, network.spatial.prior.grid) for values in (features, changed)]
    difference = (scenes[1].azimuths - scenes[0].azimuths).abs().sum(dim=(0, 1, 2))
    # Azimuth 10 from the left edge of the image is eight places later on the circle.
    assert abs(int(difference.argmax()) - 18) <= 2
    reach = torch.nonzero(difference > 0.05 * difference.max()).flatten()
    assert int(reach.max() - reach.min()) < 32


@pytest.mark.parametrize('latent_cells', [0, 8])
def test_every_weight_learns(latent_cells: int) -> None:
    network = small_network(latent_cells).train()
    assert network.spatial is not None
    prior = torch.from_numpy(np.stack([random_prior(network.spatial.config, seed).grid for seed in range(2)]))
    found = network.spatial(random_features(4), prior, views=torch.tensor([1, 0, 0, 0]))
    outputs = [*found.deviations.values(), *found.latents.values(), *found.log_errors.values()]
    assert_all_learn(network.spatial, torch.stack([output.square().mean() for output in outputs]).sum())


def test_the_vehicles_teach_the_trunk_only_if_asked_to() -> None:
    network = small_network(vehicles=VehicleMapConfig(channels=8)).train()
    assert network.spatial is not None
    for teaches in (False, True):
        network.spatial.vehicles_teach_trunk = teaches
        vehicles = network.spatial(random_features(4)).vehicles
        vehicles.square().mean().backward()
        assert any(parameter.grad is not None for parameter in network.spatial.trunk.parameters()) == teaches
        assert all(parameter.grad is not None for parameter in network.spatial.vehicles.parameters())


def test_predicted_errors_do_not_teach_the_trunk() -> None:
    network = small_network().train()
    assert network.spatial is not None
    errors = network.spatial(random_features(4)).log_errors
    torch.stack(list(errors.values())).sum().backward()
    assert all(parameter.grad is None for parameter in network.spatial.trunk.parameters())
    assert all(parameter.grad is not None for parameter in network.spatial.errors.parameters())


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'steered': (6, 64, 10)}, 'give the same 8 frames'),
        ({'image_columns': 65}, 'image_columns is 65: give 2 to 64'),
        ({'head_size': 48}, 'head_size is 48'),
        ({'latent_cells': 32}, 'latent_cells is 32'),
        ({'width': float('nan')}, 'width is nan'),
        ({'echo': (16, 100_000)}, 'echo is'),
    ],
)
def test_sizes_out_of_range_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        SpatialNetworkConfig(**changes)


def test_manifolds_must_match_the_latents() -> None:
    spatial = SpatialNetworkConfig(latent_cells=8, code_dim=8)
    with pytest.raises(NetworkError, match='there are manifolds of'):
        PerceptionConfig(spatial=spatial)
    manifolds = {'depth': VqVaeConfig(**MANIFOLD), 'segmentation': VqVaeConfig(channels=19, manifold_cells=16)}
    with pytest.raises(NetworkError, match='make them equal'):
        PerceptionConfig(manifolds=manifolds, spatial=spatial)
    config = small_network(8).config
    assert PerceptionConfig.from_dict(config.to_dict()) == config
