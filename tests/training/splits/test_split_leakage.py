# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Leakage of a split by drive, by instant, by distance in time and by audio content."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audio_manifold_ros.bags.conversion.bag_conversion import convert_bag
from audio_manifold_ros.bags.conversion.conversion_record import ConversionOptions
from audio_manifold_ros.common.errors import DatasetError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.datasets.drive_writer import DriveWriter
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.features.spec import FeatureSpec
from tests.bags import drive_bags
from training.data.split_file import SPLITS, SplitFile
from training.splits.check_split import main
from training.splits.split_leakage import LeakageReport, PairLeakage, compare_windows, measure_leakage, simulated_drives

RATE_HZ, WINDOW = 8000, 4000
SPEC = FeatureSpec(sample_rate_hz=RATE_HZ, window_samples=WINDOW, f_max_hz=4000)
RIG = RigFiles.from_folder(resource_path('calibration/roof_octagon'))
MS = 1_000_000
DAY_NS = 1_590_000_000 * 10**9
LABELS = np.zeros((2, 2), np.uint8)


def write(
    folder: Path, name: str, stamps_ns: tuple[int, ...] | None, audio_seeds: tuple[int, ...], source: str = ''
) -> None:
    """Write a drive with a window for each seed of noise, or 0 for silence."""
    options = {'drive_id': name, 'rig': RIG, 'sample_rate_hz': RATE_HZ, 'channels': 8}
    with DriveWriter(folder / f'{name}.h5', provenance={'source': source}, **options) as writer:
        for number, seed in enumerate(audio_seeds):
            first = number * (WINDOW + 1)
            noise = np.random.default_rng(seed).integers(-999, 999, (8, WINDOW)).astype(np.int16)
            writer.add_audio(noise * np.int16(seed != 0), first)
            stamp_ns = None if stamps_ns is None else stamps_ns[number]
            writer.add_image(first + WINDOW // 2, None, LABELS, stamp_ns=stamp_ns)


def measured(folder: Path, split: SplitFile, *, compare_audio: bool = True) -> LeakageReport:
    drives = {path.stem: path for path in sorted(folder.glob('*.h5'))}
    return measure_leakage(drives, split, SPEC, compare_audio=compare_audio)


def pair(found: LeakageReport, learnt: str, judged: str) -> PairLeakage:
    return next(one for one in found.pairs if (one.learnt, one.judged) == (learnt, judged))


def test_disjoint_drives_do_not_leak(tmp_path: Path) -> None:
    for number, name in enumerate('abc'):
        write(tmp_path, name, None, (3 * number + 1, 3 * number + 2))
    found = measured(tmp_path, SplitFile('apart', ('a',), ('b',), ('c',)))
    assert not found.leaks
    assert found.windows == {'train': 2, 'validation': 2, 'test': 2, 'none': 0}
    assert all(one.shared_drives == () and one.within_1_s == 0 for one in found.pairs)


def test_unix_time_stamps_are_compared_across_drives_and_others_are_not(tmp_path: Path) -> None:
    write(tmp_path, 'a', (DAY_NS, DAY_NS + 10_000 * MS), (1, 2))
    near = (DAY_NS, DAY_NS + 40 * MS, DAY_NS + 41 * MS, DAY_NS + 500 * MS, DAY_NS + 1000 * MS, DAY_NS + 1001 * MS)
    write(tmp_path, 'b', near, (3, 4, 5, 6, 7, 8))
    write(tmp_path, 'c', None, (9,))
    one = pair(measured(tmp_path, SplitFile('near', ('a',), ('c',), ('b',))), 'train', 'test')
    assert (one.windows, one.same_instant, one.within_40_ms, one.within_1_s) == (6, 1, 2, 5)
    assert one.audio_overlaps == 3  # windows of half a second, so images less than that apart
    assert one.leaks
    assert not pair(measured(tmp_path, SplitFile('near', ('a',), ('c',), ('b',))), 'train', 'validation').leaks


def test_simulated_streets_of_the_same_second_are_other_recordings(tmp_path: Path) -> None:
    for seed, name in enumerate('abc', 1):
        write(tmp_path, name, (DAY_NS, DAY_NS + 10_000 * MS), (2 * seed, 2 * seed + 1), 'simulator')
    split = SplitFile('streets', ('a',), ('b',), ('c',))
    assert not measured(tmp_path, split).leaks
    drives = {path.stem: path for path in tmp_path.glob('*.h5')}
    assert simulated_drives(drives) == {'a', 'b', 'c'}
    members = {part: [(name, DAY_NS)] for part, name in zip(SPLITS, 'abc', strict=True)}
    assert any(pair.invalidates_test for pair in compare_windows(members, SPEC))
    assert not any(pair.invalidates_test for pair in compare_windows(members, SPEC, simulated_drives(drives)))


def test_drives_of_bags_that_overlap_leak(tmp_path: Path) -> None:
    sound = drive_bags.sound(3 * RATE_HZ)
    for name, shift_s in (('a', 0.0), ('b', 0.033), ('c', 0.066)):
        bag = drive_bags.write_bag(tmp_path / name, sound, [1.0 + shift_s, 2.0 + shift_s], rate_hz=RATE_HZ)
        convert_bag(bag, tmp_path / 'drives', None, ConversionOptions(RATE_HZ, rows=4, columns=4))
    found = measured(tmp_path / 'drives', SplitFile('one drive', ('a',), ('b',), ('c',)), compare_audio=False)
    assert found.leaks
    for one in found.pairs:
        assert one.windows == one.within_1_s == one.audio_overlaps == 2
        assert one.within_40_ms == (0 if (one.learnt, one.judged) == ('train', 'test') else 2)


def test_identical_audio_is_found_in_any_drive_but_silence_is_ignored(tmp_path: Path) -> None:
    write(tmp_path, 'a', None, (1, 2, 0))
    write(tmp_path, 'b', None, (3, 0))
    write(tmp_path, 'c', None, (2, 4, 0))
    split = SplitFile('copies', ('a',), ('b',), ('c',))
    found = measured(tmp_path, split)
    assert [one.audio_identical for one in found.pairs] == [0, 1, 0]
    assert found.leaks
    assert not measured(tmp_path, split, compare_audio=False).leaks


def test_a_drive_in_two_parts_leaks_at_any_distance(tmp_path: Path) -> None:
    far = tuple(DAY_NS + number * 60_000 * MS for number in range(4))
    write(tmp_path, 'a', far, (1, 2, 3, 4))
    split = SplitFile('frames', (f'a/{far[0]}',), (f'a/{far[1]}',), (f'a/{far[2]}', f'a/{far[2] + 1}'))
    found = measured(tmp_path, split)
    assert found.windows == {'train': 1, 'validation': 1, 'test': 1, 'none': 1}
    assert found.entries_without_window == 1
    assert pair(found, 'train', 'test').shared_drives == ('a',)
    assert found.leaks


def test_overlap_of_validation_and_train_does_not_invalidate_the_test(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, name in enumerate('abc'):
        write(tmp_path, name, (DAY_NS + 86_400_000 * MS * (number // 2) + 500 * MS * number,), (number + 1,))
    split = SplitFile('days', ('a',), ('b',), ('c',))
    found = measured(tmp_path, split)
    assert pair(found, 'train', 'validation').leaks
    assert found.validation_overlaps_train
    assert not found.leaks
    split.write(tmp_path / 'days.yaml')
    assert main([str(tmp_path), '--window', '0.5', '--workers', '1', '--split', str(tmp_path / 'days.yaml')]) == 0
    assert 'the best checkpoint may be overfitted' in capsys.readouterr().out


def test_windows_and_drives_have_equal_leakage(tmp_path: Path) -> None:
    write(tmp_path, 'a', (DAY_NS, DAY_NS + 10_000 * MS), (1, 2))
    write(tmp_path, 'b', (DAY_NS + 40 * MS, DAY_NS + 20_000 * MS), (3, 4))
    write(tmp_path, 'c', None, (5,))
    split = SplitFile('near', ('a',), ('c',), ('b',))
    members = {
        'train': [('a', DAY_NS), ('a', DAY_NS + 10_000 * MS)],
        'validation': [('c', 250 * MS)],
        'test': [('b', DAY_NS + 40 * MS), ('b', DAY_NS + 20_000 * MS)],
    }
    assert compare_windows(members, SPEC) == measured(tmp_path, split, compare_audio=False).pairs


def test_a_file_that_declares_a_leak_leaks(tmp_path: Path) -> None:
    for name in 'abc':
        write(tmp_path, name, None, (ord(name),))
    assert measured(tmp_path, SplitFile('declared', ('a',), ('b',), ('c',), leaks=True)).leaks


def test_missing_drives_are_refused(tmp_path: Path) -> None:
    write(tmp_path, 'a', None, (1,))
    with pytest.raises(DatasetError, match="'b'"):
        measured(tmp_path, SplitFile('more', ('a',), (), ('b',)))


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    learnt=st.lists(st.integers(0, 4000), min_size=1, max_size=5, unique=True),
    judged=st.lists(st.integers(0, 4000), min_size=1, max_size=5, unique=True),
)
def test_counts_equal_those_of_all_pairs(
    tmp_path_factory: pytest.TempPathFactory, learnt: list[int], judged: list[int]
) -> None:
    folder = tmp_path_factory.mktemp('drives')
    write(folder, 'a', tuple(DAY_NS + ms * MS for ms in learnt), tuple(range(1, 1 + len(learnt))))
    write(folder, 'b', tuple(DAY_NS + ms * MS for ms in judged), tuple(range(101, 101 + len(judged))))
    one = pair(measured(folder, SplitFile('any', ('a',), (), ('b',)), compare_audio=False), 'train', 'test')
    distances_ms = [min(abs(ms - other) for other in learnt) for ms in judged]
    assert one.same_instant == sum(ms == 0 for ms in distances_ms)
    assert one.within_40_ms == sum(ms <= 40 for ms in distances_ms)
    assert one.within_1_s == sum(ms <= 1000 for ms in distances_ms)
    assert one.audio_overlaps == sum(ms < 500 for ms in distances_ms)


def test_the_command_marks_a_leaking_split(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, name in enumerate('abcdef'):
        write(tmp_path / 'drives', name, (DAY_NS + 10**10 * number, DAY_NS + 10**10 * number + 1), (1, 2))
    SplitFile('copied', ('a', 'b'), ('c',), ('d',)).write(tmp_path / 'copied.yaml')
    command = [str(tmp_path / 'drives'), '--window', '0.5', '--workers', '2']
    assert main([*command, '--split', str(tmp_path / 'copied.yaml'), '--out', str(tmp_path / 'found.json')]) == 1
    output = capsys.readouterr().out
    assert 'LEAKS' in output
    assert '2 (100.0%)' in output
    found = json.loads((tmp_path / 'found.json').read_text())
    assert found['leaks']
    assert found['pairs'][1]['audio_identical'] == 2
    assert main([*command, '--split', str(tmp_path / 'nowhere.yaml')]) == 2
    assert 'nowhere.yaml' in capsys.readouterr().err.replace('\n', '')
    SplitFile('gone', ('a',), ('b',), ('c/5',)).write(tmp_path / 'gone.yaml')
    assert main([*command, '--split', str(tmp_path / 'gone.yaml')]) == 2
    assert "no window in ['test']" in ' '.join(capsys.readouterr().err.split())


def test_the_split_by_drive_ids_does_not_leak(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(8):
        write(tmp_path, f'street_{number}', None, (number + 1,))
    command = [str(tmp_path), '--window', '0.5', '--workers', '1', '--split', 'hash']
    assert main([*command, '--validation', '0.3', '--test', '0.3']) == 0
    assert 'does not leak' in capsys.readouterr().out
    assert not json.loads((tmp_path / 'leakage_hash.json').read_text())['leaks']
