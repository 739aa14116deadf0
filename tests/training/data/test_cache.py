# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.common.errors import DatasetError, TrainingError
from audio_manifold_ros.datasets.drive_attributes import DriveAttributes
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.datasets.drive_writer import DriveWriter
from audio_manifold_ros.features.mel_batch import mel_features
from audio_manifold_ros.networks.vq_vae import VqVaeConfig
from training.config.data_configuration import DataConfig
from training.config.experiment_configuration import TrainingConfig
from training.config.fit_configuration import FitConfig
from training.data.cache import open_cache
from training.data.data_module import WindowDataModule
from training.data.resumable_sampler import ResumableBatchSampler
from training.data.window_dataset import WindowDataset, find_drives


def test_rows_equal_the_content_of_the_drives(data_config: DataConfig) -> None:
    cache = open_cache(data_config, progress=False)
    items = list(WindowDataset(list(find_drives(data_config.drives).values()), data_config.features))
    everything = np.arange(len(items))
    np.testing.assert_array_equal(cache.take('labels', everything), [item.labels for item in items])
    np.testing.assert_array_equal(cache.take('depth_m', everything), [item.depth_m for item in items])
    features = [mel_features(item.audio, data_config.features) for item in items[5:7]]
    np.testing.assert_allclose(cache.take('features', everything[5:7]), features, atol=1e-3)


def test_no_street_is_in_two_splits(data_config: DataConfig) -> None:
    cache = open_cache(data_config, progress=False)
    splits = [set(cache.indices(name).tolist()) for name in ('train', 'validation', 'test')]
    assert sum(len(split) for split in splits) == len(set.union(*splits)) == 20
    streets = [set(cache.drives(name)) for name in ('train', 'validation', 'test')]
    assert sum(len(names) for names in streets) == len(set.union(*streets)) == 10


def test_new_drives_add_shards_only(data_config: DataConfig, tmp_path: Path) -> None:
    paths = list(find_drives(data_config.drives).values())
    folder = tmp_path / 'drives'
    folder.mkdir()
    for path in paths[:6]:
        shutil.copy(path, folder)
    config = replace(data_config, drives=str(folder), cache=str(tmp_path / 'cache'), shard_drives=3, split_seed=0)
    config = replace(config, validation=0.4, test=0.3)
    open_cache(config, progress=False)
    before = {shard: shard.stat().st_mtime_ns for shard in (tmp_path / 'cache').iterdir()}
    shutil.copy(paths[6], folder)
    cache = open_cache(config, progress=False)
    after = {shard: shard.stat().st_mtime_ns for shard in (tmp_path / 'cache').iterdir()}
    assert {shard: after[shard] for shard in before} == before
    assert len(after) == len(before) + 1
    assert len(cache.take('labels', np.arange(14))) == 14


def test_another_definition_of_the_features_is_another_cache(data_config: DataConfig, tmp_path: Path) -> None:
    paths = list(find_drives(data_config.drives).values())[:1]
    shutil.copy(paths[0], tmp_path)
    config = replace(data_config, drives=str(tmp_path), cache=str(tmp_path / 'cache'))
    for features in (config.features, replace(config.features, db_divisor=40.0)):
        with pytest.raises(TrainingError, match='simulate more'):
            open_cache(replace(config, features=features), progress=False)
    first, second = (np.load(shard / 'features.npy') for shard in sorted((tmp_path / 'cache').iterdir()))
    ratio = np.median(second / first)
    assert min(abs(ratio - 2), abs(ratio - 0.5)) < 0.01


def copy_drive(source: Path, folder: Path, name: str, *, silent: tuple[int, ...] = (), labels: bool = True) -> None:
    """Copy a drive, with unrecorded microphones or without labels."""
    with DriveReader(source) as drive:
        audio = drive.raw(drive.first_sample, drive.end_sample - drive.first_sample)
        audio[list(silent)] = 0
        writer = DriveWriter(
            folder / f'{name}.h5',
            drive_id=name,
            rig=drive.rig,
            sample_rate_hz=drive.sample_rate_hz,
            channels=len(audio),
            provenance={'origin': 'test'},
            attributes=DriveAttributes(silent),
        )
        with writer:
            writer.add_audio(audio, 0)
            for image, sample in enumerate(drive.image_samples.tolist()):
                writer.add_image(sample, drive.depth_m(image), drive.labels(image) if labels else None)


def test_audio_can_be_cached_and_features_computed_on_the_device(data_config: DataConfig, tmp_path: Path) -> None:
    cached = open_cache(data_config, progress=False)
    config = replace(data_config, features_on='device', cache=str(tmp_path))
    with_audio = open_cache(config, progress=False)
    some = np.array([0, 3, 7])
    np.testing.assert_allclose(with_audio.features(some), cached.features(some), atol=2e-3)
    training = TrainingConfig('x', config, manifolds={'depth': VqVaeConfig()})
    data = WindowDataModule(training, FitConfig(batch_size=4), ('features', 'depth'))
    batch = data.on_after_batch_transfer(next(iter(data.train_dataloader())), 0)
    assert batch.keys() == {'features', 'depth'}
    places = ResumableBatchSampler(len(cached.indices('train')), 4, 1).batch(0)
    expected = cached.features(cached.indices('train')[places])
    np.testing.assert_allclose(batch['features'].numpy(), expected, atol=2e-3)


def test_drives_without_a_microphone_are_skipped_or_silent_in_it(data_config: DataConfig, tmp_path: Path) -> None:
    paths = list(find_drives(data_config.drives).values())
    (tmp_path / 'drives').mkdir()
    for number, path in enumerate(paths):
        copy_drive(path, tmp_path / 'drives', path.stem, silent=(2, 3) if number % 2 else ())
    config = replace(data_config, drives=str(tmp_path / 'drives'), cache=str(tmp_path / 'cache'))
    skipping = open_cache(replace(config, validation=0.4, test=0.3), progress=False)
    assert sorted(skipping.skipped) == sorted(path.stem for path in paths[1::2])
    used = {drive for split in ('train', 'validation', 'test') for drive in skipping.drives(split)}
    assert used == {path.stem for path in paths[::2]}
    keeping = open_cache(replace(config, missing_microphones='keep'), progress=False)
    assert keeping.skipped == ()
    features = keeping.features(np.arange(4))
    np.testing.assert_allclose(features[2:, 2:4], config.features.silence, rtol=1e-3)
    assert features[:2].min() > config.features.silence


def test_a_modality_that_is_not_used_may_be_missing(data_config: DataConfig, tmp_path: Path) -> None:
    paths = list(find_drives(data_config.drives).values())
    (tmp_path / 'drives').mkdir()
    for number, path in enumerate(paths):
        copy_drive(path, tmp_path / 'drives', path.stem, labels=number != 5)
    cache = open_cache(replace(data_config, drives=str(tmp_path / 'drives'), cache=str(tmp_path / 'c')), progress=False)
    assert cache.has('depth_m')
    assert not cache.has('labels')
    assert np.isfinite(cache.take('depth_m', np.arange(20))).any()
    with pytest.raises(TrainingError, match=f'{paths[5].stem}.* has no labels'):
        cache.take('labels', np.arange(2))


def test_a_changed_byte_of_a_drive_is_not_trained_on(data_config: DataConfig, tmp_path: Path) -> None:
    paths = list(find_drives(data_config.drives).values())
    folder = tmp_path / 'drives'
    folder.mkdir()
    for path in paths[:6]:
        shutil.copy(path, folder)
    config = replace(data_config, drives=str(folder), cache=str(tmp_path / 'cache'), split_seed=0)
    config = replace(config, validation=0.4, test=0.3)
    changed = folder / paths[3].name
    content = bytearray(changed.read_bytes())
    content[len(content) // 2] ^= 1
    changed.write_bytes(content)
    with pytest.raises(DatasetError, match=rf'{changed.name}: corrupted: it does not match its checksum'):
        open_cache(config, progress=False)
