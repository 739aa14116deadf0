# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Shipped splits of OAP: whole scenes, disjoint, as in the lists of the authors and of the paper."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.data.split_file import SPLITS, SplitFile

FOLDER = Path(__file__).parents[3] / 'training' / 'splits'
ALL = {f'scene{number:04d}' for number in range(1, 166)}


def scenes(first: int, last: int) -> set[str]:
    return {f'scene{number:04d}' for number in range(first, last + 1)}


@pytest.mark.parametrize(
    ('name', 'train', 'validation', 'absent'),
    [
        ('oap_scene_disjoint', scenes(1, 114), scenes(115, 139), set()),
        ('oap_paper', scenes(1, 115), scenes(116, 139) - {'scene0129'}, {'scene0129'}),
    ],
)
def test_every_scene_is_in_its_published_part(
    name: str, train: set[str], validation: set[str], absent: set[str]
) -> None:
    split = SplitFile.from_yaml(FOLDER / f'{name}.yaml')
    assert split.name == name
    assert not split.leaks
    assert [set(split.drives(part)) for part in SPLITS] == [train, validation, scenes(140, 165)]
    assert set().union(*(split.drives(part) for part in SPLITS)) == ALL - absent
