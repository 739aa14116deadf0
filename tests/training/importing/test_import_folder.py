# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Import of folders of real WAV and PNG files: values, times, everything that is left out, and the windows."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from audio_manifold_ros.common.class_ids import CAR, ROAD
from audio_manifold_ros.datasets.drive_reader import DriveReader
from training.config.experiment_configuration import DataConfig
from training.data.cache import open_cache
from training.importing import import_folder

ROOT = Path(__file__).parents[3]
RIG = ROOT / 'calibration' / 'roof_octagon'
RATE_HZ = 48_000
SECONDS = 4
STAMPS_S = (1.5, 2.0, 2.5, 3.0)


def _tones(rate_hz: int = RATE_HZ) -> NDArray[np.float64]:
    times_s = np.arange(SECONDS * rate_hz) / rate_hz
    return np.stack([(c + 1) / 20 * np.sin(2 * np.pi * 100 * (c + 1) * times_s) for c in range(8)])


def _depth_mm(index: int) -> NDArray[np.uint16]:
    image = np.full((48, 64), 5000 + 1000 * index, dtype=np.uint16)
    image[:4] = 0
    return image


def _ids() -> NDArray[np.uint8]:
    ids = np.full((48, 64), ROAD, dtype=np.uint8)
    ids[10:20, 10:30] = CAR
    return ids


def _write_images(folder: Path, names: list[str], *, labels: bool = True) -> None:
    for kind in ('depth', *(['labels'] if labels else [])):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    for index, name in enumerate(names):
        cv2.imwrite(str(folder / 'depth' / f'{name}.png'), _depth_mm(index))
        if labels:
            cv2.imwrite(str(folder / 'labels' / f'{name}.png'), _ids())


def _write_recording(folder: Path, *, one_file: bool = True, names: list[str] | None = None) -> Path:
    folder.mkdir(parents=True)
    if one_file:
        soundfile.write(folder / 'audio.wav', _tones().T, RATE_HZ, subtype='PCM_24')
    else:
        (folder / '._mic1.wav').write_bytes(b'macOS metadata')
        for channel, tone in enumerate(_tones()):
            soundfile.write(folder / f'mic{channel + 1}.wav', tone, RATE_HZ)
    _write_images(folder, names or [f'{stamp_s:.3f}' for stamp_s in STAMPS_S])
    return folder


def _run(root: Path, out: Path, *more: str, rig: bool = True, status: int = 0) -> dict[str, Any]:
    given = ['--rig', str(RIG)] if rig else []
    assert import_folder.main([str(root), '--out', str(out), '--workers', '1', *given, *more]) == status
    report: dict[str, Any] = json.loads((out / 'import.json').read_text())
    return report


@pytest.mark.parametrize('one_file', [True, False], ids=['one file', 'one file per microphone'])
def test_audio_and_images_have_their_values_at_their_times(tmp_path: Path, one_file: bool) -> None:  # noqa: FBT001
    root = _write_recording(tmp_path / 'monday', one_file=one_file)
    report = _run(root, tmp_path / 'out')
    assert report['drives'][0]['images'] == 4
    assert report['skipped'] == {}
    with DriveReader(tmp_path / 'out' / 'monday.h5', verify=True) as drive:
        assert drive.drive_id == 'monday'
        np.testing.assert_array_equal(drive.image_samples, [round(stamp_s * 22_500) for stamp_s in STAMPS_S])
        np.testing.assert_array_equal(drive.image_stamps_ns, [round(stamp_s * 1e9) for stamp_s in STAMPS_S])
        depth_m = drive.depth_m(2)
        assert depth_m.shape == (128, 128)
        assert np.isnan(depth_m[:10]).all()
        assert (depth_m[11:] == 7.0).all()
        assert set(np.unique(drive.labels(2)).tolist()) == {ROAD, CAR}
        expected = _tones(22_500)[:, 30_000:40_000]
        np.testing.assert_allclose(drive.raw(30_000, 10_000) / 32_768, expected, atol=2e-3)
        assert drive.provenance['origin'] == 'folder of WAV and PNG files'
        assert drive.provenance['source_rate_hz'] == RATE_HZ


def test_several_recordings_are_drives_with_the_rig_beside_them(tmp_path: Path) -> None:
    root = tmp_path / 'all'
    for name in ('a', 'b'):
        _write_recording(root / name)
    (root / 'rig').mkdir()
    for file in RIG.glob('*.yaml'):
        (root / 'rig' / file.name).write_bytes(file.read_bytes())
    report = _run(root, tmp_path / 'out', rig=False)
    assert [drive['drive_id'] for drive in report['drives']] == ['a', 'b']
    again = _run(root, tmp_path / 'out', rig=False)
    assert [drive['kept'] for drive in again['drives']] == [True, True]


def test_times_come_from_a_csv_file_with_the_start_of_the_audio(tmp_path: Path) -> None:
    root = _write_recording(tmp_path / 'drive', names=['x', 'y', 'z'])
    start_ns = 1_700_000_000_123_456_789
    lines = [f'x.png,{start_ns + 10**9}', f'depth/y.png,{start_ns + 2 * 10**9}', f'audio.wav,{start_ns}']
    (root / 'times.csv').write_text('\ufeffname,time_ns\n' + '\n'.join(lines) + '\n')
    report = _run(root, tmp_path / 'out')
    assert report['drives'][0]['skipped'] == {'no_time': ['z']}
    with DriveReader(tmp_path / 'out' / 'drive.h5') as drive:
        assert drive.image_samples.tolist() == [22_500, 45_000]
        assert drive.image_stamps_ns.tolist() == [start_ns + 10**9, start_ns + 2 * 10**9]


def test_frame_numbers_are_times_with_a_frame_rate(tmp_path: Path) -> None:
    root = _write_recording(tmp_path / 'drive', names=['frame_0025', 'frame_0050'])
    _run(root, tmp_path / 'out', '--time-unit', 'frames', '--frame-rate', '25')
    with DriveReader(tmp_path / 'out' / 'drive.h5') as drive:
        assert drive.image_samples.tolist() == [22_500, 45_000]


def test_disparity_becomes_metres_with_a_baseline_and_relative_depth_without(tmp_path: Path) -> None:
    root = _write_recording(tmp_path / 'drive', names=['1', '2'])
    for name in ('1', '2'):
        cv2.imwrite(str(root / 'depth' / f'{name}.png'), np.full((48, 64), 8 * 256, dtype=np.uint16))
    _run(root, tmp_path / 'metres', '--depth', 'disparity', '--focal-baseline', '80')
    _run(root, tmp_path / 'relative', '--depth', 'disparity')
    with DriveReader(tmp_path / 'metres' / 'drive.h5') as drive:
        assert drive.attributes.depth_unit == 'm'
        assert (drive.depth_m(0) == 10.0).all()
    with DriveReader(tmp_path / 'relative' / 'drive.h5') as drive:
        assert drive.attributes.depth_unit == 'relative'
        assert (drive.depth_m(0) == 0.5).all()


def test_everything_that_is_left_out_is_reported_with_its_reason(tmp_path: Path) -> None:
    names = ['0.001', '1.0', '1.5', '1.50000001', '2.0', '2.1', '2.2', '2.3', '2.5', '3.0', '99', 'cover']
    root = _write_recording(tmp_path / 'drive', names=names)
    (root / 'depth' / '2.0.png').unlink()
    (root / 'labels' / '2.1.png').unlink()
    cv2.imwrite(str(root / 'depth' / '2.2.png'), np.full((48, 64), 5, dtype=np.uint8))
    cv2.imwrite(str(root / 'labels' / '2.3.png'), np.full((48, 64), 77, dtype=np.uint8))
    cv2.imwrite(str(root / 'depth' / '2.5.png'), np.full((24, 32), 5000, dtype=np.uint16))
    huge = struct.pack('>II', 1_000_000, 1_000_000)
    data = (root / 'depth' / '3.0.png').read_bytes()
    (root / 'depth' / '3.0.png').write_bytes(data[:16] + huge + data[24:])
    os.mkfifo(root / 'depth' / '3.1.png')
    outside = tmp_path / 'outside.png'
    cv2.imwrite(str(outside), _depth_mm(0))
    (root / 'depth' / '3.2.png').symlink_to(outside)
    drive = _run(root, tmp_path / 'out')['drives'][0]
    assert drive['images'] == 2
    skipped = drive['skipped']
    assert [text.partition(':')[0] for text in skipped.pop('damaged_truth')] == ['2.2', '2.3', '3.0']
    assert skipped.pop('other_size')[0].startswith('2.5: ')
    assert skipped == {
        'not_a_file': ['depth/3.1.png', 'depth/3.2.png'],
        'no_time': ['cover'],
        'same_time': ['1.50000001'],
        'no_depth': ['2.0'],
        'no_labels': ['2.1'],
        'before_audio': ['0.001: 0.001 s'],
        'after_audio': ['99: 99.000 s'],
    }
    text = (tmp_path / 'out' / 'import.txt').read_text()
    assert 'skipped       1  same_time: an image at the audio sample of an earlier image' in text


def test_a_recording_that_cannot_be_used_is_refused_with_the_reason(tmp_path: Path) -> None:
    root = tmp_path / 'all'
    for name in ('good', 'few', 'float', 'silent', 'rates', 'no_number', 'no_images', 'bad_csv', 'broken', 'late'):
        _write_recording(root / name, one_file=name not in {'few', 'rates', 'no_number'})
    (root / 'few' / 'mic3.wav').unlink()
    soundfile.write(root / 'float' / 'audio.wav', 32_768 * _tones().T, RATE_HZ, subtype='FLOAT')
    soundfile.write(root / 'silent' / 'audio.wav', 0 * _tones().T, RATE_HZ)
    soundfile.write(root / 'rates' / 'mic2.wav', _tones(44_100)[1], 44_100)
    (root / 'no_number' / 'mic2.wav').rename(root / 'no_number' / 'left.wav')
    for folder in ('depth', 'labels'):
        (root / 'no_images' / folder).rename(root / 'no_images' / f'{folder}_old')
    (root / 'bad_csv' / 'times.csv').write_text('name,time_s\n1.500.png,1e999999999\n')
    (root / 'broken' / 'audio.wav').write_bytes(b'RIFF not audio')
    for folder in ('depth', 'labels'):
        for image in (root / 'late' / folder).iterdir():
            image.rename(image.with_name(f'17{image.name}'))
    report = _run(root, tmp_path / 'out', status=1)
    assert [drive['drive_id'] for drive in report['drives']] == ['good']
    reasons = {
        'few': 'no device channels [2]',
        'float': '--full-scale',
        'silent': 'all samples of the audio are zero',
        'rates': 'expected audio at 48000 Hz',
        'no_number': 'has no number',
        'no_images': 'put the PNG files into',
        'bad_csv': 'line 2',
        'broken': 'cannot be read as audio',
        'late': '4 after_audio',
    }
    assert set(report['refused']) == set(reasons)
    for name, reason in reasons.items():
        assert reason in report['refused'][name]
    few = _run(root / 'few', tmp_path / 'few', '--allow-missing')
    assert 'channel 2 has no file and is stored as missing' in few['drives'][0]['notes']
    with DriveReader(tmp_path / 'few' / 'few.h5') as drive:
        assert drive.attributes.missing_channels == (2,)
    _run(root / 'float', tmp_path / 'float', '--full-scale', '32768')
    with DriveReader(tmp_path / 'float' / 'float.h5') as drive:
        np.testing.assert_allclose(drive.raw(30_000, 100) / 32_768, _tones(22_500)[:, 30_000:30_100], atol=2e-3)


def test_a_folder_without_audio_or_rig_ends_with_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / 'empty').mkdir()
    assert import_folder.main([str(tmp_path / 'empty'), '--out', str(tmp_path / 'out')]) == 1
    assert 'contains no audio' in capsys.readouterr().err
    root = _write_recording(tmp_path / 'drive')
    assert import_folder.main([str(root), '--out', str(tmp_path / 'out')]) == 1
    assert 'has no rig' in capsys.readouterr().err
    assert import_folder.main([str(tmp_path / 'nowhere'), '--out', str(tmp_path / 'out')]) == 1
    assert 'nowhere' in capsys.readouterr().err


def test_the_drives_are_windows_of_a_training_run(tmp_path: Path) -> None:
    root = tmp_path / 'all'
    for name in ('a', 'b', 'c'):
        _write_recording(root / name)
    _run(root, tmp_path / 'out')
    split = tmp_path / 'split.yaml'
    split.write_text('{name: mine, train: [a], validation: [b], test: [c]}\n')
    data = DataConfig(str(tmp_path / 'out'), cache=str(tmp_path / 'cache'), split=str(split), workers=1)
    cache = open_cache(data, progress=False)
    assert cache.has('depth_m')
    assert cache.has('labels')
    for part in ('train', 'validation', 'test'):
        assert len(cache.indices(part)) == 4
    features = cache.take('features', cache.indices('train'))
    assert features.shape[:2] == (4, 8)
    assert np.isfinite(features).all()
    assert (np.nanmedian(cache.take('depth_m', cache.indices('train')), axis=(1, 2)) == [5, 6, 7, 8]).all()
