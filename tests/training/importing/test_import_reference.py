# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Import of the published code's HDF5 files: its pairing rule, and reports of its faults."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from audio_manifold_ros.common.image_resize import resize_nearest
from audio_manifold_ros.datasets.drive_attributes import RELATIVE, DriveAttributes
from audio_manifold_ros.datasets.drive_reader import DriveReader
from tests.training.importing.oap_tree import disparity, mask, tone
from training.importing import import_reference
from training.importing.reference_conversion import centres, picture_number

RATE_HZ = 22_050
SECONDS = 5


def small_disparity(number: int) -> NDArray[np.float32]:
    return cv2.resize(disparity(0, number)[0, 0], (256, 256))


def small_mask(number: int) -> NDArray[np.uint8]:
    return cv2.resize(mask(0, number), (240, 120), interpolation=cv2.INTER_NEAREST)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Write two scenes like the published code: pictures every two seconds, although it assumes a higher rate."""
    paths = {name: tmp_path / f'{name}.h5' for name in ('audio', 'disp', 'seg')}
    times_s = np.arange(SECONDS * RATE_HZ) / RATE_HZ
    encoded = [cv2.imencode('.png', small_mask(number))[1] for number in range(3)]
    with h5py.File(paths['audio'], 'w') as audio, h5py.File(paths['disp'], 'w') as disp:
        for key, tracks in (('scene0001', (1, 2, 5, 6, 7, 8)), ('scene0040', range(1, 9))):
            audio[key] = np.array([tone(track, times_s) for track in tracks], dtype=np.float32)
            disp[key] = np.array([small_disparity(number)[None] for number in range(3)])
    with h5py.File(paths['seg'], 'w') as seg:
        variable = seg.create_dataset('scene0001', 3, dtype=h5py.vlen_dtype(np.uint8))
        for number, picture in enumerate(encoded):
            variable[number] = picture
        seg['scene0040'] = np.array([np.bytes_(picture.tobytes()) for picture in encoded], dtype=object).astype(
            h5py.string_dtype('ascii', max(map(len, encoded)))
        )
    return paths


def run_import(files: dict[str, Path], out: Path, *more: str) -> tuple[int, dict[str, Any]]:
    given = [str(files['audio']), '--depth', str(files['disp']), '--segmentation', str(files['seg'])]
    status = import_reference.main([*given, '--out', str(out), '--workers', '1', *more])
    return status, json.loads((out / 'import.json').read_text())


def test_audio_and_pictures_are_paired_like_the_published_code(files: dict[str, Path], tmp_path: Path) -> None:
    status, report = run_import(files, tmp_path / 'out', '--rate', str(RATE_HZ))
    assert status == 0
    with DriveReader(tmp_path / 'out' / 'scene0040.h5', verify=True) as drive:
        assert (drive.sample_rate_hz, drive.first_sample, drive.end_sample) == (RATE_HZ, 0, SECONDS * RATE_HZ)
        assert drive.attributes == DriveAttributes(depth_unit=RELATIVE)
        # Four of five seconds. Disparity has 1 picture a second, classes 30, and the last picture is repeated.
        assert drive.image_samples.tolist() == [round((k + 0.5) * RATE_HZ) for k in range(SECONDS - 1)]
        for image, (depth, labels) in enumerate(((0, 2), (1, 2), (2, 2), (2, 2))):
            np.testing.assert_allclose(drive.native_depth_m(image), 1 / small_disparity(depth), rtol=1e-3)
            np.testing.assert_array_equal(drive.native_labels(image), small_mask(labels))
            np.testing.assert_array_equal(drive.labels(image), resize_nearest(small_mask(labels), 128, 128))
        times_s = np.arange(SECONDS * RATE_HZ) / RATE_HZ
        np.testing.assert_allclose(drive.samples(0, len(times_s))[4], tone(5, times_s), atol=2e-5)
    first, second = report['drives']
    assert first['notes'][0].startswith('tracks [3, 4] are missing')
    assert second['notes'] == [
        '1 of 4 images repeat the last depth: there are 3 pictures, fewer than 1 a second',
        '4 of 4 images repeat the last segmentation: there are 3 pictures, fewer than 30 a second',
    ]
    with DriveReader(tmp_path / 'out' / 'scene0001.h5') as drive:
        assert drive.attributes.missing_channels == (2, 3)
        np.testing.assert_allclose(drive.samples(0, len(times_s))[4], tone(5, times_s), atol=2e-5)


def test_true_picture_rates_give_correct_pairs(files: dict[str, Path], tmp_path: Path) -> None:
    more = ('--depth-rate', '0.5', '--segmentation-rate', '0.5', '--no-native')
    _, report = run_import(files, tmp_path / 'out', *more)
    assert report['drives'][1]['notes'] == []
    with DriveReader(tmp_path / 'out' / 'scene0040.h5') as drive:
        assert (drive.sample_rate_hz, drive.has_native) == (22_500, False)
        for image, number in enumerate((0, 0, 1, 1)):
            np.testing.assert_array_equal(drive.labels(image), resize_nearest(small_mask(number), 128, 128))
        times_s = np.arange(drive.first_sample, drive.end_sample) / 22_500
        np.testing.assert_allclose(drive.samples(drive.first_sample, len(times_s))[7], tone(8, times_s), atol=2e-4)
    _, report = run_import(files, tmp_path / 'out', *more)
    assert [drive['kept'] for drive in report['drives']] == [True, True]


def test_audio_above_full_scale_is_refused_until_full_scale_is_given(files: dict[str, Path], tmp_path: Path) -> None:
    with h5py.File(files['audio'], 'r+') as file:
        for key in file:
            file[key][...] *= 256
    status, report = run_import(files, tmp_path / 'out')
    assert status == 1
    assert '--full-scale' in report['refused']['scene0040']
    status, _ = run_import(files, tmp_path / 'out', '--full-scale', '256')
    assert status == 0
    with DriveReader(tmp_path / 'out' / 'scene0040.h5') as drive:
        assert np.abs(drive.samples(1000, 10_000)).max() == pytest.approx(0.4, abs=0.002)


def test_every_fault_is_reported_with_its_reason(files: dict[str, Path], tmp_path: Path) -> None:
    with h5py.File(files['audio'], 'r+') as file:
        file['scene0002'] = file['scene0003'] = np.zeros((8, RATE_HZ * 2), dtype=np.float32)
        file['drive_day_2020_04_14_11_00_00/1_2_0'] = np.ones((8, 257, 345), dtype=np.float32)
    with h5py.File(files['disp'], 'r+') as file:
        file['scene0003'] = np.ones((2, 1, 8, 8), dtype=np.float32)
        file['scene0040'][1] = 70.0
    with h5py.File(files['seg'], 'r+') as file:
        file['scene0003'] = np.zeros((2, 8, 8), dtype=np.uint8)
        file['scene0001'][2] = np.frombuffer(b'no picture', dtype=np.uint8)
    status, report = run_import(files, tmp_path / 'out')
    assert status == 1
    assert "contains no depth of 'scene0002' that can be read" in report['refused']['scene0002']
    assert 'all samples are zero' in report['refused']['scene0003']
    assert 'contains no audio' in report['refused']['drive_day_2020_04_14_11_00_00']
    assert 'no image can be stored: 4 damaged_truth (0.5 s: segmentation 2' in report['refused']['scene0001']
    (drive,) = report['drives']
    assert drive['images'] == 3
    (problem,) = drive['skipped']['damaged_truth']
    assert problem.startswith('1.5 s: depth 1 of')


def _link(file: h5py.File, outside: Path) -> None:
    file['scene0001'] = h5py.ExternalLink(str(outside), 'x')


def _external_storage(file: h5py.File, outside: Path) -> None:
    file.create_dataset('scene0001', (8, 4_000), np.float32, external=[(str(outside), 0, 8 * 4_000 * 4)])


def _virtual(file: h5py.File, outside: Path) -> None:
    layout = h5py.VirtualLayout((8, 4_000), np.float32)
    layout[:] = h5py.VirtualSource(str(outside), 'x', (8, 4_000))
    file.create_virtual_dataset('scene0001', layout)


def _huge(file: h5py.File, outside: Path) -> None:
    del outside
    file.create_dataset('scene0001', (8, 1 << 40), np.float32, chunks=(1, 1024))


@pytest.mark.parametrize(
    ('make', 'reason'),
    [
        (_link, 'a link to another file'),
        (_external_storage, 'has external storage'),
        (_virtual, 'is a virtual dataset'),
        (_huge, 'it is incomplete'),
    ],
)
def test_nothing_outside_the_file_is_read(
    tmp_path: Path, make: Callable[[h5py.File, Path], None], reason: str, files: dict[str, Path]
) -> None:
    with h5py.File(tmp_path / 'outside.h5', 'w') as file:
        file['x'] = np.ones((8, 4_000), np.float32)
    files['audio'] = tmp_path / 'hostile.h5'
    with h5py.File(files['audio'], 'w') as file:
        make(file, tmp_path / 'outside.h5')
    status, report = run_import(files, tmp_path / 'out')
    assert status == 1
    assert reason in report['refused']['scene0001']


def test_files_that_cannot_be_used_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / 'audio.h5').write_bytes(b'no HDF5')
    assert import_reference.main([str(tmp_path / 'audio.h5'), '--out', str(tmp_path / 'out')]) == 1
    assert 'Audio without labels' in capsys.readouterr().err
    given = [str(tmp_path / 'audio.h5'), '--depth', str(tmp_path / 'none.h5'), '--out', str(tmp_path / 'out')]
    assert import_reference.main(given) == 1
    assert 'cannot be read as HDF5' in capsys.readouterr().err


def test_centres_and_picture_numbers_equal_those_of_the_published_code() -> None:
    assert centres(5.0) == [0.5, 1.5, 2.5, 3.5]
    assert centres(5.01) == [0.5, 1.5, 2.5, 3.5, 4.5]
    assert centres(1.0) == []
    assert [picture_number(t, 1.0, 3) for t in (0.5, 2.5, 3.5)] == [(0, False), (2, False), (2, True)]
    assert picture_number(0.5, 30.0, 16) == (15, False)
