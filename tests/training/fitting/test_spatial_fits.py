# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Networks on spatial maps from simulated streets to a bundle, with the real trainer."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.inference.backend_factory import open_backend
from audio_manifold_ros.inference.bundle.array_range import ArrayRange
from audio_manifold_ros.networks.image_heads import IMAGE_HEADS
from audio_manifold_ros.networks.spatial.config import SpatialNetworkConfig
from audio_manifold_ros.networks.vehicle_map import VehicleMapConfig
from audio_manifold_ros.networks.vq_vae import VqVaeConfig
from audio_manifold_ros.simulation.random_rig import STREETS_PER_RIG
from training.config.experiment_configuration import TrainingConfig
from training.config.fit_configuration import CodebookConfig, FitConfig
from training.config.joint_configuration import JointConfig
from training.data.cache import WindowCache, open_cache
from training.data.simulate import write_drive
from training.data.simulation_settings import RANDOM_RIGS
from training.data.vehicle_arrays import AZIMUTHS, VEHICLES
from training.experiment import calibrate_vehicles as calibrate_module
from training.experiment import visualize as visualize_module
from training.experiment.calibrate_vehicles import calibrate_vehicles
from training.experiment.experiment_inference import WindowPriors, predict
from training.experiment.vehicle_scores import score_vehicles
from training.experiment.visualize import overview
from training.export.export_bundle import export
from training.fitting.checkpoints import BEST
from training.fitting.fit_history import FitHistory
from training.fitting.fit_joint import fit_joint, make_networks
from training.fitting.fitted_networks import load_perception
from training.fitting.image_metrics import colour_images
from training.fitting.joint_losses import depth_losses
from training.fitting.vehicle_metrics import VehicleMetrics

pytestmark = [pytest.mark.own_process, pytest.mark.slow, pytest.mark.timeout(400)]

FIT = FitConfig(batch_size=10, steps=32, learning_rate=4e-3, schedule='cosine', validate_every_steps=32)
VEHICLES_ALL_ROUND = VehicleMapConfig(channels=16)
SIZES = {'codes': 8, 'code_dim': 8, 'first_features': 8, 'features': 8, 'residual_blocks': 1, 'decoder': 'compact'}


def spatial_config(config: TrainingConfig, latent_cells: int) -> TrainingConfig:
    """Return a small experiment on spatial maps."""
    channels = {'depth': 1, 'segmentation': 19} if latent_cells else {}
    return replace(
        config,
        data=replace(config.data, features=SpatialFeatureSpec()),
        at_nets=(),
        manifolds={name: VqVaeConfig(channels=count, **SIZES) for name, count in channels.items()},
        spatial=SpatialNetworkConfig(width=0.25, latent_cells=latent_cells, code_dim=8, vehicles=VEHICLES_ALL_ROUND),
        joint=JointConfig(average=0.8),
        joint_fit=FIT,
        codebook=CodebookConfig(start_step=4, restart_every_steps=3),
    )


def test_the_overview_shows_predictions_for_the_camera_of_each_window(
    config: TrainingConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / 'drives'
    for block in range(8):
        write_drive(folder, 300_000 + block * STREETS_PER_RIG, 1, rig=RANDOM_RIGS)
    config = spatial_config(config, 0)
    data = replace(config.data, drives=str(folder), cache=str(folder / 'cache'), validation=0.5, test=0.2)
    config = replace(config, data=data)
    cache = open_cache(config.data)
    assert config.joint is not None
    network = make_networks(config, config.joint, cache).eval()
    config.joint_folder.mkdir(parents=True)
    (config.joint_folder / BEST).touch()
    monkeypatch.setattr(visualize_module, 'load_joint', lambda _: network)
    windows = cache.indices('validation')
    assert len(set(cache.window_views(windows).tolist())) > 1, 'windows with one camera only'
    shown = overview(config, 'validation', len(windows))['depth: predicted from audio']
    features, colour = torch.from_numpy(cache.features(windows)), IMAGE_HEADS['depth']
    with torch.inference_mode():
        images = [network.images(features, prior)['depth'] for prior in (WindowPriors(network, cache)(windows), None)]
    own, default = (colour_images('depth', colour.decode(image, config.depth)) for image in images)
    np.testing.assert_array_equal(shown, own)
    assert not np.array_equal(own, default)


def relative_error(config: TrainingConfig, cache: WindowCache, turn: int) -> float:
    """Return the relative depth error on the training windows, with the audio of the window `turn` places later."""
    network = load_perception(config)
    indices = cache.indices('train')
    with torch.inference_mode():
        unit = network.images(torch.from_numpy(cache.features(indices)).roll(turn, dims=0))['depth'][:, 0]
    depth_m = torch.from_numpy(cache.take('depth_m', indices).astype(np.float32))
    return float(depth_losses(unit, depth_m, config.depth)['relative_depth'])


def direction_precision(config: TrainingConfig, cache: WindowCache, turn: int) -> float:
    """Return the average precision of the directions of vehicles, with the audio of the window `turn` places later."""
    network = load_perception(config)
    assert network.spatial is not None
    indices = cache.indices('train')
    features = torch.from_numpy(cache.features(indices)).roll(turn, dims=0)
    with torch.inference_mode():
        azimuths_rad = torch.from_numpy(cache.take(AZIMUTHS, indices))
        logits = network.predict_spatial(features, azimuths_rad=azimuths_rad).vehicles
    assert logits is not None
    metrics = VehicleMetrics(VEHICLES_ALL_ROUND)
    metrics.add(logits, torch.from_numpy(cache.take(VEHICLES, indices)))
    return metrics.result()['val/vehicle_direction_ap_50m']


def test_a_network_on_spatial_maps_learns_to_distinguish_streets(
    config: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = spatial_config(config, 0)
    best = fit_joint(config, FIT)
    curves = FitHistory.read(best.parent).curves
    assert curves['train/loss'][-1][1] < curves['train/loss'][0][1] - 0.2
    assert 0 <= curves['val/vehicle_ap_20m'][-1][1] <= curves['val/vehicle_direction_ap_50m'][-1][1] <= 1
    cache = open_cache(config.data, progress=False)
    # Windows are in pairs of one street: an offset of two is another street.
    assert relative_error(config, cache, 0) < 0.9 * relative_error(config, cache, 2)
    assert direction_precision(config, cache, 0) > 3 * direction_precision(config, cache, 2)
    monkeypatch.setattr(calibrate_module, 'MIN_FOUND', 1)
    network, own = load_perception(config), cache.indices('validation')
    before = score_vehicles(network, cache, own, own)
    assert calibrate_vehicles(network, cache) is not None
    after = score_vehicles(network, cache, own, own)
    assert after['expected_calibration_error'] < before['expected_calibration_error']
    # The order is the same. Vehicles whose probability was too low to be found may be added.
    for distance, scores in after['within'].items():
        precision = before['within'][distance]['direction_precision']
        assert precision is None or scores['direction_precision'] > precision - 0.05
    monkeypatch.setattr(calibrate_module, 'MIN_FOUND', 10**6)
    assert calibrate_vehicles(network, cache) is None


def test_a_quantised_network_is_fitted_with_codebooks_and_decoders(config: TrainingConfig) -> None:
    config = spatial_config(config, 8)
    best = fit_joint(config, replace(FIT, steps=24, validate_every_steps=24))
    curve = FitHistory.read(best.parent).curves['train/loss']
    assert curve[-1][1] < curve[0][1]
    network = load_perception(config)
    features = torch.from_numpy(open_cache(config.data, progress=False).features(np.arange(4)))
    with torch.inference_mode():
        depth_m = network(features)[0]
    assert all(codebook.started and codebook.codebook.any() for codebook in network.codebooks.values())
    assert depth_m.shape == (4, 128, 128)


def test_soft_codes_start_from_a_run_with_nearest_codes_and_are_fitted(config: TrainingConfig) -> None:
    nearest = spatial_config(config, 8)
    fit_joint(nearest, replace(FIT, steps=12, validate_every_steps=12))
    (Path(nearest.output) / 'config.json').write_text(json.dumps(nearest.to_dict()), encoding='utf-8')
    manifolds = {name: replace(manifold, bottleneck='soft_codebook') for name, manifold in nearest.manifolds.items()}
    joint = replace(nearest.joint or JointConfig(), start=str(nearest.output))
    soft = replace(nearest, manifolds=manifolds, joint=joint, output=f'{nearest.output}_soft')
    network, source = make_networks(soft, joint, open_cache(soft.data, progress=False)), load_perception(nearest)
    temperatures = {}
    for name, codebook in network.codebooks.items():
        assert torch.equal(codebook.codebook, source.codebooks[name].codebook)
        temperatures[name] = float(codebook.log_temperature.detach())
        assert temperatures[name] != 0
    fit_joint(soft, replace(FIT, steps=8, validate_every_steps=8))
    fitted = load_perception(soft)
    assert all(float(fitted.codebooks[name].log_temperature) != start for name, start in temperatures.items())
    (Path(soft.output) / 'config.json').write_text(json.dumps(soft.to_dict()), encoding='utf-8')
    with pytest.raises(TrainingError, match='make them equal'):
        make_networks(nearest, replace(joint, start=str(soft.output)), open_cache(nearest.data, progress=False))


def test_a_trunk_is_adopted_from_a_run_with_another_head(config: TrainingConfig) -> None:
    cache = open_cache(spatial_config(config, 0).data, progress=False)
    direct = replace(spatial_config(config, 0), joint_fit=replace(FIT, steps=2, validate_every_steps=2))
    fit_joint(direct, direct.joint_fit)
    (Path(direct.output) / 'config.json').write_text(json.dumps(direct.to_dict()), encoding='utf-8')
    quantised = spatial_config(config, 8)
    joint = replace(quantised.joint or JointConfig(), start_trunk=str(direct.output))
    network, source = make_networks(quantised, joint, cache), load_perception(direct)
    assert network.spatial is not None
    assert source.spatial is not None
    adopted, given = network.spatial.state_dict(), source.spatial.state_dict()
    names = {name for name in adopted if not name.startswith('head.')}
    assert names == {name for name in given if not name.startswith('head.')}
    assert all(torch.equal(adopted[name], given[name]) for name in names)
    wide = replace(quantised, spatial=SpatialNetworkConfig(width=0.5, latent_cells=8, code_dim=8))
    with pytest.raises(TrainingError, match='give one of the same sizes and features'):
        make_networks(wide, joint, cache)


def test_streets_become_a_bundle_that_predicts_like_its_networks(config: TrainingConfig, tmp_path: Path) -> None:
    config = spatial_config(config, 0)
    config = replace(config, data=replace(config.data, test=0.3))
    fit_joint(config, replace(FIT, steps=4, validate_every_steps=2))
    bundle = export(config, tmp_path / 'bundle')
    manifest = bundle.manifest
    assert manifest.features == SpatialFeatureSpec()
    assert isinstance(manifest.array, ArrayRange)
    assert manifest.array.microphones == (8, 8)
    card = (bundle.folder / 'README.md').read_text()
    assert 'any array of 8 microphones on one plane' in card
    cache = open_cache(config.data, progress=False)
    features = cache.features(cache.indices('test'))
    backend = open_backend(bundle, 'onnx')
    for window, expected in zip(features, predict(load_perception(config), features), strict=True):
        found = backend.run(window)
        np.testing.assert_allclose(found.depth_m, expected.depth_m, rtol=0.02)
        np.testing.assert_allclose(found.distances['depth'], expected.distances['depth'], rtol=0.05)
        assert found.vehicles is not None
        np.testing.assert_allclose(found.vehicles, expected.vehicles, atol=0.01)
    assert manifest.vehicles == VEHICLES_ALL_ROUND
    assert set(manifest.metrics['vehicles']['within']) == {'10', '20', '30', '50'}


def test_drives_without_vehicles_are_refused(
    config: TrainingConfig, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(DriveReader, 'has_vehicles', False)
    config = spatial_config(config, 0)
    with pytest.raises(TrainingError, match='has no vehicles'):
        fit_joint(replace(config, data=replace(config.data, cache=str(tmp_path))), FIT)


def test_features_of_another_size_are_refused(config: TrainingConfig) -> None:
    config = spatial_config(config, 0)
    other = replace(config, spatial=SpatialNetworkConfig(level=(32, 20)))
    with pytest.raises(
        TrainingError, match=r'features of shape \(10368,\), the network on spatial maps takes \(9728,\)'
    ):
        fit_joint(other, FIT)
    with pytest.raises(TrainingError, match='give `joint`'):
        replace(config, joint=None)
    with pytest.raises(TrainingError, match="give 'cache'"):
        replace(config.data, features_on='device')
