# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Run record: configuration, budget, machine, scores and curves. Tables are made from these records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from audio_manifold_ros.common.machine import describe_training_machine
from training.data.cache import windows_sha256
from training.data.dataset_split import divide
from training.data.split_file import SPLITS
from training.fitting.fit_history import FitHistory
from training.fitting.precision import resolve_precision
from training.splits.split_leakage import compare_windows, simulated_drives

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audio_manifold_ros.features.kinds import AnyFeatureSpec
    from training.config.data_configuration import DataConfig
    from training.config.experiment_configuration import TrainingConfig
    from training.data.cache import WindowCache

FORMAT_VERSION = 1
RESULTS_FOLDER = 'results'
# Folder of the records of drives in `data/`.
RESULTS = Path('data') / RESULTS_FOLDER
# Scores of the test split in the output folder of a run, with their provenance.
SCORES_FILE = 'scores.json'


def results_folder(config: TrainingConfig) -> Path:
    """Return the default folder of the records of an experiment, which is next to the folder of its drives."""
    return Path(config.data.drives).parent / RESULTS_FOLDER


def record_path(folder: Path, config: TrainingConfig) -> Path:
    """Return the path of the record of a run in a folder of results."""
    return folder / config.data.dataset / config.name / f'seed{config.machine.seed}.json'


def make_record(config: TrainingConfig, cache: WindowCache, scores: Mapping[str, object]) -> dict[str, object]:
    """Return the record of a run whose fits are finished.

    Args:
        config: The experiment.
        cache: Its windows.
        scores: Scores of the test split.

    Raises:
        TrainingError: A fit is not finished.

    """
    manifold_fits = {folder.name: FitHistory.read(folder) for folder in config.manifold_folders}
    audio_fits = {folder.name: FitHistory.read(folder) for folder in config.audio_network_folders}
    fits = manifold_fits | audio_fits
    main_fit = config.main_fit
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
        'precision': resolve_precision(config.machine.precision, config.machine.accelerator),
    }
    return {
        'format_version': FORMAT_VERSION,
        'dataset': config.data.dataset,
        'system': config.name,
        'seed': config.machine.seed,
        'split': {
            'name': cache.dataset_split.split.name,
            'leaks': has_known_leaks(cache, config.data.features, config.data),
            'windows_sha256': windows_sha256(cache),
        },
        'config': config.to_dict(),
        'budget': budget,
        # The fit with audio input takes longest. Older records without a machine are assigned this machine.
        'machine': next(
            (fit.machine for fit in (*audio_fits.values(), *manifold_fits.values()) if fit.machine),
            describe_training_machine(),
        ),
        'scores': scores,
        'curves': {f'{name}/{curve}': points for name, fit in fits.items() for curve, points in fit.curves.items()},
    }


def _devices(fits: dict[str, FitHistory]) -> int:
    return max((fit.devices for fit in fits.values()), default=1)


def has_known_leaks(cache: WindowCache, spec: AnyFeatureSpec, data: DataConfig | None = None) -> bool:
    """Return whether the test split shares windows with the training or validation split.

    The split file may declare it. Otherwise the windows are compared by drive and time.

    Args:
        cache: All windows.
        spec: Definition of the features, with the length of the windows.
        data: Data of the experiment. With it, the clocks of simulated drives are not compared with each other.

    Raises:
        DatasetError: A drive cannot be read.

    """
    split = cache.dataset_split.split
    members = {name: cache.instants(cache.indices(name)) for name in SPLITS}
    if split.leaks or not any(pair.invalidates_test for pair in compare_windows(members, spec)):
        return split.leaks
    # Only now are the drives opened: there can be thousands.
    simulated = frozenset() if data is None else simulated_drives(divide(data)[0])
    return any(pair.invalidates_test for pair in compare_windows(members, spec, simulated))
