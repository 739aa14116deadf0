# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmark of the loaders of training, compared with one that opens the file for each window."""

from __future__ import annotations

import tempfile
from itertools import islice
from pathlib import Path
from time import process_time
from typing import Any, Literal

import h5py
import numpy as np
import torch
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from audio_manifold_ros.common.pcm16 import int16_to_float
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.datasets.windows import cut_windows
from audio_manifold_ros.features.mel_filterbank import mel_filterbank
from audio_manifold_ros.features.mel_torch import MelFeatureExtractor
from audio_manifold_ros.features.spec import FeatureSpec
from audio_manifold_ros.networks.depth_representation import DepthRepresentation
from audio_manifold_ros.networks.vq_vae import VqVaeConfig
from benchmarks.harness.figure import Figure, faster
from benchmarks.harness.timing import Action, medians_s
from training.config.data_configuration import DataConfig
from training.config.experiment_configuration import TrainingConfig
from training.config.fit_configuration import FitConfig
from training.data.data_module import WindowDataModule
from training.data.simulate import write_drive
from training.data.window_dataset import find_drives

SEEDS = range(950_200, 950_208)
SECONDS = 20
BATCH = 32
BATCHES = 3
MICROPHONES = 8
ROUNDS = 7
SPLIT_FRACTION = 0.25
# A seed for which none of the three splits of these few drives is empty.
SPLIT_SEED = 6
MIN_RATIO = 10
UNIT = 'windows per s of processor time'
ALTERNATIVE = 'opening the file and torch.stft for each window'
NAMES = ('features', 'depth', 'labels')
TOLERANCE = 2e-3


class NaiveWindowDataset(Dataset[dict[str, torch.Tensor]]):
    """Dataset that opens the file, reads the second around an image and computes its spectrogram for each window."""

    def __init__(self, paths: list[Path], spec: FeatureSpec, depth: DepthRepresentation) -> None:
        """Find the windows."""
        self._spec, self._depth = spec, depth
        self._windows: list[tuple[Path, int, int]] = []
        for path in paths:
            with DriveReader(path) as drive:
                cut = cut_windows(drive, spec)
                self._windows += [(path, window.first_sample, window.image) for window in cut.windows]
        self._hann = torch.hann_window(spec.win_samples)
        self._filters = torch.from_numpy(mel_filterbank(spec))

    def __len__(self) -> int:
        """Return the number of windows."""
        return len(self._windows)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        """Return features, depth and labels of one window."""
        path, first, image = self._windows[index]
        with h5py.File(path, 'r') as file:
            audio = np.asarray(file['audio'][:, first : first + self._spec.window_samples])
            depth_m = np.asarray(file['depth_m'][image], dtype=np.float32)
            labels = np.asarray(file['labels'][image])
        return {
            'features': self.features(torch.from_numpy(int16_to_float(audio))),
            'depth': torch.from_numpy(self._depth.depth_to_unit(depth_m))[None],
            'labels': torch.from_numpy(labels),
        }

    def features(self, samples: torch.Tensor) -> torch.Tensor:
        """Return the features of a window (mic, sample) computed by torch in float32."""
        spec = self._spec
        sizes = (spec.n_fft, spec.hop_samples, spec.win_samples)
        spectrum = torch.stft(samples, *sizes, self._hann, center=True, return_complex=True)
        power = self._filters @ spectrum.abs().square()
        levels = 10.0 * power.clamp_min(spec.floor_power).log10() / spec.db_divisor
        return functional.interpolate(levels[None], (spec.height, spec.width), mode='bilinear')[0]


def measure() -> list[Figure]:
    """Return the figures of the loaders."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for seed in SEEDS:
            write_drive(folder / 'drives', seed, SECONDS)
        cached, on_device = _window_data(folder, 'cache'), _window_data(folder, 'device')
        paths = [find_drives(folder / 'drives')[drive] for drive in cached.cache.drives('train')]
        per_item = NaiveWindowDataset(paths, FeatureSpec(), DepthRepresentation())
        _require_same(per_item, cached, on_device)
        calls = {
            'per_item': lambda: _batches(DataLoader(per_item, BATCH, shuffle=True, drop_last=True)),
            'kept': lambda: _batches(cached.train_dataloader()),
            'on_device': lambda: _batches(on_device.train_dataloader()),
            'computed': lambda: [_computed(on_device, batch) for batch in _batches(on_device.train_dataloader())],
        }
        times_s = medians_s({name: Action(call) for name, call in calls.items()}, ROUNDS, process_time)
    rates = {name: BATCH * BATCHES / time_s for name, time_s in times_s.items()}
    slow = rates['per_item']
    figures = [
        faster('`features_on: cache`, the loader alone', rates['kept'], UNIT, ALTERNATIVE, slow, MIN_RATIO),
        faster('`features_on: device`, the loader alone', rates['on_device'], UNIT, ALTERNATIVE, slow, MIN_RATIO),
        faster('the same, and the features in batch on that core', rates['computed'], UNIT, ALTERNATIVE, slow),
    ]
    if torch.cuda.is_available():
        figures.append(Figure(f'features in batch on {torch.cuda.get_device_name()}', _gpu_rate(), 'windows per s'))
    return figures


def _gpu_rate() -> float:
    spec = FeatureSpec()
    mel, audio = MelFeatureExtractor(spec), torch.randn(BATCH, MICROPHONES, spec.window_samples, device='cuda')

    def compute() -> None:
        mel(audio)
        torch.cuda.synchronize()

    return BATCH / medians_s({'gpu': Action(compute, 10)}, ROUNDS)['gpu']


def _window_data(folder: Path, features_on: Literal['cache', 'device']) -> WindowDataModule:
    data = DataConfig(
        drives=str(folder / 'drives'),
        cache=str(folder / 'cache'),
        validation=SPLIT_FRACTION,
        test=SPLIT_FRACTION,
        split_seed=SPLIT_SEED,
        features_on=features_on,
        workers=1,
    )
    config = TrainingConfig('loader', data, manifolds={'depth': VqVaeConfig()})
    return WindowDataModule(config, FitConfig(batch_size=BATCH, epochs=1_000), NAMES)


def _batches(loader: DataLoader[Any]) -> list[dict[str, torch.Tensor]]:
    return list(islice(iter(loader), BATCHES))


def _computed(data: WindowDataModule, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    features: torch.Tensor = data.on_after_batch_transfer(batch, 0)['features']
    return features


def _require_same(per_item: NaiveWindowDataset, *loaders: WindowDataModule) -> None:
    expected = np.stack([per_item[index]['features'].numpy() for index in range(3)])
    for data in loaders:
        found = data.cache.features(data.cache.indices('train')[:3])
        difference = float(np.abs(found - expected).max())
        if not difference < TOLERANCE:
            msg = f'The loaders differ by {difference:.2g}: the comparison is invalid.'
            raise RuntimeError(msg)
