# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Window dataset: every window of every drive once, with its images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.common.errors import DatasetError
from audio_manifold_ros.datasets.drive_attributes import METRES, RELATIVE, DriveAttributes
from audio_manifold_ros.datasets.rig_files import RigFiles
from tests.datasets.drive_examples import audio_of, images_of
from tests.datasets.test_windows import SPEC
from training.data.window_dataset import WindowDataset, find_drives

MakeDrive = Callable[..., Path]


def test_windows_come_with_their_audio_and_images(make_drive: MakeDrive) -> None:
    paths = [make_drive('a', images=(500, 2501)), make_drive('b', images=(100, 1500))]
    dataset = WindowDataset(paths, SPEC, verify=True)
    for _ in range(2):
        items = list(dataset)
        assert [(item.drive_id, item.image_index) for item in items] == [('a', 0), ('b', 1)]
        assert dict(dataset.dropped) == {'before_start': 1, 'after_end': 1, 'gap': 0}
    for item, sample in zip(items, (500, 1500), strict=True):
        depth_m, labels = images_of(sample)
        np.testing.assert_array_equal(item.audio, audio_of(sample - 500, sample + 500) / np.float32(32768))
        np.testing.assert_array_equal(item.depth_m, depth_m.astype(np.float32))
        np.testing.assert_array_equal(item.labels, labels)


def test_drives_of_different_arrays_are_refused(make_drive: MakeDrive, rig: RigFiles) -> None:
    moved = RigFiles(
        rig.mic_array.replace('[0.5000, 0.0000, 0.0]', '[0.6000, 0.0000, 0.0]'), rig.camera, rig.extrinsics
    )
    dataset = WindowDataset([make_drive('a'), make_drive('b', rig_text=moved)], SPEC)
    with pytest.raises(DatasetError, match=r'b\.h5.*a\.h5'):
        list(dataset)


def test_drives_are_found_below_a_folder_and_partial_ones_are_not(make_drive: MakeDrive, tmp_path: Path) -> None:
    (tmp_path / 'sub').mkdir()
    make_drive('b')
    make_drive('a').rename(tmp_path / 'sub' / 'a.h5')
    (tmp_path / '.c.h5').write_bytes(b'')
    assert sorted(find_drives(tmp_path)) == ['a', 'b']
    (tmp_path / 'sub' / 'b.h5').write_bytes(b'')
    with pytest.raises(DatasetError, match="'b'"):
        find_drives(tmp_path)
    with pytest.raises(DatasetError, match='no drive file'):
        find_drives(tmp_path / 'nowhere')


def test_relative_depth_is_not_mixed_with_metres(make_drive: MakeDrive) -> None:
    relative, metres = make_drive('a', attributes=DriveAttributes(depth_unit=RELATIVE)), make_drive('b')
    dataset = WindowDataset([relative], SPEC)
    list(dataset)
    assert dataset.depth_unit == RELATIVE
    with pytest.raises(DatasetError, match=r"b\.h5: depth in 'm', but 'relative' in earlier drives"):
        list(WindowDataset([relative, metres], SPEC))
    dataset = WindowDataset([metres], SPEC)
    list(dataset)
    assert dataset.depth_unit == METRES
