# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The commands of docs/own_array.md in miniature: a model for four microphones, from streets to scores of a bag."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
import yaml

from audio_manifold_ros.cli.dispatch import main
from audio_manifold_ros.inference.bundle.bundle import Bundle
from tests.training.four_microphones import write_rig
from training.config.experiment_configuration import TrainingConfig
from training.fitting.checkpoints import load_at_net

pytestmark = [pytest.mark.own_process, pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
PAGE = ROOT / 'docs' / 'own_array.md'
# Smaller numbers, and the folder of the experiments.
MINIATURE = {'--drives 8000': '--drives 10 --workers 1', '--seconds 20': '--seconds 3'}
MANIFOLD = {'codes': 16, 'code_dim': 8, 'first_features': 8, 'features': 16, 'residual_blocks': 1}
FIT = {'batch_size': 4, 'minutes': None, 'steps': 12, 'learning_rate': 3.0e-3, 'validate_every_steps': 6}
SMALL = {
    'data': {'validation': 0.3, 'test': 0.3, 'workers': 1},
    'manifolds': {'depth': MANIFOLD, 'segmentation': MANIFOLD},
    'at_nets': [{'width': 0.125, 'code_dim': 8, 'modalities': ['depth', 'segmentation']}],
    'manifold_fit': FIT,
    'transform_fit': FIT,
    'codebook': {'start_step': 6},
    'machine': {'threads': 1},
}


def blocks(language: str) -> list[str]:
    return re.findall(rf'```{language}\n(.*?)```', PAGE.read_text(encoding='utf-8'), re.DOTALL)


def commands() -> list[str]:
    lines = [line.partition(' #')[0].strip() for block in blocks('bash') for line in block.splitlines()]
    return [line for line in lines if line.startswith('audio-manifold')]


def run_command(line: str, capfd: pytest.CaptureFixture[str]) -> str:
    """Run a command of the page and return its standard error."""
    for long, short in MINIATURE.items():
        line = line.replace(long, short)
    status = main(shlex.split(line)[1:])
    printed = capfd.readouterr().err
    assert status == 0, f'{line}\n{printed}'
    return printed


def test_the_commands_of_the_page_train_a_model_for_four_microphones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_rig(tmp_path / 'my_rig')
    (tmp_path / 'training').mkdir()
    shutil.copytree(ROOT / 'training' / 'configs', tmp_path / 'training' / 'configs')
    (own,) = (yaml.safe_load(block) for block in blocks('yaml'))
    small = {**SMALL, **own, 'data': {**SMALL['data'], **own['data']}}  # type: ignore[dict-item]
    (tmp_path / 'my_array.yaml').write_text(yaml.safe_dump(small))
    *offline, demo = commands()
    assert 'audio-manifold demo --rig my_rig' in demo  # starts nodes, and is tested with them
    outputs = {line.split(' --')[0]: run_command(line, capfd) for line in offline}
    training = outputs['audio-manifold train run']
    assert re.search(
        r'verdict: beats the prior: depth (yes|no), segmentation (yes|no); uses the audio: depth', training
    )
    expected = 'train export --config training/configs/paper_8x8.yaml --with my_array.yaml --seed 0'
    assert f'next: audio-manifold {expected}' in training
    assert next(line for line in offline if 'train export' in line) in training
    config = TrainingConfig.from_yaml(tmp_path / 'training/configs/paper_8x8.yaml', [tmp_path / 'my_array.yaml'])
    folder = tmp_path / config.seeded(0).transform_folder(('depth', 'segmentation'))
    assert load_at_net(folder / 'best.ckpt').config.mics == 4
    record = json.loads((tmp_path / 'data/results/my_array/my_array/seed0.json').read_text())
    assert record['config']['at_nets'][0]['mics'] == 4
    assert Bundle.load(tmp_path / 'models' / 'my_array').manifest.microphones == 4
    # The export adds the scores of the confidence, which it fits, to those of the run.
    stored = json.loads((tmp_path / 'runs/my_array/seed0/scores.json').read_text())
    exported = json.loads((tmp_path / 'models/my_array/metrics.json').read_text())
    assert exported.pop('confidence')
    assert stored.pop('confidence', None) is None
    assert exported.pop('over_streets').pop('confidence_correlation') is not None
    assert {name: exported[name] for name in stored if name != 'over_streets'} == {
        name: values for name, values in stored.items() if name != 'over_streets'
    }
    assert (tmp_path / 'runs/my_array/seed0/overview.png').stat().st_size > 10_000
    assert any((tmp_path / 'scores').iterdir())
