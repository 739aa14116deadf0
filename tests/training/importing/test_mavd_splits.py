# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""MAVD splits: disjoint days, and the paper's lists with their shared images."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.datasets.drive_writer import DriveWriter
from audio_manifold_ros.datasets.rig_files import RigFiles
from training.data.split_file import SPLITS, SplitFile
from training.data.window_dataset import find_drives
from training.importing.mavd_names import parse_name
from training.importing.mavd_splits import day_split, paper_split
from training.splits.check_split import main as check
from training.splits.make_split import main

RATE_HZ = 8000
APRIL_21, APRIL_27, MAY_21 = '2020_04_21_15_48_20', '2020_04_27_16_36_45', '2020_05_21_20_07_12'
NIGHT = 'drive_night_2020_05_21_21_05_38'
# Instants 34 ms apart, one of them without leading zeros, under several codes.
INSTANTS = {
    f'drive_day_{APRIL_21}': ('1587484100_5_0', '1587484100_33945216_0'),
    f'drive_day_{APRIL_27}': ('1588005405_900000000_0', '1588005405_933945216_2', '1588005405_967890432_0'),
    f'drive_day_{MAY_21}': ('1590084432_1_0', '1590084432_33945217_0', '1590084432_67890433_0'),
    NIGHT: ('1590087975_964712121_2',),
}


@pytest.fixture(scope='module')
def drives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a window of noise for each instant."""
    folder = tmp_path_factory.mktemp('drives')
    rig = RigFiles.from_folder(resource_path('calibration/mavd'))
    rng = np.random.default_rng(1)
    for drive_id, names in INSTANTS.items():
        options = {'drive_id': drive_id, 'rig': rig, 'sample_rate_hz': RATE_HZ, 'channels': 8, 'provenance': {}}
        with DriveWriter(folder / f'{drive_id}.h5', **options) as writer:
            for number, name in enumerate(names):
                first = number * (RATE_HZ + 1)
                writer.add_audio(rng.integers(-99, 99, (8, RATE_HZ)).astype(np.int16), first)
                image = np.zeros((2, 2), np.uint8)
                writer.add_image(first + RATE_HZ // 2, None, image, stamp_ns=parse_name(name).stamp_ns)
    return folder


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    """Return lists like the published ones: a random division of all frames of all drives, with codes separated."""
    day, other, night = f'drive_day_{MAY_21}', f'drive_day_{APRIL_27}', f'{NIGHT}/1590087975_964712121'
    lines = {
        'train_all.txt': [f'{day}/1590084432_1_0', f'{day}/1590084432_1_3', f'{other}/1588005405_933945216_2'],
        'val_all.txt': [f'{day}/1590084432_33945217_1', f'{night}_1'],
        'test_all.txt': [f'{day}/1590084432_1_2', f'{other}/1588005405_967890432_4', f'{other}/1588005406_0_0'],
    }
    for name, named in lines.items():
        (tmp_path / name).write_text('\n'.join(named) + '\n', encoding='utf-8')
    return tmp_path


def test_each_day_is_in_one_split_and_nights_are_in_none(drives: Path) -> None:
    split = day_split(find_drives(drives))
    assert split.train == (f'drive_day_{APRIL_27}',)
    assert split.validation == (f'drive_day_{APRIL_21}',)
    assert split.test == (f'drive_day_{MAY_21}',)
    days = [{drive_id[10:20] for drive_id in getattr(split, name)} for name in SPLITS]
    assert not days[0] & days[1] | days[0] & days[2] | days[1] & days[2]


def test_days_that_leave_a_split_empty_are_refused(drives: Path) -> None:
    with pytest.raises(TrainingError, match=r"leave \['test'\] empty: there are drives of 2020-04-21, 2020-04-27"):
        day_split(find_drives(drives), test=[dt.date(2020, 5, 29)])
    with pytest.raises(TrainingError, match='2020-04-21 is given for test and validation'):
        day_split(find_drives(drives), test=[dt.date(2020, 4, 21)])
    with pytest.raises(TrainingError, match='not a drive of MAVD'):
        day_split(['street_0000001'])


def test_the_published_lists_are_read_unchanged(drives: Path, lists: Path) -> None:
    found = paper_split(lists, find_drives(drives))
    assert found.lines == {'train': 3, 'validation': 2, 'test': 3}
    assert (found.by_night, found.missing_images) == (1, 1)
    day, other = f'drive_day_{MAY_21}', f'drive_day_{APRIL_27}'
    assert found.split.train == (f'{day}/1590084432000000001', f'{other}/1588005405933945216')
    assert found.split.validation == (f'{day}/1590084432033945217',)
    assert found.split.test == (f'{day}/1590084432000000001', f'{other}/1588005405967890432')
    assert found.split.shared_entries() == [f'{day}/1590084432000000001']
    assert found.split.leaks


def test_leakage_is_found_in_the_published_lists_and_not_between_days(
    drives: Path, lists: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paper, days = tmp_path / 'paper.yaml', tmp_path / 'days.yaml'
    assert main(['mavd-paper', str(drives), '--lists', str(lists), '--out', str(paper)]) == 0
    assert '1 instants are in several lists' in capsys.readouterr().err
    assert main(['mavd-days', str(drives), '--out', str(days)]) == 0
    options = [str(drives), '--workers', '1', '--out', str(tmp_path / 'found.json')]
    assert check([*options, '--split', str(paper)]) == 1
    assert "'mavd-paper-split' LEAKS" in capsys.readouterr().out
    test_after_train = json.loads((tmp_path / 'found.json').read_text())['pairs'][1]
    assert (test_after_train['learnt'], test_after_train['judged'], test_after_train['windows']) == ('train', 'test', 2)
    assert (test_after_train['same_instant'], test_after_train['audio_identical']) == (1, 1)
    assert (test_after_train['within_40_ms'], test_after_train['audio_overlaps']) == (2, 2)
    assert test_after_train['shared_drives'] == [f'drive_day_{APRIL_27}', f'drive_day_{MAY_21}']
    assert check([*options, '--split', str(days)]) == 0
    assert SplitFile.from_yaml(days).name == 'mavd-day-disjoint'


def test_other_lists_are_refused(drives: Path, lists: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ['mavd-paper', str(drives), '--lists', str(lists), '--out', str(tmp_path / 'split.yaml')]
    for text, message in (('', 'is empty'), ('drive_day_2020_05_21\n', 'not a drive of MAVD'), (None, 'Cannot read')):
        path = lists / 'val_all.txt'
        path.unlink() if text is None else path.write_text(text)
        assert main(command) == 1
        output = ' '.join(capsys.readouterr().err.split())
        assert message in output
        assert 'val_all.txt' in output.replace(' ', '')
    assert not (tmp_path / 'split.yaml').exists()
