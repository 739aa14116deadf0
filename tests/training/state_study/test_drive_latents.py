# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Latents of windows of drives: the same as those of the network on each window, kept parts, and refused drives."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch

from audio_manifold_ros.common.errors import DatasetError, TrainingError
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.features.array_geometry import ArrayGeometry
from audio_manifold_ros.features.spatial_batch import spatial_features
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.inference.backends.torch_backend import load_network
from audio_manifold_ros.inference.bundle.bundle import Bundle
from training.data import simulate
from training.data.simulate import drive_path, write_drive
from training.state_study.drive_latents import PAST_WINDOWS, WINDOWS, drive_version, encode_drives

ROOT = Path(__file__).parents[3]


def test_latents_are_those_of_the_network(street_bundle: Bundle, state_drives: Path, tmp_path: Path) -> None:
    found = encode_drives(street_bundle, state_drives, tmp_path, 1)
    assert found.latents.shape == (12, WINDOWS, 128, 8, 8)
    spec = cast('SpatialFeatureSpec', street_bundle.manifest.features)
    network = load_network(street_bundle)
    with DriveReader(sorted(state_drives.rglob('*.h5'))[1]) as drive:
        geometry = ArrayGeometry.from_rig(drive.rig, spec)
        for image, window in zip((3, 4), PAST_WINDOWS, strict=True):
            first = drive.image_samples[image] - round(street_bundle.manifest.frame_position * spec.window_samples)
            features = spatial_features(drive.samples(first, spec.window_samples)[None], geometry, spec)
            with torch.inference_mode():
                latents = network.spatial(torch.from_numpy(features)).latents  # type: ignore[misc]
            expected = torch.cat([latents['depth'], latents['segmentation']], dim=1)[0].numpy()
            np.testing.assert_allclose(found.latents[1, window], expected, rtol=2e-3, atol=2e-3)
            np.testing.assert_array_equal(found.labels[1, image - 3], drive.labels(image))
            np.testing.assert_array_equal(found.depth_m[1, image - 3], drive.depth_m(image))


def test_parts_are_used_again(street_bundle: Bundle, state_drives: Path, tmp_path: Path) -> None:
    first = encode_drives(street_bundle, state_drives, tmp_path, 1)
    (part,) = tmp_path.iterdir()
    written_ns = part.stat().st_mtime_ns
    again = encode_drives(street_bundle, state_drives, tmp_path, 1)
    assert part.stat().st_mtime_ns == written_ns
    np.testing.assert_array_equal(first.latents, again.latents)


def test_drives_of_another_version_of_the_simulator_have_other_parts(
    street_bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drives, out = tmp_path / 'drives', tmp_path / 'out'
    for version in (2, 3):
        monkeypatch.setattr(simulate, 'SIMULATOR_VERSION', version)
        write_drive(drives, 5, 5)
        assert drive_version(drive_path(drives, 5)) == version
        encode_drives(street_bundle, drives, out, 1)
    assert len(list(out.iterdir())) == 2


def test_short_drives_are_refused(street_bundle: Bundle, tmp_path: Path) -> None:
    write_drive(tmp_path / 'short', 5, 2)
    with pytest.raises(TrainingError, match=r'street_0000005.h5 has no images .* before the last window: write drives'):
        encode_drives(street_bundle, tmp_path / 'short', tmp_path / 'out', 1)


def test_an_empty_folder_is_refused(street_bundle: Bundle, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match='contains no drive file'):
        encode_drives(street_bundle, tmp_path, tmp_path / 'out', 1)


def test_a_bundle_without_latents_is_refused(state_drives: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match='has no latents of spatial maps: give a bundle such as models/street'):
        encode_drives(Bundle.load(ROOT / 'models/street_direct'), state_drives, tmp_path, 1)
