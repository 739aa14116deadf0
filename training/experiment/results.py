# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The record of a run: configuration, budget, machine, scores and curves, from which tables are made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.data.dataset_fingerprint import windows_sha256
from training.data.split_file import SPLITS
from training.fitting.fit_history import FitHistory
from training.fitting.training_machine import describe_machine
from training.splits.split_leakage import compare_windows

if TYPE_CHECKING:
    from audio_manifold_ros.features.spec import FeatureSpec
    from training.config.experiment_configuration import TrainingConfig
    from training.data.cache import WindowCache

FORMAT_VERSION = 1
RESULTS = Path(__file__).parents[1] / 'results'


def record_path(folder: Path, config: TrainingConfig) -> Path:
    """Return where the record of a run lies in a folder of results."""
    return folder / config.data.dataset / config.name / f'seed{config.machine.seed}.json'


def make_record(config: TrainingConfig, cache: WindowCache, scores: dict[str, Any]) -> dict[str, Any]:
    """Return the record of a run whose fits are done.

    Args:
        config: The experiment.
        cache: Its windows.
        scores: Of the test split.

    Raises:
        TrainingError: A fit is not done.

    """
    manifold_fits = {folder.name: FitHistory.read(folder) for folder in config.manifold_folders}
    audio_fits = {folder.name: FitHistory.read(folder) for folder in config.audio_network_folders}
    fits = manifold_fits | audio_fits
    main_fit = config.transform_fit if config.at_nets else config.direct_fit
    budget = {
        'train_drives': len(cache.drives('train')),
        'train_windows': len(cache.indices('train')),
        'validation_windows': len(cache.indices('validation')),
        'test_windows': len(cache.indices('test')),
        'batch_size': main_fit.batch_size * _devices(audio_fits),
        'steps': max((fit.steps for fit in audio_fits.values()), default=0),
        'manifold_batch_size': config.manifold_fit.batch_size * _devices(manifold_fits) if manifold_fits else None,
        'manifold_steps': max((fit.steps for fit in manifold_fits.values()), default=None),
        'minutes': round(sum(fit.minutes for fit in fits.values()), 2),
        'precision': config.machine.precision,
    }
    return {
        'format_version': FORMAT_VERSION,
        'dataset': config.data.dataset,
        'system': config.name,
        'seed': config.machine.seed,
        'split': {
            'name': cache.division.split.name,
            'leaks': has_known_leaks(cache, config.data.features),
            'windows_sha256': windows_sha256(cache),
        },
        'config': config.to_dict(),
        'budget': budget,
        # What hears takes longest. Fits from before they said are taken to be of this machine.
        'machine': next(
            (fit.machine for fit in (*audio_fits.values(), *manifold_fits.values()) if fit.machine), describe_machine()
        ),
        'scores': scores,
        'curves': {f'{name}/{curve}': points for name, fit in fits.items() for curve, points in fit.curves.items()},
    }


def _devices(fits: dict[str, FitHistory]) -> int:
    return max((fit.devices for fit in fits.values()), default=1)


def has_known_leaks(cache: WindowCache, spec: FeatureSpec) -> bool:
    """Return whether the test split is known to share anything with what is learnt or chosen on.

    Its file may say so; otherwise the windows are compared by their drives and times.
    """
    split = cache.division.split
    members = {name: cache.instants(cache.indices(name)) for name in SPLITS}
    return split.leaks or any(pair.invalidates_test for pair in compare_windows(members, spec))
