# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Surface normals from simulation to prediction: window cache, fits, bundle, backend, scores, pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.common.errors import NetworkError
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.evaluation.controls.pixel_prior import PRIOR_FILE, PixelPrior
from audio_manifold_ros.inference.backends.onnx_backend import OnnxBackend
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.networks.at_net import AtNetConfig
from audio_manifold_ros.networks.omninet import OmniNetConfig
from audio_manifold_ros.networks.vq_vae import VqVaeConfig
from tests.training.conftest import SIZES
from training.config.experiment_configuration import (
    CodebookConfig,
    DataConfig,
    FitConfig,
    MachineConfig,
    TrainingConfig,
)
from training.data.cache import open_cache
from training.experiment.visualize import overview
from training.export.export_bundle import export
from training.fitting.fit_manifold import fit_manifold
from training.fitting.fit_transform import fit_transform


@pytest.fixture(scope='module')
def experiment(drives: Path, data_config: DataConfig, tmp_path_factory: pytest.TempPathFactory) -> TrainingConfig:
    """Return a fitted experiment with depth and normals on one trunk."""
    modalities = {'depth': 1, 'normals': 3}
    config = TrainingConfig(
        name='normals',
        output=str(tmp_path_factory.mktemp('normals')),
        data=data_config,
        manifolds={name: VqVaeConfig(channels=channels, **SIZES) for name, channels in modalities.items()},
        at_nets=(AtNetConfig(width=0.125, code_dim=8, dropout=0.0, modalities=tuple(modalities)),),
        manifold_fit=FitConfig(batch_size=6, epochs=30, learning_rate=3e-3, validate_every_steps=20),
        transform_fit=FitConfig(batch_size=12, epochs=10, learning_rate=3e-3, validate_every_steps=10),
        codebook=CodebookConfig(start_step=4, restart_every_steps=3),
        machine=MachineConfig(accelerator='cpu', devices='1', threads=1),
    )
    for name in modalities:
        fit_manifold(config, name, config.manifold_fit)
    fit_transform(config, config.at_nets[0], config.transform_fit)
    return config


def test_the_cache_holds_the_normals_of_the_depth_in_the_drives(experiment: TrainingConfig, drives: Path) -> None:
    cache = open_cache(experiment.data, progress=False)
    assert cache.has('normals')
    indices = cache.indices('train')[:1]
    ((drive_id, stamp_ns),) = cache.instants(indices)
    with DriveReader(next(drives.rglob(f'{drive_id}.h5'))) as drive:
        image = drive.image_stamps_ns.tolist().index(stamp_ns)
        expected = drive.normals(image)
        assert drive.has('normals')
        assert 'normals' not in drive.images(image).by_modality(), 'they are not stored'
    np.testing.assert_allclose(cache.take('normals', indices)[0], expected, atol=1e-3)
    assert np.isfinite(expected).mean() > 0.3


def test_a_bundle_with_normals_predicts_and_is_scored(experiment: TrainingConfig, tmp_path: Path) -> None:
    bundle = export(experiment, tmp_path / 'bundle')
    loaded = Bundle.load(bundle.folder)
    assert loaded.manifest.modalities == ('depth', 'normals')
    cache = open_cache(experiment.data, progress=False)
    output = OnnxBackend(loaded, 1).run(cache.features(cache.indices('test')[:1])[0])
    assert output.normals is not None
    assert output.normals.shape == (128, 128, 3)
    np.testing.assert_allclose(np.linalg.norm(output.normals, axis=-1), 1, atol=1e-3)
    assert output.distances['normals'].shape == (8, 8)
    figures = loaded.manifest.metrics['normals']
    assert figures['mean_angle_deg'] < 60, 'much better than chance, 90 degrees'
    assert 0 < figures['within_11_25'] <= figures['within_22_5'] <= figures['within_30'] <= 1
    prior = PixelPrior.load(loaded.folder / PRIOR_FILE)
    assert prior.normals is not None
    assert prior.normals[120, 64, 1] < -0.9, 'the road points up'
    card = (loaded.folder / 'README.md').read_text(encoding='utf-8')
    assert '### Surface normals' in card
    assert 'its normal is within 22.5°' in card


def test_the_overview_shows_normals(experiment: TrainingConfig) -> None:
    rows = overview(experiment, 'validation', 2)
    images = rows['normals: reconstruction by its manifold']
    assert images.shape == (2, 128, 128, 3)
    assert images.std() > 10


def test_published_networks_refuse_normals(experiment: TrainingConfig) -> None:
    with pytest.raises(NetworkError, match=r"any of \('depth', 'segmentation'\)"):
        OmniNetConfig(modalities=('normals',))
    assert replace(experiment.losses, normals='l2').normals == 'l2'
