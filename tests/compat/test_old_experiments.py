# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Compatibility: splits, experiments, records and checkpoints of version 0.1.0 load, and its fits resume."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.schema import from_plain
from audio_manifold_ros.datasets.drive_writer import DriveWriter
from audio_manifold_ros.datasets.rig_files import RigFiles
from tests.compat.old_file_values import FIXTURES, RATE_HZ, assert_same, expected, noise, plain, thinned
from training.config.experiment_configuration import TrainingConfig
from training.data.split_file import SPLITS, SplitFile
from training.experiment.results import record_path
from training.experiment.run_directory import open_windows
from training.fitting.checkpoints import BEST, LAST, load_checkpoint, load_direct, load_vq_vae
from training.fitting.fit_direct import fit_direct
from training.fitting.fit_history import FitHistory
from training.fitting.fit_manifold import fit_manifold
from training.fitting.latent_cache import encoder_sha256
from training.paper_tables.records import RunRecord

# Of the drives that the fit was made with, and of those that a resumption needs again.
FIT_DRIVES = tuple(f'noise_{number}' for number in range(7))


def write_fit_drives(folder: Path) -> None:
    """Write the drives that the fit in `fit/` was made with."""
    rig = RigFiles.from_folder(FIXTURES / 'rig_plain')
    rows, columns = np.mgrid[0:128, 0:128] / 128
    for number, name in enumerate(FIT_DRIVES):
        writer = DriveWriter(
            folder / f'{name}.h5', drive_id=name, rig=rig, sample_rate_hz=RATE_HZ, channels=8, provenance={}
        )
        with writer:
            writer.add_audio(noise(number * 45_000, number * 45_000 + 45_000) // 16, 0)
            for place, sample in enumerate((11_250, 33_750)):
                depth_m = 2 + 60 * np.abs(np.sin((1 + number) * rows + (2 + place) * columns))
                labels = (19 * np.abs(np.sin(3 * rows + (1 + number + place) * columns))).clip(0, 18)
                writer.add_image(sample, depth_m.astype(np.float16), labels.astype(np.uint8))


def split_facts(path: Path) -> dict[str, Any]:
    """Read a split file."""
    split = SplitFile.from_yaml(path)
    windows = [(f'drive_{number}', stamp) for number in range(5) for stamp in (500_000_000, 1_500_000_000)]
    return {
        'name': split.name,
        'leaks': split.leaks,
        'entries': {name: list(getattr(split, name)) for name in SPLITS},
        'drives': {name: list(split.drives(name)) for name in SPLITS},
        'members': {name: split.members(name, windows) for name in SPLITS},
        'places': split.assigned_splits(windows),
        'shared': split.shared_entries(),
    }


def record_facts(path: Path, results: Path) -> dict[str, Any]:
    """Read the record of a run from where results lie."""
    values = json.loads(path.read_text(encoding='utf-8'))
    place = results / values['dataset'] / values['system'] / f'seed{values["seed"]}.json'
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, place)
    record = RunRecord.load(place)
    return {
        'identity': [record.dataset, record.system, record.seed],
        'terms': plain(list(vars(record.conditions).values())),
        'cost': plain(asdict(record.cost)),
        'run': plain(asdict(record.run)),
        'score_groups': sorted(record.scores),
        'depth': record.scores['depth'],
        'config': read_config(values['config']),
    }


def read_config(values: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration of a record as the one that reads run folders makes it."""
    return plain(from_plain(TrainingConfig, values, 'experiment', TrainingError).to_dict())  # type: ignore[no-any-return]


def experiment_facts(path: Path) -> dict[str, Any]:
    """Read an experiment."""
    config = TrainingConfig.from_yaml(path)
    seeded = config.seeded(3)
    return {
        'values': plain(config.to_dict()),
        'modalities': list(config.modalities),
        'folders': [str(folder) for folder in (*seeded.manifold_folders, *seeded.audio_network_folders)],
        'record': str(record_path(Path('results'), seeded)),
    }


def fit_facts(folder: Path) -> dict[str, Any]:
    """Read the checkpoints and records of a fit."""
    rows, columns = torch.meshgrid(torch.arange(128) / 128, torch.arange(128) / 128, indexing='ij')
    image = (0.5 + 0.4 * torch.sin(5 * rows + 3 * columns))[None, None].float()
    manifold, direct = folder / 'manifold_depth', folder / 'omninet_segmentation'
    last = load_checkpoint(manifold / LAST)
    vq_vae = load_vq_vae(manifold / BEST)
    features = torch.from_numpy(noise(0, 128 * 128).astype(np.float32).reshape(1, 8, 128, 128) / 2**15)
    with torch.inference_mode():
        drawn = vq_vae(image)
        logits = load_direct(direct / BEST)(features)['segmentation']
    return {
        'hyper_parameters': {
            'manifold': plain(last['hyper_parameters']),
            'direct': plain(load_checkpoint(direct / BEST)['hyper_parameters']),
        },
        'global_step': last['global_step'],
        'encoder_sha256': encoder_sha256(vq_vae),
        'image': thinned(drawn.image[0, 0].numpy()),
        'codes_used': len(set(drawn.quantized.codes.flatten().tolist())),
        'logits': [thinned(logits[0, label].numpy()) for label in (0, 4)],
        'records': [plain(asdict(FitHistory.read(part))) for part in (manifold, direct)],
    }


def resumption_facts(folder: Path) -> dict[str, Any]:
    """Go on with the fits below the current folder, which must be a copy of `fit/` with the drives in `drives`."""
    config = TrainingConfig.from_yaml('experiment.yaml')
    cache = open_windows(config)
    facts: dict[str, Any] = {'train_windows': len(cache.indices('train'))}
    before = FitHistory.read(folder / 'manifold_depth')
    # As if the fit had been at it for an hour.
    checkpoint = load_checkpoint(folder / 'manifold_depth' / LAST)
    checkpoint['callbacks']['Budget']['elapsed_s'] = 3600.0
    torch.save(checkpoint, folder / 'manifold_depth' / LAST)
    longer = replace(config.manifold_fit, epochs=2 * config.manifold_fit.epochs)
    fit_manifold(config, 'depth', longer, resume=True)
    after = FitHistory.read(folder / 'manifold_depth')
    facts['steps'] = [before.steps, after.steps]
    facts['old_curves_kept'] = {
        name: after.curves.get(name, [])[: len(points)] == points for name, points in before.curves.items()
    }
    facts['time_counted_on'] = after.minutes > 60
    # An older part of a fit that hears is taken up, too; only its best checkpoint is kept here.
    direct = config.direct_folder(config.direct[0])
    shutil.copyfile(direct / BEST, direct / LAST)
    steps = load_checkpoint(direct / LAST)['global_step']
    twice = replace(config.direct_fit, epochs=2 * config.direct_fit.epochs)
    fit_direct(config, config.direct[0], twice, resume=True)
    facts['direct_steps'] = [steps, FitHistory.read(direct).steps]
    return facts


def test_a_split_file_divides_as_it_did() -> None:
    assert_same(split_facts(FIXTURES / 'split.yaml'), expected('split.yaml'))


def test_the_record_of_a_run_has_its_scores(tmp_path: Path) -> None:
    assert_same(record_facts(FIXTURES / 'run_record.json', tmp_path), expected('run_record.json'))


@pytest.mark.parametrize('name', ['experiment.yaml', 'experiment_direct.yaml', 'experiment_changed.yaml'])
def test_an_experiment_has_the_values_that_it_had(name: str) -> None:
    assert_same(experiment_facts(FIXTURES / name), expected(name))


def test_checkpoints_of_a_fit_are_read() -> None:
    assert_same(fit_facts(FIXTURES / 'fit'), expected('fit'))


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_fit_goes_on_where_the_old_code_left_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(shutil.copytree(FIXTURES / 'fit', tmp_path / 'fit'))
    write_fit_drives(folder / 'drives')
    monkeypatch.chdir(folder)
    assert_same(resumption_facts(Path(os.curdir)), expected('fit_resumed'))
