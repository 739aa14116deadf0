# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The record of a run: configuration, budget, machine, scores and curves, from which tables are made."""

from __future__ import annotations

import hashlib
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from audio_manifold_ros.datasets.split_file import SPLITS
from audio_manifold_ros.inference.plain import write_json
from audio_manifold_ros.processor import processor_name
from training.curves import FitRecord
from training.division import divide
from training.leakage import leakage

if TYPE_CHECKING:
    from training.cache import WindowCache
    from training.configuration import TrainingConfig
    from training.data_configuration import DataConfig
    from training.division import Division

FORMAT_VERSION = 1
RESULTS = Path(__file__).parent / 'results'


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
    manifolds = {f'manifold_{name}': config.manifold_folder(name) for name in config.manifolds}
    transforms = [config.transform_folder(network.modalities) for network in config.at_nets]
    hearing = {folder.name: folder for folder in (*transforms, *map(config.direct_folder, config.direct))}
    seen = {name: FitRecord.read(folder) for name, folder in manifolds.items()}
    heard = {name: FitRecord.read(folder) for name, folder in hearing.items()}
    fits = seen | heard
    leader = config.transform_fit if config.at_nets else config.direct_fit
    budget = {
        'train_drives': len(cache.drives('train')),
        'train_windows': len(cache.indices('train')),
        'validation_windows': len(cache.indices('validation')),
        'test_windows': len(cache.indices('test')),
        'batch_size': leader.batch_size,
        'steps': max((fit.steps for fit in heard.values()), default=0),
        'manifold_batch_size': config.manifold_fit.batch_size if seen else None,
        'manifold_steps': max((fit.steps for fit in seen.values()), default=None),
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
            'leaks': known_leaks(config.data, cache.division),
            'windows_sha256': windows_sha256(cache),
        },
        'config': config.to_dict(),
        'budget': budget,
        'machine': describe_machine(),
        'scores': scores,
        'curves': {f'{name}/{curve}': points for name, fit in fits.items() for curve, points in fit.curves.items()},
    }


def windows_sha256(cache: WindowCache) -> str:
    """Return a hash of which windows are learnt from, chosen on and reported on, whatever their features.

    A limit on drives picks others out of more drives: the name of the split and the number of windows do not tell.
    """
    digest = hashlib.sha256()
    for split in SPLITS:
        for drive_id, stamp_ns in sorted(cache.instants(cache.indices(split))):
            digest.update(f'{split} {drive_id} {stamp_ns}\n'.encode())
    return digest.hexdigest()


def known_leaks(config: DataConfig, division: Division) -> bool:
    """Return whether the test split shares anything with what is learnt or chosen on, measured where nobody says so.

    Raises:
        DatasetError: A drive cannot be read.

    """
    if division.leaks is not None:
        return division.leaks
    drives, _ = divide(config)
    return leakage(drives, division.split, config.features, config.frame_position, config.workers).leaks


def write_record(path: Path, record: dict[str, Any]) -> None:
    """Write a record; the file appears when it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f'.{path.name}.{os.getpid()}')
    partial.write_text(write_json(record), encoding='utf-8')
    partial.replace(path)


def describe_machine() -> dict[str, Any]:
    """Return what a run was computed on, as plain values."""
    gpus = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return {
        'system': f'{platform.system()} {platform.machine()}',
        'processor': processor_name(),
        'cores': os.cpu_count(),
        'gpus': gpus,
        'python': platform.python_version(),
        'torch': torch.__version__,
    }
