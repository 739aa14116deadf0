# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frame position: set once in the experiment, applied from the cache to the stamp of a prediction."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from rich.console import Console

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.features.mel_batch import mel_features
from audio_manifold_ros.inference.backend_factory import open_backend
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.pipeline import Pipeline
from audio_manifold_ros.simulation.drive import Drive
from training.config.experiment_configuration import TrainingConfig
from training.data.cache import open_cache
from training.data.simulate import drive_path, main, write_dataset
from training.data.simulation_settings import SimulationSettings
from training.data.window_dataset import find_drives
from training.experiment.calibrated_network import CalibratedNetwork
from training.experiment.provenance import PROVENANCE, describe_provenance
from training.export.export_bundle import export
from training.fitting.fit_manifold import fit_manifold
from training.fitting.fit_transform import fit_transform

RATE_HZ = 22_500
START_NS = 1_000_000_000_000
SEEDS = range(2014, 2020)
SIZES = {'codes': 8, 'code_dim': 8, 'first_features': 8, 'features': 8, 'residual_blocks': 1}
FIT = {'batch_size': 4, 'epochs': 1, 'validate_every_steps': 10}
SCORES = {
    'windows': 0,
    'depth': {},
    'segmentation': {},
}


@pytest.fixture(scope='module')
def config(tmp_path_factory: pytest.TempPathFactory) -> TrainingConfig:
    """Return an experiment on images at the newest sample, with barely fitted networks."""
    folder = tmp_path_factory.mktemp('newest')
    write_dataset(folder / 'drives', SEEDS, SimulationSettings(2, 1.0), 1, Console(quiet=True))
    values = {
        'name': 'newest',
        'output': str(folder / 'runs'),
        'data': {
            'drives': str(folder / 'drives'),
            'cache': str(folder / 'cache'),
            'frame_position': 1.0,
            'validation': 0.3,
            'test': 0.3,
            'workers': 1,
        },
        'manifolds': {'depth': {'channels': 1, **SIZES}},
        'at_nets': [{'width': 0.125, 'code_dim': 8, 'modalities': ['depth']}],
        'manifold_fit': FIT,
        'transform_fit': FIT,
        'codebook': {'start_step': 1, 'restart_every_steps': 1},
        'machine': {'accelerator': 'cpu', 'devices': '1', 'threads': 1},
    }
    path = folder / 'newest.yaml'
    path.write_text(yaml.safe_dump(values))
    config = TrainingConfig.from_yaml(path)
    fit_manifold(config, 'depth', config.manifold_fit)
    fit_transform(config, config.at_nets[0], config.transform_fit)
    return config


def test_every_second_has_a_window_that_ends_at_its_image(config: TrainingConfig) -> None:
    cache = open_cache(config.data, progress=False)
    everything = np.arange(2 * len(SEEDS))
    features, depth_m = cache.take('features', everything), cache.take('depth_m', everything)
    first = next(iter(find_drives(config.data.drives).values()))
    with DriveReader(first) as drive:
        assert drive.image_samples.tolist() == [RATE_HZ, 2 * RATE_HZ]
        np.testing.assert_array_equal(depth_m[1], drive.depth_m(1))
        expected = mel_features(drive.samples(RATE_HZ, RATE_HZ), config.data.features)
        np.testing.assert_allclose(features[1], expected, atol=1e-3)
    np.testing.assert_allclose(depth_m[1], Drive(SEEDS[0], duration_s=2.0).image(2.0)[0], rtol=2**-10)


def test_another_frame_position_is_another_cache(config: TrainingConfig) -> None:
    centred = replace(config.data, frame_position=0.5)
    cache = open_cache(centred, progress=False)
    assert len(cache.indices('train')) * 2 == len(open_cache(config.data, progress=False).indices('train'))
    with DriveReader(next(iter(find_drives(centred.drives).values()))) as drive:
        expected = mel_features(drive.samples(RATE_HZ // 2, RATE_HZ), centred.features)
        np.testing.assert_array_equal(cache.take('depth_m', np.arange(1))[0], drive.depth_m(0))
    np.testing.assert_allclose(cache.take('features', np.arange(1))[0], expected, atol=1e-3)


def test_the_bundle_contains_it_and_predictions_are_stamped_with_it(config: TrainingConfig, tmp_path: Path) -> None:
    cache = open_cache(config.data, progress=False)
    scored = describe_provenance(config, cache, 'test', CalibratedNetwork.load(config, cache).calibration())
    bundle = Bundle.load(export(config, tmp_path / 'newest', {**SCORES, PROVENANCE: scored}).folder)
    assert bundle.manifest.frame_position == 1.0
    assert 'describe its newest instant' in (bundle.folder / 'README.md').read_text()
    drive = Drive(SEEDS[0], duration_s=2.0)
    pipeline = Pipeline(bundle, open_backend(bundle, 'onnx'), drive.array, RATE_HZ)
    # The first multiple of the hop with a whole window before it.
    end = 88 * 256
    pipeline.push(AudioBlock(drive.audio(0, end), 0, RATE_HZ, START_NS))
    prediction = pipeline.predict()
    assert (prediction.first_sample, prediction.end_sample) == (end - RATE_HZ, end)
    assert prediction.stamp_ns == prediction.newest_stamp_ns == START_NS + end * 1_000_000_000 // RATE_HZ


def test_networks_fitted_to_another_frame_position_are_refused(config: TrainingConfig, tmp_path: Path) -> None:
    centred = replace(config, data=replace(config.data, frame_position=0.5))
    with pytest.raises(TrainingError, match=r'frame_position 1 of the window, the experiment has 0\.5'):
        export(centred, tmp_path / 'centred', SCORES)
    with pytest.raises(TrainingError, match='frame_position 1 of the window'):
        fit_transform(centred, centred.at_nets[0], centred.transform_fit, resume=True)
    assert not (tmp_path / 'centred').exists()


@pytest.mark.parametrize('frame_position', [-0.1, 1.1, float('nan')])
def test_an_image_outside_its_window_is_refused(tmp_path: Path, frame_position: float) -> None:
    values = {'name': 'x', 'output': 'x', 'manifolds': {}, 'at_nets': []}
    path = tmp_path / 'x.yaml'
    path.write_text(yaml.safe_dump({**values, 'data': {'drives': 'x', 'frame_position': frame_position}}))
    with pytest.raises(TrainingError, match=r'x\.yaml: .*frame_position is'):
        TrainingConfig.from_yaml(path)
    with pytest.raises(SystemExit):
        main(['--drives', '1', '--out', str(tmp_path / 'drives'), f'--frame-position={frame_position}'])


def test_drives_with_another_frame_position_are_written_again(tmp_path: Path) -> None:
    arguments = ['--drives', '1', '--first-seed', '2014', '--seconds', '1', '--workers', '1', '--out', str(tmp_path)]
    for frame_position, samples in ((0.5, [11_250]), (1.0, [22_500])):
        assert main([*arguments, '--frame-position', str(frame_position)]) == 0
        with DriveReader(drive_path(tmp_path, 2014)) as drive:
            assert drive.image_samples.tolist() == samples
