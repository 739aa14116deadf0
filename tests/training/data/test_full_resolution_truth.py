# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Full-resolution ground truth, found by drive and time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.common.errors import DatasetError
from audio_manifold_ros.datasets.drive_writer import DriveWriter
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.rig.camera import CameraCalibration, CameraModel
from training.data.full_resolution_truth import FullResolutionGroundTruth

RIG = RigFiles.from_folder(Path(__file__).parents[3] / 'calibration' / 'roof_octagon')
STAMPS_NS = (7_000_000_001, 7_500_000_002)


def _write(folder: Path, name: str, *, native: bool, labels: bool = True, rig: RigFiles = RIG) -> None:
    origin = {'origin': 'test'}
    path = folder / f'{name}.h5'
    with DriveWriter(path, drive_id=name, rig=rig, sample_rate_hz=1000, channels=8, provenance=origin) as writer:
        writer.add_audio(np.zeros((8, 2000), np.int16), 0)
        for place, stamp_ns in enumerate(STAMPS_NS):
            large = np.full((12, 10), place, np.uint8)
            writer.add_image(
                500 + place,
                np.full((6, 5), 3.0 + place, np.float16),
                large[::2, ::2] if labels else None,
                native_depth_m=np.full((9, 7), 3.0 + place, np.float16) if native else None,
                native_labels=large if native and labels else None,
                stamp_ns=stamp_ns,
            )


def test_images_are_found_by_drive_and_instant(tmp_path: Path) -> None:
    _write(tmp_path, 'a', native=True)
    _write(tmp_path, 'b', native=False)
    _write(tmp_path, 'c', native=True, labels=False)
    with FullResolutionGroundTruth(tmp_path) as ground_truth:
        for drive_id, place in (('a', 1), ('c', 0), ('a', 0)):
            images = ground_truth.images(drive_id, STAMPS_NS[place])
            assert images is not None
            np.testing.assert_array_equal(images.depth_m, np.full((9, 7), 3.0 + place))
            if drive_id == 'a':
                np.testing.assert_array_equal(images.labels, np.full((12, 10), place))
            else:
                assert images.labels is None
        assert ground_truth.images('b', STAMPS_NS[0]) is None


def test_each_drive_has_its_own_camera(tmp_path: Path) -> None:
    wide = CameraModel(128, 96, 40.0, 40.0, 63.5, 47.5)
    _write(tmp_path, 'a', native=True)
    _write(tmp_path, 'b', native=False, rig=replace(RIG, camera=CameraCalibration(wide).to_text()))
    with FullResolutionGroundTruth(tmp_path) as ground_truth:
        for _ in range(2):
            assert ground_truth.camera('a') == RIG.camera_model()
            assert ground_truth.camera('b') == wide


def test_a_folder_without_drives_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match='drive file'):
        FullResolutionGroundTruth(tmp_path)
