# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Table of an ablation, from records on disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audio_manifold_ros.common.errors import TrainingError
from training.config.experiment_configuration import TrainingConfig
from training.experiment.ablation import ablation_page, main

FILES = sorted((Path(__file__).parents[3] / 'training' / 'configs' / 'ablation').glob('*.yaml'))
ERRORS = {'abs_rel': 0.25, 'abs_rel_camera_prior': 0.35}


def write_record(
    results: Path, system: str, seed: int = 0, *, config: object, abs_rel: float = 0.25, steps: int = 600
) -> None:
    path = results / 'ablation' / system / f'seed{seed}.json'
    path.parent.mkdir(parents=True, exist_ok=True)
    record = {
        'format_version': 1,
        'dataset': 'ablation',
        'system': system,
        'seed': seed,
        'config': config,
        'budget': {
            'train_drives': 3000,
            'train_windows': 3000,
            'validation_windows': 10,
            'test_windows': 560,
            'batch_size': 24,
            'steps': steps,
            'minutes': 5.0,
            'precision': '32-true',
        },
        'machine': {'cores': 2},
        'scores': {'depth': ERRORS | {'abs_rel': abs_rel}, 'segmentation': {'miou': 0.123}},
    }
    path.write_text(json.dumps(record), encoding='utf-8')


def rows(page: str) -> dict[str, list[str]]:
    lines = [[cell.strip() for cell in line.split('|')[1:-1]] for line in page.splitlines() if line.startswith('|')]
    return {line[0]: line[1:] for line in lines[2:]}


def test_a_row_has_the_changed_settings_and_the_mean_over_seeds(tmp_path: Path) -> None:
    config = {'name': 'complete', 'joint': {'average': 0.99}, 'manifolds': {'depth': {}}, 'machine': {'seed': 0}}
    write_record(tmp_path, 'complete', 0, config=config, abs_rel=0.24)
    write_record(tmp_path, 'complete', 1, config=config, abs_rel=0.26)
    write_record(tmp_path, 'no_average', config=config | {'name': 'x', 'joint': {'average': 0.0}}, abs_rel=0.3)
    write_record(tmp_path, 'direct', config=config | {'manifolds': {}, 'machine': {'seed': 5}})
    table = rows(ablation_page(tmp_path))
    assert list(table) == ['*camera prior*', '`complete`', '`direct`', '`no_average`']
    assert table['`complete`'][:3] == ['', '2', '0.250 ± 0.014']
    assert table['`no_average`'][:3] == ['joint.average: 0.0', '1', '0.300']
    assert table['`direct`'][0] == 'manifolds: none'
    assert table['*camera prior*'][2] == '0.350'
    assert [table['`direct`'][place] for place in (6, 9, 10)] == ['12.3', '–', '5']


def test_runs_of_different_budgets_are_refused(tmp_path: Path) -> None:
    write_record(tmp_path, 'complete', config={})
    write_record(tmp_path, 'longer', config={}, steps=700)
    with pytest.raises(TrainingError, match=r'longer seed 0 has .* \(560, 700, 24\)'):
        ablation_page(tmp_path)


def test_a_table_needs_the_complete_recipe(tmp_path: Path) -> None:
    write_record(tmp_path, 'no_average', config={})
    with pytest.raises(TrainingError, match="run 'complete'"):
        ablation_page(tmp_path)


def test_the_page_is_written_to_the_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_record(tmp_path, 'complete', config={})
    assert main(['--results', str(tmp_path), '--docs', str(tmp_path)]) == 0
    assert (tmp_path / 'ablation.md').read_text(encoding='utf-8') == ablation_page(tmp_path)
    assert main(['--results', str(tmp_path)]) == 0
    assert capsys.readouterr().out == ablation_page(tmp_path)
    assert main(['--results', str(tmp_path / 'none')]) == 1


@pytest.mark.parametrize('path', FILES, ids=lambda path: path.stem)
def test_all_experiments_have_one_budget(path: Path) -> None:
    config, complete = TrainingConfig.from_yaml(path), TrainingConfig.from_yaml(path.with_name('complete.yaml'))
    assert config.name == path.stem
    assert config.joint_fit == complete.joint_fit
    assert (config.data.features, config.data.test_drives) == (complete.data.features, complete.data.test_drives)
    if path.stem not in {'base', 'complete'}:
        assert config.output == f'runs/ablation/{path.stem}'
        assert config != complete
