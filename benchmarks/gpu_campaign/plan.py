# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Plan of a campaign: its phases in order, their shares of the time and their processes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from benchmarks.gpu_campaign.phase import LIMIT, Phase, Task
from benchmarks.gpu_campaign.settings import CampaignSettings, cores

ROOT = Path(__file__).parents[2]
PACKAGE = 'benchmarks.gpu_campaign'
GPU_MARK = 'pytest.mark.gpu'
# Part of the time for the weights at the end.
COLLECTION_SHARE = 0.04
OCTAGON_SEED, RANDOM_SEED = 100_000, 300_000
# More than any machine simulates in a campaign: the simulation ends with its time.
DRIVES, DRY_DRIVES = 200_000, 10


def make_plan(settings: CampaignSettings) -> tuple[Phase, ...]:
    """Return the phases of a campaign in order."""
    return tuple(
        Phase(
            name,
            share,
            tasks(settings),
            parallel=cores(),
            fills_time=name in FILLING_PHASES and not settings.dry_run,
        )
        for name, (share, tasks) in PHASES.items()
    )


def _tests(settings: CampaignSettings) -> tuple[Task, ...]:
    tests = (path for path in (ROOT / 'tests').rglob('test_*.py') if GPU_MARK in path.read_text(encoding='utf-8'))
    files = sorted(str(path.relative_to(ROOT)) for path in tests)
    report = f'--junitxml={settings.out / "tests.xml"}'
    options = ('-q', '-m', 'gpu', '-p', 'no:cacheprovider', report)
    return (Task('tests', (sys.executable, '-m', 'pytest', *options, *files)),)


def _bench(name: str, settings: CampaignSettings) -> tuple[Task, ...]:
    figures = settings.benches / f'{name}.json'
    command = (sys.executable, '-m', f'{PACKAGE}.store_bench', name, settings.device, str(figures))
    return (Task(f'bench_{name}', command),)


def _octagon(settings: CampaignSettings) -> tuple[Task, ...]:
    return (Task('simulate_octagon', _simulation(settings, settings.octagon_drives, OCTAGON_SEED)),)


def _random(settings: CampaignSettings) -> tuple[Task, ...]:
    command = _simulation(settings, settings.random_drives, RANDOM_SEED)
    return (Task('simulate_random', (*command, '--rigs', 'random')),)


def _simulation(settings: CampaignSettings, folder: Path, first_seed: int) -> tuple[str, ...]:
    number = DRY_DRIVES if settings.dry_run else DRIVES
    drives = ('--drives', str(number), '--first-seed', str(first_seed), '--out', str(folder))
    command = (sys.executable, '-m', 'audio_manifold_ros', 'train', 'simulate')
    return (*command, *drives, '--workers', str(cores()))


def _features(settings: CampaignSettings) -> tuple[Task, ...]:
    command = (sys.executable, '-m', f'{PACKAGE}.fill_caches', *_shared(settings), *settings.systems)
    return (Task('features', command),)


def _training(settings: CampaignSettings) -> tuple[Task, ...]:
    command = (sys.executable, '-m', f'{PACKAGE}.train_system', *_shared(settings), '--limit', LIMIT)
    return tuple(Task(f'train_{name}', (*command, name)) for name in settings.systems)


def _shared(settings: CampaignSettings) -> tuple[str, ...]:
    dry = ('--dry-run',) if settings.dry_run else ()
    return ('--out', str(settings.out), '--work', str(settings.work), *dry)


# Name of each phase: its share of the time, and its processes. Training takes what the others leave.
PHASES: Mapping[str, tuple[float | None, Callable[[CampaignSettings], tuple[Task, ...]]]] = {
    'tests': (0.08, _tests),
    'bench_network': (0.06, partial(_bench, 'network')),
    'bench_pipeline': (0.14, partial(_bench, 'pipeline')),
    'bench_streams': (0.06, partial(_bench, 'streams')),
    'simulate_octagon': (0.09, _octagon),
    'simulate_random': (0.09, _random),
    'features': (0.08, _features),
    'train': (None, _training),
}
# Phases that work until their time is over.
FILLING_PHASES = ('simulate_octagon', 'simulate_random')
