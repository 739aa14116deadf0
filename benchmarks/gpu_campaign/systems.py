# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Experiments of a campaign: the systems of the project at full width, with a time limit in place of steps."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.gpu_campaign.settings import SYSTEMS, CampaignSettings, cores
from training.config.data_configuration import DataConfig
from training.config.experiment_configuration import TrainingConfig
from training.config.fit_configuration import BudgetConfig, FitConfig
from training.config.network_widths import with_width

CONFIGS = Path(__file__).parents[2] / 'training' / 'configs'
DATASET = 'street'
# Parts of the time of a system for its fits. The rest is for start, scores and export.
FIT_SHARE, MANIFOLD_SHARE = 0.6, 0.4
VALIDATE_EVERY_STEPS, VALIDATION_WINDOWS = 100, 256
# Drives of validation and test that are used. Scores on more would take the time of the fits.
SCORED_DRIVES = 150
DRY_SHARE, DRY_STEPS, DRY_BATCH, DRY_WINDOWS = 0.3, 2, 2, 4


def make_experiment(name: str, settings: CampaignSettings, limit_s: float) -> TrainingConfig:
    """Return the experiment of a system of the campaign.

    Args:
        name: Name of a file in `training/configs/systems` or `training/configs`, without its ending.
        settings: The campaign.
        limit_s: Time of the system in seconds, from start to export.

    Raises:
        TrainingError: There is no such system.

    """
    named = CONFIGS / 'systems' / f'{name}.yaml'
    config = TrainingConfig.from_yaml(named if named.is_file() else CONFIGS / f'{name}.yaml')
    if config.spatial is None:
        config = with_width(config, 1.0)
    minutes = FIT_SHARE * limit_s / 60
    fits = max(len(config.manifolds), 1)
    audio_share = 1 - MANIFOLD_SHARE if config.manifolds and config.joint is None else 1.0
    return replace(
        config,
        output=str(settings.runs / name),
        data=_data(config, settings),
        manifold_fit=_limited(config.manifold_fit, MANIFOLD_SHARE * minutes / fits, settings),
        transform_fit=_limited(config.transform_fit, audio_share * minutes / max(len(config.at_nets), 1), settings),
        direct_fit=_limited(config.direct_fit, minutes / max(len(config.direct), 1), settings),
        joint_fit=_limited(config.joint_fit, minutes, settings),
        machine=replace(
            config.machine,
            accelerator='cpu' if settings.dry_run else 'gpu',
            devices='1',
            threads=max(1, cores() // len(SYSTEMS)),
            precision='32-true' if settings.dry_run else 'auto',
        ),
        budget=BudgetConfig(),
    )


def _data(config: TrainingConfig, settings: CampaignSettings) -> DataConfig:
    """Return the drives of a system. Networks on mel features need one array for all drives."""
    drives = settings.octagon_drives if config.spatial is None else settings.octagon_drives.parent
    shares = {'validation': DRY_SHARE, 'test': DRY_SHARE} if settings.dry_run else {}
    return replace(
        config.data,
        drives=str(drives),
        name=DATASET,
        cache=str(settings.work / 'cache'),
        train_drives=None,
        validation_drives=SCORED_DRIVES,
        test_drives=SCORED_DRIVES,
        workers=1,
        **shares,  # type: ignore[arg-type]
    )


def _limited(fit: FitConfig, minutes: float, settings: CampaignSettings) -> FitConfig:
    if settings.dry_run:
        lengths = replace(fit, steps=DRY_STEPS, minutes=None, batch_size=DRY_BATCH)
        return replace(lengths, validate_every_steps=1, validation_windows=DRY_WINDOWS)
    return replace(
        fit,
        steps=None,
        minutes=minutes,
        validate_every_steps=min(fit.validate_every_steps, VALIDATE_EVERY_STEPS),
        validation_windows=min(fit.validation_windows, VALIDATION_WINDOWS),
    )


def read_arguments(description: str, arguments: Sequence[str] | None) -> tuple[CampaignSettings, float]:
    """Return the campaign that the arguments of one of its processes name, and its time limit in seconds."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument('systems', nargs='+')
    parser.add_argument('--out', type=Path, required=True)
    parser.add_argument('--work', type=Path, required=True)
    parser.add_argument('--limit', type=float, default=60.0)
    parser.add_argument('--dry-run', action='store_true')
    given = parser.parse_args(arguments)
    systems = tuple(given.systems)
    return CampaignSettings(given.out, given.work, given.limit, systems, given.dry_run), given.limit
