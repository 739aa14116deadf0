# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Complete runs from drives to a record: killed and resumed, on one device and on two."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from rich.console import Console

from audio_manifold_ros.common.errors import EvaluationError, TrainingError
from audio_manifold_ros.common.machine import processor_name
from training.config.data_configuration import DataConfig
from training.config.experiment_configuration import TrainingConfig
from training.config.fit_configuration import CodebookConfig
from training.data.cache import open_cache, windows_sha256
from training.data.simulate import write_drive
from training.data.split_file import SplitFile
from training.data.window_dataset import find_drives
from training.experiment import evaluate as evaluate_module
from training.experiment import experiment_inference
from training.experiment.run import list_stages, main, run
from training.experiment.scored_batches import FOLDER
from training.fitting.checkpoints import BEST, FIT_FILE, LAST, load_checkpoint, network_weights
from training.fitting.fit_history import FitHistory
from training.fitting.transform_module import TransformModule

pytestmark = [pytest.mark.own_process, pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[3]
QUIET = Console(quiet=True)
STEPS = 40
MANIFOLD = {'codes': 8, 'code_dim': 8, 'first_features': 8, 'features': 8, 'residual_blocks': 1}
FIT = {'batch_size': 4, 'learning_rate': 3e-3, 'schedule': 'one_cycle', 'validate_every_steps': 10}


@pytest.fixture
def experiment(data_config: DataConfig, tmp_path: Path) -> Path:
    """Return an experiment with all random parts of a fit."""
    values = {
        'name': 'small',
        'output': str(tmp_path / 'runs'),
        'data': {key: value for key, value in asdict(data_config).items() if key != 'features'} | {'test': 0.3},
        'manifolds': {'depth': MANIFOLD},
        'at_nets': [{'width': 0.125, 'code_dim': 8, 'modalities': ['depth']}],
        'manifold_fit': FIT,
        'transform_fit': FIT,
        'codebook': {'start_step': 15, 'restart_every_steps': 4},
        'augment': {'gain_db': 2.0, 'masks': 1, 'drop_microphones': 0.2},
        'machine': {'accelerator': 'cpu', 'devices': '1', 'threads': 1},
        'budget': {'steps': STEPS, 'manifold_steps': STEPS},
    }
    path = tmp_path / 'small.yaml'
    path.write_text(yaml.safe_dump(values))
    return path


def test_a_killed_run_resumes_with_equal_results(
    experiment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = TrainingConfig.from_yaml(experiment).seeded(3)
    arguments = ['--config', str(experiment), '--seed', '3', '--results', str(tmp_path / 'results')]
    manifold, transform = list_stages(config)
    _kill_when_exists(manifold.folder / LAST, arguments)
    assert not manifold.done, 'the fit ended before the kill'
    _fail_at_step(27, monkeypatch)
    with pytest.raises(RuntimeError, match='power failure'):
        main(arguments)
    assert manifold.done
    assert load_checkpoint(transform.folder / LAST)['global_step'] == 20
    monkeypatch.undo()
    assert main(arguments) == 0
    undisturbed = replace(config, output=str(tmp_path / 'undisturbed'))
    run(undisturbed, tmp_path / 'other_results', QUIET)
    for killed, uninterrupted in zip(list_stages(config), list_stages(undisturbed), strict=True):
        found, expected = FitHistory.read(killed.folder), FitHistory.read(uninterrupted.folder)
        assert found.steps == expected.steps == STEPS
        assert len(expected.curves['train/loss']) == STEPS
        assert [step for step, _ in expected.curves['val/loss']] == [10, 20, 30, 40]
        assert found.curves == expected.curves
        for name in (LAST, BEST):
            weights = [network_weights(load_checkpoint(stage.folder / name)) for stage in (killed, uninterrupted)]
            assert all(torch.equal(weights[0][key], weights[1][key]) for key in weights[1])


def test_finished_stages_are_not_repeated_and_another_experiment_is_refused(experiment: Path, tmp_path: Path) -> None:
    results = tmp_path / 'results'
    shorter = tmp_path / 'shorter.yaml'
    shorter.write_text(yaml.safe_dump({'budget': {'steps': 6, 'manifold_steps': 6}, 'codebook': {'start_step': 2}}))
    arguments = ['--config', str(experiment), '--with', str(shorter), '--results', str(results)]
    assert main([*arguments, '--seed', '0', '1']) == 0
    records = [json.loads((results / 'streets0' / 'small' / f'seed{seed}.json').read_text()) for seed in (0, 1)]
    _check_record(records[0], TrainingConfig.from_yaml(experiment, [shorter]))
    assert records[0]['curves'] != records[1]['curves']
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / 'runs').rglob('*') if path.is_file()}
    assert main([*arguments, '--seed', '1']) == 0
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert json.loads((results / 'streets0' / 'small' / 'seed1.json').read_text()) == records[1]
    changed = replace(TrainingConfig.from_yaml(experiment, [shorter]).seeded(0), codebook=CodebookConfig(start_step=5))
    with pytest.raises(TrainingError, match='another codebook: '):
        run(changed, results, QUIET)


def test_a_refitted_manifold_is_not_combined_with_the_old_at_net(experiment: Path, tmp_path: Path) -> None:
    shorter, results = tmp_path / 'shorter.yaml', tmp_path / 'results'
    shorter.write_text(yaml.safe_dump({'budget': {'steps': 6, 'manifold_steps': 6}, 'codebook': {'start_step': 2}}))
    config = TrainingConfig.from_yaml(experiment, [shorter])
    run(config, results, QUIET)
    scores = Path(config.output) / 'scores.json'
    before = scores.read_text()
    manifold, transform = list_stages(config)
    shutil.rmtree(manifold.folder)
    machine = replace(config.machine, seed=1)
    with pytest.raises(TrainingError, match='another manifold of depth'):
        run(replace(config, machine=machine), results, QUIET)
    shutil.rmtree(transform.folder)
    run(replace(config, machine=machine), results, QUIET)
    assert scores.read_text() != before, 'the scores are those of the old networks'


def test_a_test_split_that_cannot_be_scored_is_refused_before_the_fits(
    experiment: Path, drives: Path, tmp_path: Path
) -> None:
    config = TrainingConfig.from_yaml(experiment)
    folder = tmp_path / 'drives'
    shutil.copytree(drives, folder, ignore=shutil.ignore_patterns('cache'))
    names = sorted(find_drives(folder))
    write_drive(folder, 3100, 1)
    (one_window,) = set(find_drives(folder)) - set(names)
    split = tmp_path / 'one.yaml'
    SplitFile('one window of test', tuple(names[:4]), tuple(names[4:6]), (one_window,)).write(split)
    data = replace(config.data, drives=str(folder), cache=str(tmp_path / 'cache'), split=str(split))
    with pytest.raises(EvaluationError, match='1 windows: give drives with at least two windows'):
        run(replace(config, data=data), tmp_path / 'results', QUIET)
    assert not Path(config.output).exists()


def test_damaged_checkpoints_are_named_and_do_not_block_the_run(
    experiment: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shorter = tmp_path / 'shorter.yaml'
    shorter.write_text(yaml.safe_dump({'budget': {'steps': 20, 'manifold_steps': 20}, 'codebook': {'start_step': 2}}))
    arguments = ['--config', str(experiment), '--with', str(shorter), '--results', str(tmp_path / 'results')]
    assert main(arguments) == 0
    printed = ' '.join(capsys.readouterr().err.split())
    assert re.search(r'verdict: beats the prior: depth (yes|no); uses the audio: depth (yes|no)', printed)
    assert f'next: audio-manifold train export --config {experiment} --with {shorter} --seed 0' in printed
    manifold, transform = list_stages(TrainingConfig.from_yaml(experiment, [shorter]).seeded(0))
    good = tmp_path / 'good'
    shutil.copytree(manifold.folder.parent, good)
    expected = FitHistory.read(transform.folder)

    def again(damage: Callable[[], object]) -> str:
        shutil.rmtree(manifold.folder.parent)
        shutil.copytree(good, manifold.folder.parent)
        damage()
        assert main(arguments) == 0
        found = FitHistory.read(transform.folder)
        assert (found.steps, found.curves) == (expected.steps, expected.curves)
        return ' '.join(capsys.readouterr().err.split())

    def cut_last() -> None:
        (transform.folder / FIT_FILE).unlink()
        os.truncate(transform.folder / LAST, 5000)

    def empty_both() -> None:
        (transform.folder / FIT_FILE).unlink()
        for name in (LAST, BEST):
            os.truncate(transform.folder / name, 0)

    printed = again(cut_last)
    assert re.search(
        r"transform_depth/last\.ckpt' \(5000 bytes\) is damaged\. The fit continues from '.*best\.ckpt'", printed
    )
    printed = again(empty_both)
    assert re.search(
        r"last\.ckpt' \(0 bytes\) and '.*best\.ckpt' \(0 bytes\) are damaged\. The fit starts again", printed
    )
    printed = again(lambda: os.truncate(manifold.folder / BEST, 5000))
    assert re.search(r"manifold_depth/best\.ckpt' is damaged \(5000 bytes\)\. The fit starts again", printed)
    assert (manifold.folder / f'{BEST}.damaged').stat().st_size == 5000
    printed = again((transform.folder / BEST).unlink)
    assert "transform_depth/best.ckpt' is missing. The fit starts again" in printed


def test_a_killed_evaluation_continues_with_its_next_batch(
    experiment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorter = tmp_path / 'shorter.yaml'
    shorter.write_text(yaml.safe_dump({'budget': {'steps': 6, 'manifold_steps': 6}, 'codebook': {'start_step': 2}}))
    config = TrainingConfig.from_yaml(experiment, [shorter])
    run(config, None, QUIET)
    assert (Path(config.data.drives).parent / 'results' / 'streets0' / 'small' / 'seed0.json').is_file()
    scores = Path(config.output) / 'scores.json'
    expected = scores.read_text()
    scores.unlink()
    monkeypatch.setattr(experiment_inference, 'BATCH', 2)
    predicted: list[int] = []
    predict_variants = evaluate_module._predict_variants

    def fail_at_third(*arguments: Any) -> Any:
        predicted.append(1)
        if len(predicted) == 3:
            msg = 'power failure'
            raise RuntimeError(msg)
        return predict_variants(*arguments)

    monkeypatch.setattr(evaluate_module, '_predict_variants', fail_at_third)
    with pytest.raises(RuntimeError, match='power failure'):
        run(config, None, QUIET)
    stored = sorted((Path(config.output) / FOLDER).rglob('*.npz'))
    assert [path.name for path in stored] == ['000000.npz', '000001.npz']
    os.truncate(stored[1], 100)
    run(config, None, QUIET)
    batches = -(-len(open_cache(config.data, progress=False).indices('test')) // 2)
    assert len(predicted) == 3 + batches - 1, 'only the first batch was intact'
    assert scores.read_text() == expected
    assert not (Path(config.output) / FOLDER).exists()


def test_two_devices_fit_together(experiment: Path, tmp_path: Path) -> None:
    two = tmp_path / 'two.yaml'
    fit = {'batch_size': 2, 'validate_every_steps': 3}
    values = {
        'machine': {'devices': '2', 'strategy': 'ddp'},
        'budget': {'steps': 6, 'manifold_steps': 6},
        'manifold_fit': fit,
        'transform_fit': fit,
        'codebook': {'start_step': 2, 'restart_every_steps': 2},
    }
    two.write_text(yaml.safe_dump(values))
    arguments = ['--config', str(experiment), '--with', str(two), '--results', str(tmp_path / 'results')]
    command = _command(arguments)
    done = subprocess.run(command, env=_environment(), capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count('record:') == 1
    config = TrainingConfig.from_yaml(experiment, [two]).seeded(0)
    record = json.loads((tmp_path / 'results' / 'streets0' / 'small' / 'seed0.json').read_text())
    assert record['budget']['steps'] == record['budget']['manifold_steps'] == 6
    assert record['budget']['batch_size'] == record['budget']['manifold_batch_size'] == 4, 'two devices, 2 windows each'
    for stage in list_stages(config):
        assert load_checkpoint(stage.folder / LAST)['global_step'] == 6


def _check_record(record: dict[str, Any], config: TrainingConfig) -> None:
    assert (record['format_version'], record['dataset'], record['system'], record['seed']) == (
        1,
        'streets0',
        'small',
        0,
    )
    split = {
        'name': 'drive-disjoint',
        'leaks': False,
        'windows_sha256': windows_sha256(open_cache(config.data, progress=False)),
    }
    assert record['split'] == split
    budget = record['budget']
    assert (budget['steps'], budget['manifold_steps'], budget['batch_size']) == (6, 6, 4)
    assert budget['train_windows'] == 2 * budget['train_drives'] > 0
    assert budget['minutes'] > 0
    assert record['config']['at_nets'][0]['width'] == 0.125
    assert record['config']['codebook']['start_step'] == config.codebook.start_step == 2
    assert record['machine']['processor'] == processor_name()
    assert record['scores']['windows'] == budget['test_windows']
    depth = record['scores']['depth']
    assert {'abs_rel', 'abs_rel_prior', 'abs_rel_shuffled', 'abs_rel_mirrored'} <= depth.keys()
    assert set(record['curves']) >= {'manifold_depth/train/loss', 'transform_depth/val/loss'}


def _kill_when_exists(path: Path, arguments: list[str]) -> None:
    with subprocess.Popen(_command(arguments), env=_environment(), stderr=subprocess.DEVNULL) as process:
        end_s = time.monotonic() + 240
        while not path.exists():
            assert process.poll() is None, 'the process ended before the kill'
            assert time.monotonic() < end_s, f'{path} did not appear'
            time.sleep(0.02)
        # Between two checkpoints.
        time.sleep(0.3)
        process.send_signal(signal.SIGKILL)


def _fail_at_step(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    take_step = TransformModule.training_step

    def fail(module: TransformModule, batch: Any, batch_idx: int) -> torch.Tensor:
        if module.global_step == step:
            msg = 'power failure'
            raise RuntimeError(msg)
        return take_step(module, batch, batch_idx)

    monkeypatch.setattr(TransformModule, 'training_step', fail)


def _command(arguments: list[str]) -> list[str]:
    return [sys.executable, '-m', 'audio_manifold_ros', 'train', 'run', *arguments]


def _environment() -> dict[str, str]:
    return {**os.environ, 'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1'}
