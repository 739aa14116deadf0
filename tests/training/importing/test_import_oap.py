# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""OAP import: content of the drives, reports of what is left out, and resumption after a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import soundfile

from audio_manifold_ros.common.image_resize import resize_nearest
from audio_manifold_ros.datasets.drive_attributes import RELATIVE, DriveAttributes
from audio_manifold_ros.datasets.drive_reader import DriveReader
from tests.training.importing import oap_tree
from training.importing import import_oap
from training.labelling import label

RATE_HZ = 22_500


def run_import(root: Path, out: Path, *more: str) -> tuple[int, dict[str, Any]]:
    """Import with one worker, and return the exit status and the report."""
    status = import_oap.main([str(root), '--out', str(out), '--workers', '1', *more])
    return status, json.loads((out / 'import.json').read_text())


@pytest.fixture(scope='module')
def imported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Import two scenes: one without tracks 3 and 4 in a folder without leading zeros, and a complete one."""
    root = tmp_path_factory.mktemp('oap')
    oap_tree.write_scene(root / 'dataset_public', 1, name='scene1', tracks=(1, 2, 5, 6, 7, 8))
    oap_tree.write_scene(root / 'dataset_public', 40)
    status, _ = run_import(root, root / 'drives')
    assert status == 0
    return root, root / 'drives'


def test_the_audio_is_that_of_the_tracks_at_the_sample_rate_of_the_network(imported: tuple[Path, Path]) -> None:
    with DriveReader(imported[1] / 'scene0040.h5', verify=True) as drive:
        assert (drive.sample_rate_hz, drive.attributes.missing_channels) == (RATE_HZ, ())
        first, end = drive.first_sample, drive.end_sample
        assert first < 0.01 * RATE_HZ
        assert end > 3.99 * RATE_HZ
        times_s = np.arange(first, end) / RATE_HZ
        for row, samples in enumerate(drive.samples(first, end - first)):
            np.testing.assert_allclose(samples, oap_tree.tone(row + 1, times_s), atol=2e-4)


def test_missing_tracks_are_zeros_and_reported(imported: tuple[Path, Path]) -> None:
    with DriveReader(imported[1] / 'scene0001.h5') as drive:
        assert drive.attributes == DriveAttributes((2, 3), RELATIVE)
        assert drive.missing_microphones == (2, 3)
        loud = np.abs(drive.raw(drive.first_sample, 1000)).max(axis=1) > 0
        assert loud.tolist() == [True, True, False, False, True, True, True, True]
    text = (imported[1] / 'import.txt').read_text()
    assert "the folder is named 'scene1'" in text
    assert 'tracks [3, 4] are missing, as documented' in text


def test_images_are_the_labels_at_their_times(imported: tuple[Path, Path]) -> None:
    with DriveReader(imported[1] / 'scene0040.h5') as drive:
        assert drive.image_stamps_ns.tolist() == [1_000_000_000, 3_000_000_000]
        assert drive.image_samples.tolist() == [RATE_HZ, 3 * RATE_HZ]
        for image, start_s in enumerate((0, 2)):
            depth = (1 / oap_tree.disparity(40, start_s)[0, 0]).astype(np.float32)
            np.testing.assert_allclose(drive.native_depth_m(image), depth, rtol=1e-3)
            np.testing.assert_allclose(drive.depth_m(image), resize_nearest(depth, 128, 128), rtol=1e-3)
            np.testing.assert_array_equal(drive.native_labels(image), oap_tree.mask(40, start_s))
            np.testing.assert_array_equal(drive.labels(image), resize_nearest(oap_tree.mask(40, start_s), 128, 128))


def test_finished_drives_are_kept_and_changed_ones_written_again(imported: tuple[Path, Path], tmp_path: Path) -> None:
    oap_tree.write_scene(tmp_path, 7)
    oap_tree.write_scene(tmp_path, 8)
    run_import(tmp_path, tmp_path / 'out')
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / 'out').glob('*.h5')}
    np.save(tmp_path / 'scene0008' / 'monodepth2_front' / '000000_disp.npy', oap_tree.disparity(8, 0) + 1)
    _, report = run_import(tmp_path, tmp_path / 'out')
    assert {drive['drive_id']: drive['kept'] for drive in report['drives']} == {'scene0007': True, 'scene0008': False}
    after = {path.name: path.stat().st_mtime_ns for path in (tmp_path / 'out').glob('*.h5')}
    assert after['scene0007.h5'] == before['scene0007.h5']
    with DriveReader(tmp_path / 'out' / 'scene0008.h5') as drive:
        depth = 1 / (oap_tree.disparity(8, 0)[0, 0] + 1)
        np.testing.assert_allclose(drive.native_depth_m(0), depth, rtol=1e-3)


def test_every_fault_is_reported_with_its_reason(tmp_path: Path) -> None:
    root, out = tmp_path / 'oap', tmp_path / 'out'
    twice = oap_tree.write_scene(root, 2)
    twice.rename(root / 'scene2')
    oap_tree.write_scene(root, 2)
    wrong_rate = oap_tree.write_scene(root, 30)
    soundfile.write(wrong_rate / 'LAB-T030.WAV' / 'LAB-T030_Tr5.WAV', np.zeros(8000), 44_100, subtype='PCM_24')
    broken = oap_tree.write_scene(root, 31)
    (broken / 'LAB-T031.WAV' / 'LAB-T031_Tr2.WAV').write_bytes(b'RIFF')
    (oap_tree.write_scene(root, 32) / 'LAB-T032.WAV').rename(root / 'scene0032' / 'elsewhere')
    cut = oap_tree.write_scene(root, 33, seconds=6) / 'LAB-T033.WAV' / 'LAB-T033_Tr6.WAV'
    os.truncate(cut, cut.stat().st_size // 2)
    gaps = oap_tree.write_scene(root, 34, seconds=9.5, tracks=(1, 2, 3, 4, 5, 6, 8))
    (gaps / 'monodepth2_front' / '000002_disp.npy').unlink()
    (gaps / 'segment_splitframes' / 'pred' / '000004_mask.png').unlink()
    (gaps / 'monodepth2_front' / '000006_disp.npy').write_bytes(b'\x93NUMPY')
    cv2.imwrite(str(gaps / 'segment_splitframes' / 'pred' / '000008_mask.png'), np.zeros((4, 4), np.uint8))
    steps = oap_tree.write_scene(root, 35) / 'LAB-T035.WAV' / 'LAB-T035_Tr4.WAV'
    soundfile.write(steps, 3_000 * np.ones(4 * 48_000, np.float32), 48_000, subtype='FLOAT')
    status, report = run_import(root, out)
    assert status == 1
    assert 'samples up to 3000 in channel 0, but full scale is 1' in report['refused']['scene0035']
    assert "there 2 times, as ['" in report['refused']['scene0002']
    assert '44100 Hz: expected audio at 48000 Hz' in report['refused']['scene0030']
    assert "LAB-T031_Tr2.WAV' cannot be read" in report['refused']['scene0031']
    assert 'contains no LAB-' in report['refused']['scene0032']
    assert len(report['refused']) == 5
    short, holes = report['drives']
    assert any('LAB-T033_Tr6.WAV is truncated' in note and '3.0 s where' in note for note in short['notes'])
    assert short['skipped'] == {'after_audio': ['000002', '000004']}
    assert short['audio_s'] == pytest.approx(3.0, abs=0.01)
    assert holes['images'] == 1
    assert holes['notes'][0].startswith('tracks [7] are missing, unlike the documentation')
    skipped = {reason: [name[:6] for name in names] for reason, names in holes['skipped'].items()}
    assert skipped == {
        'no_depth': ['000002'],
        'no_labels': ['000004'],
        'damaged_truth': ['000006'],
        'other_size': ['000008'],
    }
    text = (out / 'import.txt').read_text()
    for part in (*report['refused'].values(), 'is truncated', 'no_depth: an image without depth labels, first 000002'):
        assert part in text
    assert sorted(path.name for path in out.glob('.*')) == []


def test_a_folder_without_scenes_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert import_oap.main([str(tmp_path), '--out', str(tmp_path / 'out')]) == 1
    assert 'contains no scenes' in capsys.readouterr().err


def test_pictures_are_extracted_from_videos_of_scenes_without_labels(tmp_path: Path) -> None:
    root, out, frames = tmp_path / 'oap', tmp_path / 'out', tmp_path / 'frames'
    folder = root / 'scene0050'
    oap_tree.write_tracks(folder, 50, 6, oap_tree.ALL_TRACKS)
    oap_tree.write_video(folder, 50, 6)
    status, report = run_import(root, out)
    assert (status, 'extract them from the video (--frames)' in report['refused']['scene0050']) == (1, True)
    status, report = run_import(root, out, '--frames', str(frames))
    pictures = sorted((frames / 'scene0050').iterdir())
    assert [path.name for path in pictures] == [f'VIDEO_0050_cropped_{start_s:06d}.png' for start_s in (0, 2, 4)]
    greys = [float(cv2.imread(str(path)).mean()) for path in pictures]
    np.testing.assert_allclose(greys, [40, 80, 120], atol=3)
    assert f'audio-manifold train label {frames / "scene0050"}' in report['refused']['scene0050'].replace('\n', '')
    teachers = tmp_path / 'teachers'
    oap_tree.write_teachers(teachers, 50, 6)
    files = (f'files:{teachers / "monodepth2_front"}', f'files:{teachers / "segment_splitframes" / "pred"}')
    assert label.main([str(frames / 'scene0050'), '--depth', files[0], '--segmentation', files[1]]) == 0
    status, report = run_import(root, out, '--frames', str(frames))
    assert (status, report['drives'][0]['images']) == (0, 3)
    with DriveReader(out / 'scene0050.h5') as drive:
        np.testing.assert_allclose(
            drive.depth_m(1), resize_nearest(1 / oap_tree.disparity(50, 2)[0, 0], 128, 128), rtol=2e-3
        )
        assert drive.attributes.depth_unit == RELATIVE


def test_a_killed_import_resumes(tmp_path: Path) -> None:
    root, out = tmp_path / 'oap', tmp_path / 'out'
    for number in range(1, 6):
        oap_tree.write_scene(root, number)
    command = [
        sys.executable,
        '-m',
        'audio_manifold_ros',
        'train',
        'import',
        'oap',
        str(root),
        '--out',
        str(out),
        '--workers',
        '1',
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while not (out / 'scene0001.json').exists() and process.poll() is None:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert process.returncode == -signal.SIGKILL
    assert not (out / 'import.json').exists()
    finished = {path.name for path in out.glob('*.h5')}
    assert 'scene0001.h5' in finished
    assert len(finished) < 5
    status, report = run_import(root, out)
    assert status == 0
    kept = {f'{drive["drive_id"]}.h5' for drive in report['drives'] if drive['kept']}
    assert {'scene0001.h5'} <= kept <= finished
    uninterrupted = tmp_path / 'uninterrupted'
    run_import(root, uninterrupted)
    for number in range(1, 6):
        name = f'scene{number:04d}.h5'
        assert (out / name).read_bytes() == (uninterrupted / name).read_bytes()
    assert not list(out.glob('.*'))
