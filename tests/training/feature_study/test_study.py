# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The page of the study, from streets to tables, and the targets of the read-out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.feature_study import study
from training.feature_study.candidate_echo_maps import echo_candidates
from training.feature_study.candidate_steered_maps import steered_candidates
from training.feature_study.study import PAGE, main, vehicle_targets
from training.feature_study.study_street import StudyStreet

ROOT = Path(__file__).parents[3]


def test_the_page_has_a_row_for_each_candidate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = dict(list(steered_candidates().items())[:2])
    monkeypatch.setattr(study, 'steered_candidates', lambda: few)
    assert main(['--streets', '15', '--docs', str(tmp_path)]) == 0
    text = (tmp_path / PAGE).read_text()
    assert '15 streets, seeds from 900000' in text
    for name in (*few, *echo_candidates()):
        assert text.count(f'| {name} |') == 1


def test_the_stored_page_has_the_present_candidates() -> None:
    text = (ROOT / 'docs' / PAGE).read_text()
    names = [line.split(' | ')[0].removeprefix('| ') for line in text.splitlines() if line.startswith('| ')]
    assert [name for name in names if name not in {'change', '---'}] == [*steered_candidates(), *echo_candidates()]


def test_streets_without_vehicles_are_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = StudyStreet(np.ones((8, 45_000), dtype=np.float32), (), (None, None))
    monkeypatch.setattr(study, 'study_streets', lambda seeds: iter([empty] * len(seeds)))
    monkeypatch.setattr(study, 'steered_candidates', dict)
    assert main(['--streets', '10']) == 1
    assert 'give more streets' in capsys.readouterr().err


def test_targets_are_near_vehicles_also_across_the_end_of_the_circle() -> None:
    azimuths_rad = np.deg2rad([170.0, 90.0, 0.0, -90.0, -176.0])
    street = StudyStreet(np.zeros((8, 2), dtype=np.float32), (np.deg2rad(180.0), np.deg2rad(40.0)), (None, None))
    assert vehicle_targets(street, azimuths_rad).tolist() == [False, False, True, False, True]
