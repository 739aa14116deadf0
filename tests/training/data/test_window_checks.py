# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Checks of an experiment against its windows: content of the ground truth, image sizes and microphones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.datasets.drive_writer import DriveWriter
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.networks.single_stage import SingleStageConfig
from tests.training.four_microphones import write_rig
from training.config.data_configuration import DataConfig
from training.config.experiment_configuration import TrainingConfig
from training.data.cache import WindowCache, open_cache
from training.data.data_module import WindowDataModule
from training.data.simulate import write_drive
from training.data.split_file import SplitFile
from training.data.window_checks import check_windows, with_drive_microphones

RATE_HZ, SIZE = 22_500, 128
RIG = RigFiles.from_folder(resource_path('calibration/roof_octagon'))


def noise_cache(
    config: TrainingConfig,
    folder: Path,
    labels: NDArray[np.uint8],
    depth_m: NDArray[np.float16] | None = None,
) -> tuple[TrainingConfig, WindowCache]:
    """Write drives of noise with the same images, and open their windows."""
    names = ('a', 'b', 'c', 'd')
    for seed, name in enumerate(names):
        noise = np.random.default_rng(seed).integers(-999, 999, (8, RATE_HZ)).astype(np.int16)
        path = folder / 'drives' / f'{name}.h5'
        with DriveWriter(path, drive_id=name, rig=RIG, sample_rate_hz=RATE_HZ, channels=8, provenance={}) as writer:
            writer.add_audio(noise, 0)
            # Only the first drive has the images of the test.
            shown = labels if name == 'a' else np.zeros_like(labels)
            depth = np.full(labels.shape, 5, np.float16) if depth_m is None else depth_m
            writer.add_image(RATE_HZ // 2, depth, shown)
    SplitFile('parts', ('a',), ('b',), ('c', 'd')).write(folder / 'split.yaml')
    data = DataConfig(str(folder / 'drives'), cache=str(folder / 'cache'), split=str(folder / 'split.yaml'), workers=1)
    changed = replace(config, data=data)
    return changed, open_cache(data, progress=False)


def test_good_windows_are_accepted(config: TrainingConfig, data_config: DataConfig) -> None:
    check_windows(config, open_cache(data_config, progress=False))


def test_class_ids_that_do_not_exist_are_refused_with_drive_and_ids(config: TrainingConfig, tmp_path: Path) -> None:
    labels = np.zeros((SIZE, SIZE), np.uint8)
    labels[3, :2] = 26, 23
    changed, cache = noise_cache(config, tmp_path, labels)
    expected = r"Drive 'a' has the class ids \[23, 26\] .*\(train\): give ids below 19 .*, or 255"
    with pytest.raises(TrainingError, match=expected):
        check_windows(changed, cache)
    with pytest.raises(TrainingError, match=expected):
        WindowDataModule(changed, changed.manifold_fit, ('labels',))
    WindowDataModule(changed, changed.manifold_fit, ('depth',))


def test_labels_without_content_are_refused(config: TrainingConfig, tmp_path: Path) -> None:
    changed, cache = noise_cache(config, tmp_path, np.full((SIZE, SIZE), 255, np.uint8))
    with pytest.raises(TrainingError, match=r"No pixel of the 1 train windows is labelled \(all are 255\).*'a'"):
        check_windows(changed, cache)


@pytest.mark.parametrize('value', [np.nan, 0.0])
def test_depth_without_content_is_refused(config: TrainingConfig, tmp_path: Path, value: float) -> None:
    depth_m = np.full((SIZE, SIZE), value, np.float16)
    changed, cache = noise_cache(config, tmp_path, np.zeros((SIZE, SIZE), np.uint8), depth_m)
    with pytest.raises(TrainingError, match=r"No pixel of the 1 train windows has a depth above 0 m.*'a'"):
        check_windows(changed, cache)


def test_images_of_another_size_are_refused(config: TrainingConfig, tmp_path: Path) -> None:
    changed, cache = noise_cache(config, tmp_path, np.zeros((64, 64), np.uint8))
    with pytest.raises(TrainingError, match=r'image_size 128, but the depth images .* 64 x 64 pixels: .* --size 128'):
        check_windows(changed, cache)


def test_the_number_of_microphones_is_that_of_the_drives(config: TrainingConfig, tmp_path: Path) -> None:
    write_drive(tmp_path / 'drives', 3000, 1, rig=write_rig(tmp_path / 'rig'))
    four = replace(config, data=replace(config.data, drives=str(tmp_path / 'drives'), validation=0.0, test=0.0))
    direct = SingleStageConfig.from_dict({'end_to_end': {'decoders': {'depth': {}}}})
    pair = SingleStageConfig.from_dict({'echo2depth': {'mics': 2}, 'microphones': [1, 3]})
    alone = replace(four, manifolds={}, at_nets=(), direct=(direct,))
    assert [network.mics for network in with_drive_microphones(four).at_nets] == [4]
    assert [system.mics for system in with_drive_microphones(alone).direct] == [4]
    assert [system.mics for system in with_drive_microphones(replace(alone, direct=(pair,))).direct] == [2]
    outside = SingleStageConfig.from_dict({'echo2depth': {'mics': 2}, 'microphones': [1, 7]})
    with pytest.raises(TrainingError, match=r'uses the microphones \(1, 7\).*has 4'):
        with_drive_microphones(replace(alone, direct=(outside,)))


def test_another_number_of_microphones_is_refused(config: TrainingConfig, data_config: DataConfig) -> None:
    four = replace(config, at_nets=(replace(config.at_nets[0], mics=4),))
    with pytest.raises(TrainingError, match=r'AT-net for depth and segmentation has mics 4, but .* 8 microphones'):
        check_windows(four, open_cache(data_config, progress=False))
