# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Drive attributes: missing channels, relative depth, native image sizes and stamps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.common.errors import DatasetError
from audio_manifold_ros.datasets.drive_attributes import RELATIVE, DriveAttributes
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.datasets.drive_writer import DriveWriter
from audio_manifold_ros.datasets.rig_files import RigFiles
from tests.datasets.drive_examples import audio_of, images_of, native_of
from tests.datasets.test_windows import SPEC
from training.data.window_dataset import WindowDataset

MakeDrive = Callable[..., Path]
WITHOUT_2_AND_3 = DriveAttributes(missing_channels=(2, 3))


def test_missing_channels_are_zeros_and_reported_in_the_order_of_the_array(
    make_drive: MakeDrive, rig: RigFiles
) -> None:
    swapped = rig.mic_array.replace('device_channel: 0', 'device_channel: 99').replace('channel: 3', 'channel: 0')
    swapped = swapped.replace('device_channel: 99', 'device_channel: 3')
    path = make_drive(attributes=WITHOUT_2_AND_3, rig_text=RigFiles(swapped, rig.camera, rig.extrinsics))
    with DriveReader(path, verify=True) as drive:
        assert drive.attributes == WITHOUT_2_AND_3
        assert drive.missing_microphones == (0, 2)
        samples = drive.samples(0, 3000)
        assert not samples[[0, 2]].any()
        assert samples[[1, 3, 4, 5, 6, 7]].any(axis=1).all()
        np.testing.assert_array_equal(drive.raw(0, 50)[4], audio_of(0, 50)[4])
    items = list(WindowDataset([path, make_drive('whole', rig_text=drive.rig)], SPEC))
    assert [item.missing_microphones for item in items] == [(0, 2), (0, 2), (), ()]


def test_only_a_drive_with_attributes_has_the_second_version(make_drive: MakeDrive) -> None:
    default = make_drive('a').read_bytes()
    assert b'"version": 1' in default[:200]
    assert make_drive('a', attributes=DriveAttributes()).read_bytes() == default
    for attributes in (WITHOUT_2_AND_3, DriveAttributes(depth_unit=RELATIVE)):
        assert b'"version": 2' in make_drive('b', attributes=attributes).read_bytes()[:200]
    assert b'"version": 1' in make_drive('c', native=True, stamps_ns=(4, 9)).read_bytes()[:200]


def test_a_drive_of_the_first_version_has_all_channels_and_metres(make_drive: MakeDrive) -> None:
    with DriveReader(make_drive(images=(500, 1500))) as drive:
        assert (drive.attributes, drive.missing_microphones, drive.has_native) == (DriveAttributes(), (), False)
        assert drive.image_stamps_ns.tolist() == [500_000_000, 1_500_000_000]
        np.testing.assert_array_equal(drive.native_labels(1), drive.labels(1))
        np.testing.assert_array_equal(drive.native_depth_m(1), drive.depth_m(1))


def test_native_images_and_stamps_are_kept(make_drive: MakeDrive) -> None:
    stamps_ns = (1_588_000_000_000_000_007, 1_588_000_000_000_000_008)
    path = make_drive(images=(500, 1500), native=True, stamps_ns=stamps_ns)
    with DriveReader(path, verify=True) as drive:
        assert drive.has_native
        assert tuple(drive.image_stamps_ns.tolist()) == stamps_ns
        for image, sample in enumerate((500, 1500)):
            depth_m, labels = native_of(sample)
            np.testing.assert_array_equal(drive.native_depth_m(image), depth_m.astype(np.float32))
            np.testing.assert_array_equal(drive.native_labels(image), labels)
            np.testing.assert_array_equal(drive.labels(image), images_of(sample)[1])
    assert [item.stamp_ns for item in WindowDataset([path], SPEC)] == list(stamps_ns)


@pytest.mark.parametrize(
    'attributes', [{'missing_channels': (3, 2)}, {'missing_channels': (-1,)}, {'depth_unit': 'cm'}]
)
def test_invalid_attributes_are_refused(attributes: dict[str, object]) -> None:
    with pytest.raises(DatasetError, match=r'missing_channels|depth_unit'):
        DriveAttributes(**attributes)


def _writer(path: Path, rig: RigFiles, attributes: DriveAttributes) -> DriveWriter:
    return DriveWriter(
        path, drive_id='d', rig=rig, sample_rate_hz=1000, channels=8, provenance={}, attributes=attributes
    )


def test_audio_in_a_missing_channel_and_unpaired_images_are_refused(tmp_path: Path, rig: RigFiles) -> None:
    with pytest.raises(DatasetError, match='count from 0'):
        _writer(tmp_path / 'd.h5', rig, DriveAttributes(missing_channels=(8,)))
    (depth_m, labels), (native_depth_m, _) = images_of(1), native_of(1)
    with _writer(tmp_path / 'd.h5', rig, WITHOUT_2_AND_3) as writer:
        with pytest.raises(DatasetError, match=r'missing channels \(2, 3\)'):
            writer.add_audio(audio_of(0, 10), 0)
        writer.add_audio(np.zeros((8, 10), dtype=np.int16), 0)
        with pytest.raises(DatasetError, match='native_depth_m'):
            writer.add_image(1, None, labels, native_depth_m=native_depth_m)
        with pytest.raises(DatasetError, match='finite'):
            writer.add_image(1, depth_m, native_depth_m=native_depth_m.astype(np.float64))
        writer.add_image(1, depth_m, labels, stamp_ns=7)
        with pytest.raises(DatasetError, match='same kinds'):
            writer.add_image(2, depth_m, labels)
    with DriveReader(tmp_path / 'd.h5') as drive:
        assert drive.image_samples.tolist() == [1]
