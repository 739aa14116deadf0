# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""MAVD import: alignment of audio and images, reports of faults, and resumption after a kill."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.datasets.drive_attributes import METRES, RELATIVE
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.datasets.label_file import LabelDescription, LabelSegment, write_label_file
from audio_manifold_ros.datasets.windows import cut_windows
from audio_manifold_ros.features.spec import FeatureSpec
from audio_manifold_ros.rig.camera import CameraModel
from audio_manifold_ros.rig.extrinsics import Extrinsics
from audio_manifold_ros.rig.rig import MicrophoneArray
from tests.training.importing.mavd_tree import (
    TEACHER,
    disparity,
    mask,
    teacher_arguments,
    tone,
    write_drive,
    write_frame,
    write_pictures,
)
from training.data.window_dataset import find_drives
from training.importing.import_mavd import RIG, main
from training.importing.mavd_conversion import GAP_SAMPLES

ROOT = Path(__file__).parents[3]
RATE_HZ = 22_500
MAY, APRIL, NIGHT = (
    'drive_day_2020_05_21_20_07_12',
    'drive_day_2020_04_21_15_48_20',
    'drive_night_2020_05_31_22_31_36',
)
# Seconds apart, 34 ms apart, and nanoseconds without leading zeros.
INSTANTS = ('1590084500_999000000_0', '1590084502_5_1', '1590084502_33945216_0')
STAMPS_NS = (1590084500_999000000, 1590084502_000000005, 1590084502_033945216)


@pytest.fixture(scope='module')
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with one imported drive, with images also in the size of the labels."""
    base = tmp_path_factory.mktemp('mavd')
    write_drive(base / 'MAVD', MAY, INSTANTS)
    teachers = teacher_arguments(base / 'MAVD', base / 'teachers')
    assert main([str(base / 'MAVD'), '--out', str(base / 'out'), '--native', '--workers', '1', *teachers]) == 0
    return base / 'out'


def run(base: Path, *more: str) -> tuple[int, dict[str, object]]:
    """Import the tree of a test, and return the exit status and the report."""
    teachers = ['--depth', str(base / 'teachers/disparity'), '--segmentation', str(base / 'teachers/masks')]
    status = main([str(base / 'MAVD'), '--out', str(base / 'out'), '--workers', '1', *teachers, *more])
    return status, json.loads((base / 'out/import.json').read_text())


def test_each_instant_is_a_segment_of_one_second_with_its_image_in_the_middle(imported: Path) -> None:
    with DriveReader(imported / f'{MAY}.h5', verify=True) as drive:
        assert drive.image_stamps_ns.tolist() == list(STAMPS_NS)
        period = RATE_HZ + GAP_SAMPLES
        assert drive.image_samples.tolist() == [number * period + RATE_HZ // 2 for number in range(3)]
        assert drive.gaps.tolist() == [[RATE_HZ, period], [period + RATE_HZ, 2 * period]]
        cut = cut_windows(drive, FeatureSpec())
        assert [window.first_sample for window in cut.windows] == [0, period, 2 * period]
        assert sum(cut.dropped.values()) == 0
        assert cut_windows(drive, FeatureSpec(), 1.0).windows == ()
        assert drive.provenance['origin'] == 'MAVD'
        assert drive.array.array_id == 'mavd_roof_octagon_not_measured'


def test_each_channel_contains_the_audio_of_its_microphone_at_the_instant(imported: Path) -> None:
    with DriveReader(imported / f'{MAY}.h5') as drive:
        for number, stamp_ns in enumerate(STAMPS_NS):
            audio = drive.raw(number * (RATE_HZ + GAP_SAMPLES), RATE_HZ)
            for microphone in range(8):
                expected = tone(microphone, stamp_ns)[::2]
                spectrum = np.abs(np.fft.rfft(audio[microphone]))
                assert np.argmax(spectrum) == 300 + 100 * microphone
                assert abs(np.std(audio[microphone]) / 32768 / np.std(expected) - 1) < 0.1
        first, second = (drive.raw(number * (RATE_HZ + GAP_SAMPLES), RATE_HZ) for number in (0, 1))
        assert np.corrcoef(first[0] - second[0], first[0])[0, 1] > 0.05


def test_images_are_the_labels_of_the_selected_columns(imported: Path) -> None:
    first, end = round(200 * TEACHER[1] / 1920), round(1720 * TEACHER[1] / 1920)
    with DriveReader(imported / f'{MAY}.h5') as drive:
        assert drive.attributes.depth_unit == RELATIVE
        for number, stamp_ns in enumerate(STAMPS_NS):
            expected = 1 / disparity(stamp_ns)[:, first:end]
            np.testing.assert_allclose(drive.native_depth_m(number), expected, rtol=1e-3)
            np.testing.assert_array_equal(drive.native_labels(number), mask()[:, first:end])
            assert drive.depth_m(number).shape == drive.labels(number).shape == (128, 128)
            np.testing.assert_allclose(drive.depth_m(number)[0, [0, -1]], expected[0, [0, -1]], rtol=1e-3)
            assert set(np.unique(drive.labels(number))) == {0, 10, 13}
            assert drive.labels(number)[90, 0] == 0


def test_every_fault_is_reported_with_its_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drive = write_drive(tmp_path / 'MAVD', MAY, INSTANTS[:1])
    write_frame(drive, '1590084500_999000000_1')
    write_frame(drive, '1590084510_7_0', microphones=range(7))
    write_frame(drive, '1590084511_7_0', labelled=False)
    write_frame(drive, '1590084512_7_0')
    (drive / 'masks' / 'fl_rgb_1590084512_7_0_mask.png').unlink()
    write_frame(drive, '1590084513_7_0')
    (drive / 'disparity' / 'fl_rgb_1590084513_7_0_disp.npy').write_bytes(b'PK\x03\x04nothing')
    write_frame(drive, '1590084514_7_0')
    (drive / 'audio' / 'audio_5_1590084514_7_0.mp3').write_bytes(b'\xff\xfb' + bytes(500))
    write_pictures(drive, '1590084499_0_0')
    (drive / 'audio' / 'notes.txt').touch()
    write_drive(tmp_path / 'MAVD', NIGHT, ['1590957201_146429573_3'])
    (tmp_path / 'MAVD' / APRIL / 'fl_rgb').mkdir(parents=True)
    teacher_arguments(tmp_path / 'MAVD', tmp_path / 'teachers')
    for kind in ('disparity', 'masks'):
        for file in (tmp_path / 'teachers' / kind / NIGHT).iterdir():
            file.unlink()
    status, report = run(tmp_path)
    assert status == 1
    assert report['skipped'] == {
        'damaged_audio': 1,
        'damaged_truth': 1,
        'duplicate': 1,
        'foreign_name': 1,
        'incomplete_audio': 1,
        'no_audio': 1,
        'no_depth': 1,
        'no_labels': 1,
    }
    (outcome,) = report['drives']
    assert (outcome['drive_id'], outcome['images']) == (MAY, 1)
    assert outcome['skipped']['incomplete_audio'] == ['1590084510_7_0']
    assert outcome['skipped']['no_labels'] == ['1590084512_7_0']
    assert 'audio_5_1590084514_7_0.mp3' in outcome['skipped']['damaged_audio'][0]
    assert 'Cannot list' in report['refused'][APRIL]
    assert 'No labels found' in report['refused'][NIGHT]
    text = (tmp_path / 'out/import.txt').read_text()
    assert 'fl_rgb_depth is not used' in text
    assert 'the same instant under another code' in text
    assert 'refused drive_night' in capsys.readouterr().err
    assert [path.name for path in (tmp_path / 'out').glob('*.h5')] == [f'{MAY}.h5']


def test_finished_drives_are_kept_until_an_input_changes(tmp_path: Path) -> None:
    drive = write_drive(tmp_path / 'MAVD', MAY, INSTANTS[:2])
    teacher_arguments(tmp_path / 'MAVD', tmp_path / 'teachers')
    assert run(tmp_path)[0] == 0
    path = tmp_path / 'out' / f'{MAY}.h5'
    first = path.stat().st_mtime_ns
    status, report = run(tmp_path)
    assert (status, path.stat().st_mtime_ns, report['drives'][0]['kept']) == (0, first, True)
    assert report['drives'][0]['images'] == 2
    run(tmp_path, '--size', '64', '96')
    with DriveReader(path) as reader:
        assert reader.depth_m(0).shape == (64, 96)
    write_frame(drive, INSTANTS[2])
    teacher_arguments_again = tmp_path / 'teachers'
    for kind in ('disparity', 'masks'):
        for file in (drive / kind).iterdir():
            file.rename(teacher_arguments_again / kind / MAY / file.name)
    assert run(tmp_path)[1]['drives'][0]['images'] == 3
    path.write_bytes(path.read_bytes()[:-100])
    assert run(tmp_path)[1]['drives'][0]['kept'] is False


def test_label_files_next_to_the_pictures_are_used_by_default(tmp_path: Path) -> None:
    drive = write_drive(tmp_path / 'MAVD', MAY, INSTANTS)
    labels = drive / 'fl_rgb.labels'
    stamps = np.array(STAMPS_NS[:2], dtype=np.int64)
    depth = np.stack([np.full((128, 192), 7 + number, np.float16) for number in range(2)])
    ids = np.zeros((2, 128, 128), np.uint8)
    ids[:, :10] = 10
    full = LabelDescription('depth', 'k1', {'source': {}, 'teacher': {'kind': 'model'}})
    write_label_file(labels / 'depth.h5', full, iter([LabelSegment(stamps, stamps, depth, 3)]))
    cropped = LabelDescription('segmentation', 'k2', {'source': {'columns': [200, 1720]}, 'teacher': {}})
    write_label_file(labels / 'segmentation.h5', cropped, iter([LabelSegment(stamps, stamps, ids, 3)]))
    assert main([str(tmp_path / 'MAVD' / MAY), '--out', str(tmp_path / 'out'), '--workers', '1']) == 0
    with DriveReader(tmp_path / 'out' / f'{MAY}.h5') as reader:
        assert reader.attributes.depth_unit == METRES
        assert reader.image_stamps_ns.tolist() == list(STAMPS_NS[:2])
        assert np.all(reader.depth_m(1)[10:] == 8)
        assert np.all(np.isnan(reader.depth_m(1)[:10]))
        assert np.all(reader.labels(0)[:10] == 10)


def test_the_report_covers_all_drives_and_names_outdated_ones(tmp_path: Path) -> None:
    for day in (MAY, NIGHT):
        write_drive(tmp_path / 'MAVD', day, INSTANTS[:1])
    teachers = teacher_arguments(tmp_path / 'MAVD', tmp_path / 'teachers')
    out = ['--out', str(tmp_path / 'out'), '--workers', '1', *teachers]
    for day in (MAY, NIGHT):
        assert main([str(tmp_path / 'MAVD' / day), *out]) == 0
    report = json.loads((tmp_path / 'out' / 'import.json').read_text())
    assert [(drive['drive_id'], drive['kept']) for drive in report['drives']] == [(MAY, True), (NIGHT, False)]
    for kind in ('disparity', 'masks'):
        for file in (tmp_path / 'teachers' / kind / NIGHT).iterdir():
            file.unlink()
    assert main([str(tmp_path / 'MAVD' / NIGHT), *out]) == 1
    report = json.loads((tmp_path / 'out' / 'import.json').read_text())
    drive = str(tmp_path / 'out' / f'{NIGHT}.h5')
    assert f'An older drive of this recording exists, {drive!r}' in report['refused'][NIGHT]


def test_labels_of_other_columns_are_refused(tmp_path: Path) -> None:
    drive = write_drive(tmp_path / 'MAVD', MAY, INSTANTS)
    stamps, ids = np.array(STAMPS_NS[:2], dtype=np.int64), np.zeros((2, 128, 128), np.uint8)
    left = LabelDescription('segmentation', 'key', {'source': {'columns': [0, 960]}, 'teacher': {}})
    write_label_file(drive / 'fl_rgb.labels' / 'segmentation.h5', left, iter([LabelSegment(stamps, stamps, ids, 3)]))
    arguments = [str(drive), '--out', str(tmp_path / 'out'), '--workers', '1']
    assert main(arguments) == 1
    refused = json.loads((tmp_path / 'out' / 'import.json').read_text())['refused'][MAY]
    assert 'columns 0 to 960 of the pictures, not 200 to 1720' in refused
    assert main([*arguments, '--columns', '0', '960']) == 0


def test_a_killed_import_resumes(tmp_path: Path) -> None:
    names = [f'15900845{second:02d}_7_0' for second in range(6)]
    for day in range(21, 25):
        write_drive(tmp_path / 'MAVD', f'drive_day_2020_05_{day}_20_07_12', names)
    teachers = teacher_arguments(tmp_path / 'MAVD', tmp_path / 'teachers')
    out = tmp_path / 'out'
    arguments = [str(tmp_path / 'MAVD'), '--out', str(out), *teachers]
    command = [sys.executable, '-m', 'audio_manifold_ros', 'train', 'import', 'mavd', *arguments, '--workers', '2']
    environment = {**os.environ, 'PYTHONPATH': str(ROOT)}
    own_group = {'start_new_session': True, 'stderr': subprocess.DEVNULL}
    with subprocess.Popen(command, env=environment, cwd=ROOT, **own_group) as process:
        wait_for(lambda: len(find(out, 'drive_*.json')) >= 1)
        process.kill()
    # The workers exit after their parent.
    wait_for(lambda: not group_runs(process.pid))
    done = find(out, 'drive_*.json')
    before = {path: path.stat().st_mtime_ns for path in done}
    assert main([*arguments, '--workers', '1']) == 0
    report = json.loads((out / 'import.json').read_text())
    assert sum(drive['images'] for drive in report['drives']) == 24
    assert sum(drive['kept'] for drive in report['drives']) >= len(before) >= 1
    assert {path: path.stat().st_mtime_ns for path in before} == before
    for path in find_drives(out).values():
        with DriveReader(path, verify=True) as drive:
            assert len(drive.image_samples) == 6


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['nothing'], 'contain no drive_day'),
        ([MAY, MAY], 'Several folders'),
        ([MAY, '--columns', '9', '9'], '--columns 9 9'),
    ],
)
def test_invalid_arguments_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: Sequence[str], message: str
) -> None:
    (tmp_path / MAY).mkdir()
    values = [argument if argument[0] in '-9' else str(tmp_path / argument) for argument in arguments]
    assert main([*values, '--out', str(tmp_path / 'out')]) == 1
    assert message in ' '.join(capsys.readouterr().err.split())
    assert not (tmp_path / 'out').exists()


def test_the_rig_can_be_read_and_differs_from_the_others() -> None:
    folder = resource_path(RIG)
    array = MicrophoneArray.from_yaml(folder / 'mic_array.yaml')
    other = MicrophoneArray.from_yaml(resource_path('calibration/roof_octagon') / 'mic_array.yaml')
    assert array.device_channels == tuple(range(8))
    assert array.geometry_sha256() != other.geometry_sha256()
    assert CameraModel.from_yaml(folder / 'camera.yaml').width == 128
    assert Extrinsics.from_yaml(folder / 'extrinsics.yaml').audio_time_offset_s == 0
    for file in folder.iterdir():
        assert 'UNKNOWN' in file.read_text()


def find(folder: Path, pattern: str) -> list[Path]:
    return sorted(folder.glob(pattern)) if folder.is_dir() else []


def group_runs(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    end_s = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end_s, 'timeout'
        time.sleep(0.01)
