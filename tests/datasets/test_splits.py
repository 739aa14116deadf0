# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Splits are disjoint, complete and stable, and have the requested fractions."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.common.errors import DatasetError
from audio_manifold_ros.datasets.splits import check_training_seed, split_drives


@settings(deadline=None, max_examples=100)
@given(st.sets(st.text(max_size=8), max_size=60), st.floats(0, 0.5), st.floats(0, 0.5), st.integers(0, 5))
def test_every_drive_is_in_exactly_one_split(ids: set[str], validation: float, test: float, seed: int) -> None:
    splits = split_drives(ids, validation=validation, test=test, seed=seed)
    parts = [*splits.train, *splits.validation, *splits.test]
    assert sorted(parts) == sorted(ids)


def test_the_split_of_a_drive_does_not_depend_on_other_drives_or_their_order() -> None:
    ids = [f'street_{i:07d}' for i in range(600)]
    few, many = split_drives(ids[:300]), split_drives(reversed(ids))
    for name in ('train', 'validation', 'test'):
        assert set(getattr(few, name)) == set(getattr(many, name)) & set(ids[:300])
    assert split_drives(ids, seed=1) != split_drives(ids, seed=0)


def test_the_fractions_are_met() -> None:
    splits = split_drives([f'street_{i:07d}' for i in range(20_000)], validation=0.05, test=0.1)
    assert abs(len(splits.validation) / 20_000 - 0.05) < 0.006
    assert abs(len(splits.test) / 20_000 - 0.1) < 0.008


def test_repeated_drives_and_invalid_fractions_are_refused() -> None:
    with pytest.raises(DatasetError, match="'b'"):
        split_drives(['a', 'b', 'b'])
    for fractions in ({'validation': -0.1}, {'validation': 0.6, 'test': 0.6}):
        with pytest.raises(DatasetError, match='Fractions'):
            split_drives(['a'], **fractions)


@pytest.mark.parametrize('seed', [-1, 900_000, 2_000_000])
def test_seeds_reserved_for_demonstrations_are_refused(seed: int) -> None:
    with pytest.raises(DatasetError, match=str(seed)):
        check_training_seed(seed)


@pytest.mark.parametrize('seed', [0, 899_999])
def test_training_seeds_are_accepted(seed: int) -> None:
    check_training_seed(seed)
