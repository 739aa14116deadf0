# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Findings about the claims of the paper, from records with known figures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.training.paper_tables.stored_runs import record
from training.paper_tables.findings import METRICS, compare, findings
from training.paper_tables.records import RunRecord

SKILL, MIOU = METRICS


def run(folder: Path, system: str, skill: float, miou: float, *, seed: int = 0, error: float = 0.01) -> RunRecord:
    scores = {
        'windows': 4,
        'segmentation': {'miou': miou},
        'over_streets': {
            'standard_errors': {'segmentation': {'miou': error}},
            'against': {'prior': {'skill': skill, 'skill_error': error}},
        },
    }
    path = folder / 'street' / system / f'seed{seed}.json'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record('street', system, seed, scores)), encoding='utf-8')
    return RunRecord.load(path)


def test_a_difference_is_found_above_two_standard_errors(tmp_path: Path) -> None:
    two_stages = run(tmp_path, 'vq_8x8', 0.32, 0.20)
    end_to_end = run(tmp_path, 'end_to_end_8x8', 0.30, 0.26)
    depth, classes = (compare([two_stages], [end_to_end], metric) for metric in (SKILL, MIOU))
    assert depth is not None
    assert classes is not None
    assert depth.value == pytest.approx(0.02)
    assert depth.error == pytest.approx(0.01 * 2**0.5)
    assert (depth.finding, classes.finding) == ('not found', 'no, one seed')
    page = findings([two_stages, end_to_end])
    row = next(line for line in page.splitlines() if 'end_to_end_8x8' in line)
    assert row.endswith('| +0.020 ± 0.014 | not found | -0.060 ± 0.014 | no, one seed |')
    assert 'omninet' not in page


def test_seeds_add_to_the_error(tmp_path: Path) -> None:
    seeds = [run(tmp_path, 'vq_8x8', skill, 0.2, seed=seed, error=0.0) for seed, skill in enumerate((0.2, 0.4))]
    other = run(tmp_path, 'vae_8x8', 0.11, 0.1, error=0.0)
    difference = compare(seeds, [other], SKILL)
    assert difference is not None
    assert difference.value == pytest.approx(0.19)
    assert difference.finding == 'not found'
    assert difference.error == pytest.approx(0.1)


def test_a_system_without_the_metric_is_not_compared(tmp_path: Path) -> None:
    depth_only = run(tmp_path, 'echo2depth_paper', 0.1, 0.2)
    assert isinstance(depth_only.scores, dict)
    del depth_only.scores['segmentation']
    page = findings([run(tmp_path, 'vq_8x8', 0.2, 0.2), depth_only])
    assert page.rstrip().endswith('| +0.100 ± 0.014 | yes, one seed | – | – |')


def test_runs_of_other_conditions_are_not_compared(tmp_path: Path) -> None:
    first, second = run(tmp_path, 'vq_8x8', 0.3, 0.2), run(tmp_path / 'long', 'vq_16x16', 0.2, 0.2)
    assert findings([first, second])
    path = tmp_path / 'long' / 'street' / 'vq_16x16' / 'seed0.json'
    values = json.loads(path.read_text())
    values['budget']['steps'] = 9000
    path.write_text(json.dumps(values))
    assert findings([first, RunRecord.load(path)]) == ''


def test_findings_with_several_seeds_of_both_systems_say_yes_or_no(tmp_path: Path) -> None:
    first, second = (
        [run(tmp_path, system, skill, 0.2, seed=seed) for seed in range(2)]
        for system, skill in (('vq_8x8', 0.3), ('vae_8x8', 0.1))
    )
    difference = compare(first, second, SKILL)
    assert difference is not None
    assert difference.finding == 'yes'


def test_a_run_without_an_error_is_not_compared(tmp_path: Path) -> None:
    first, second = run(tmp_path, 'vq_8x8', 0.3, 0.2), run(tmp_path, 'vae_8x8', 0.1, 0.1)
    assert isinstance(second.scores, dict)
    del second.scores['over_streets']['against']['prior']['skill_error']
    assert compare([first], [second], SKILL) is None
