# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The campaign: what is missing, its plan, the systems at full width, the size of its results, and a dry run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from audio_manifold_ros.inference.bundle.bundle import Bundle
from benchmarks.gpu_campaign.__main__ import main
from benchmarks.gpu_campaign.collect import RESERVED_BYTES, collect_weights
from benchmarks.gpu_campaign.fill_caches import main as fill_caches
from benchmarks.gpu_campaign.plan import COLLECTION_SHARE, make_plan
from benchmarks.gpu_campaign.settings import SYSTEMS, CampaignSettings
from benchmarks.gpu_campaign.systems import make_experiment
from training.experiment.run import list_stages

pytestmark = pytest.mark.own_process

ROOT = Path(__file__).parents[3]
LIMIT_S = 200.0


@pytest.fixture
def settings(tmp_path: Path) -> CampaignSettings:
    return CampaignSettings(tmp_path / 'out', tmp_path / 'work', 600.0)


def test_a_bare_machine_gets_the_list_of_packages_and_no_traceback(tmp_path: Path) -> None:
    command = [sys.executable, '-S', '-m', 'benchmarks.gpu_campaign', '--out', str(tmp_path / 'out')]
    done = subprocess.run(
        command, env={**os.environ, 'PYTHONPATH': str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert 'torch is missing' in done.stderr
    assert '17 packages are missing: numpy==' in done.stderr
    assert 'pip install --no-index --find-links wheels' in done.stderr
    assert 'Traceback' not in done.stderr
    assert not (tmp_path / 'out').exists()


def test_a_machine_without_a_gpu_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    assert main(['--out', str(tmp_path / 'out')]) == 1
    assert 'sees no CUDA device' in capsys.readouterr().err


def test_the_shares_leave_a_third_of_the_time_to_training(settings: CampaignSettings) -> None:
    shares = [phase.share for phase in make_plan(settings)]
    assert shares[-1] is None
    assert 1 - COLLECTION_SHARE - sum(share for share in shares if share is not None) > 1 / 3


def test_the_tests_of_the_plan_are_those_for_gpus(settings: CampaignSettings) -> None:
    (tests,) = make_plan(settings)[0].tasks
    files = [argument for argument in tests.command if argument.startswith('tests/')]
    assert 'tests/inference/backends/test_fused_pipeline.py' in files
    assert 'tests/benchmarks/gpu_campaign/test_campaign.py' not in files


@pytest.mark.parametrize('name', SYSTEMS)
def test_systems_have_full_width_and_fits_within_their_time(settings: CampaignSettings, name: str) -> None:
    config = make_experiment(name, settings, LIMIT_S)
    limits = {
        'manifold': config.manifold_fit,
        'audio': config.transform_fit,
        'single': config.direct_fit,
        'networks': config.joint_fit,
    }
    stages = [stage.name.partition(' ')[0] for stage in list_stages(config)]
    fits = [limits.get(stage, config.direct_fit) for stage in stages]
    assert all(fit.steps is None for fit in fits)
    assert 0 < sum(fit.minutes or 0.0 for fit in fits) * 60 < LIMIT_S
    assert config.machine.accelerator == 'gpu'
    assert all(network.width == 1.0 for network in config.at_nets)
    if config.spatial is None:
        assert all(manifold.features == 128 for manifold in config.manifolds.values())
        assert config.data.drives.endswith('street/octagon')
    else:
        assert config.data.drives.endswith('street')


def test_weights_are_kept_in_the_order_of_the_systems_while_they_fit(settings: CampaignSettings) -> None:
    sizes = {'spatial': 3_000, 'vq_8x8': 5_000, 'vae_8x8': 2_000}
    for system, size in sizes.items():
        folder = settings.bundles / system
        folder.mkdir(parents=True)
        (folder / 'manifest.json').write_bytes(b'0' * size)
    settings.out.mkdir()
    found = collect_weights(settings, RESERVED_BYTES + 6_000)
    assert [(weights['system'], weights['bytes']) for weights in found] == list(sizes.items())
    assert [weights['path'] for weights in found] == ['bundles/spatial', '', 'bundles/vae_8x8']
    assert sorted(path.name for path in (settings.out / 'bundles').iterdir()) == ['spatial', 'vae_8x8']


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_dry_run_simulates_trains_and_keeps_record_log_and_weights(tmp_path: Path) -> None:
    out, work = tmp_path / 'out', tmp_path / 'work'
    phases = ['simulate_octagon', 'train']
    # The limit is long, because other tests run at the same time.
    options = ['--dry-run', '--minutes', '120', '--work', str(work)]
    assert main(['--out', str(out), *options, '--phases', *phases, '--systems', 'spatial']) == 0
    record = json.loads((out / 'campaign.json').read_text())
    assert [(task['task'], task['status']) for task in record['tasks']] == [
        ('simulate_octagon', 'finished'),
        ('train_spatial', 'finished'),
    ]
    assert record['drives'] == {'octagon': 10, 'random': 0}
    assert 0 < record['bytes'] < record['max_bytes'] == 64_000_000
    assert record['weights'][0]['path'] == 'bundles/spatial'
    assert Bundle.load(out / 'bundles' / 'spatial').manifest.name == 'spatial'
    run = json.loads((out / 'records' / 'street' / 'spatial' / 'seed0.json').read_text())
    assert run['budget']['steps'] == 2
    assert run['scores']['depth']
    assert 'bundle:' in (out / 'logs' / 'train_spatial.log').read_text()
    assert '| train | train_spatial | finished |' in (out / 'campaign.md').read_text()
    assert fill_caches(['--out', str(out), '--work', str(work), '--dry-run', 'spatial']) == 0
    (windows,) = json.loads((out / 'windows.json').read_text()).values()
    assert sum(windows.values()) == 20
    assert min(windows.values()) > 0
