# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Split files: round trip, assignment of windows, and declaration of leaks."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audio_manifold_ros.common.errors import DatasetError
from training.data.split_file import SPLITS, SplitFile

DRIVES = [f'drive_{number}' for number in range(6)]
ENTRIES = st.one_of(
    st.sampled_from(DRIVES), st.builds('{}/{}'.format, st.sampled_from(DRIVES), st.integers(0, 2**63 - 1))
)
LISTS = st.lists(ENTRIES, max_size=5, unique=True).map(tuple)


def test_drives_and_images_are_assigned_to_parts() -> None:
    split = SplitFile('mixed', ('a', 'b/10'), ('b/20',), ('c',))
    windows = [('a', 1), ('a', 2), ('b', 10), ('b', 20), ('b', 30), ('c', 10), ('d', 10)]
    assert split.assigned_splits(windows) == ['train', 'train', 'train', 'validation', None, 'test', None]
    assert split.members('train', windows) == [0, 1, 2]
    assert split.drives('train') == ('a', 'b')


def test_an_image_in_train_and_test_is_assigned_to_test_but_member_of_both() -> None:
    split = SplitFile('paper', ('a/1', 'a/2'), (), ('a/2', 'a/3'), leaks=True)
    windows = [('a', 1), ('a', 2), ('a', 3)]
    assert split.assigned_splits(windows) == ['train', 'test', 'test']
    assert split.members('train', windows) == [0, 1]
    assert split.shared_entries() == ['a/2']


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lists=st.tuples(LISTS, LISTS, LISTS))
def test_a_written_split_is_read_unchanged(tmp_path: Path, lists: tuple[tuple[str, ...], ...]) -> None:
    split = SplitFile('any: name # 1', *lists, leaks=True)
    split.write(tmp_path / 'split.yaml')
    assert SplitFile.from_yaml(tmp_path / 'split.yaml') == split
    windows = [(name, 5) for name in DRIVES]
    for place, window in zip(split.assigned_splits(windows), windows, strict=True):
        among = [name for name in SPLITS if split.members(name, [window])]
        assert place == (among[-1] if among else None)


@settings(deadline=None, max_examples=50)
@given(lists=st.tuples(LISTS, LISTS, LISTS))
def test_shared_entries_must_be_declared(lists: tuple[tuple[str, ...], ...]) -> None:
    def owners(drive: str, stamp_ns: int) -> int:
        return sum(drive in entries or f'{drive}/{stamp_ns}' in entries for entries in lists)

    named = {tuple(entry.split('/')) for entries in lists for entry in entries}
    shares = any(owners(name[0], int(name[1]) if len(name) > 1 else -1) > 1 for name in named)
    assert bool(SplitFile('any', *lists, leaks=True).shared_entries()) == shares
    if shares:
        with pytest.raises(DatasetError, match='leaks: true'):
            SplitFile('any', *lists)


def test_a_missing_drive_is_named() -> None:
    split = SplitFile('days', ('a',), (), ('b/7',))
    split.check_drives(['a', 'b', 'c'])
    with pytest.raises(DatasetError, match=r"'days' names 1 drives .*'b'"):
        split.check_drives(['a'])


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('name: x\ntrain: [a]\nvalidation: []', r"misses \['test'\]"),
        ('name: x\ntrain: [a]\nvalidation: []\ntest: []\nextra: 1', 'extra'),
        ('[a, b]', r"is \['a', 'b'\]: give a mapping with the keys"),
        ('', 'is None: give a mapping with the keys'),
        ('name: 3\ntrain: [a]\nvalidation: []\ntest: []', 'name is 3: give a string in quotes'),
        ('name: x\ntrain: a\nvalidation: []\ntest: []', "train is 'a': give a list"),
        ('name: x\ntrain: [1]\nvalidation: []\ntest: []', r'train\[0\] is 1: give a string in quotes'),
        ('name: x\ntrain: []\nvalidation: []\ntest: []\nleaks: yes please', 'leaks is'),
        ('name: x\ntrain: [a, a]\nvalidation: []\ntest: []', 'more than once'),
        ('name: x\ntrain: [a/b]\nvalidation: []\ntest: []', "contains 'a/b'"),
        ('name: x\ntrain: [a/007]\nvalidation: []\ntest: []', "contains 'a/007'"),
        ('name: x\ntrain: [a]\nvalidation: []\ntest: [a/1]', 'leaks: true'),
        ('name: [', 'Cannot read'),
    ],
)
def test_invalid_files_are_refused_with_the_reason(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / 'split.yaml'
    path.write_text(text, encoding='utf-8')
    with pytest.raises(DatasetError, match=message) as caught:
        SplitFile.from_yaml(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r'nowhere\.yaml'):
        SplitFile.from_yaml(tmp_path / 'nowhere.yaml')
