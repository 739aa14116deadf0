# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Lightning data module: whole batches from the window cache, without work per window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

import lightning
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from audio_manifold_ros.features.kinds import require_mel
from audio_manifold_ros.features.mel_torch import MelFeatureExtractor
from training.data.cache import open_cache
from training.data.evenly_spaced import evenly_spaced
from training.data.ground_truth_arrays import ARRAY_OF_MODALITY, GROUND_TRUTH, MODALITY_OF_KEY, latent_key
from training.data.resumable_sampler import ResumableBatchSampler
from training.data.window_checks import check_ground_truth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.networks.depth_representation import DepthRepresentation
    from training.config.experiment_configuration import TrainingConfig
    from training.config.fit_configuration import FitConfig
    from training.data.cache import WindowCache

VIEW_KEY = 'view'
# Number of steps of a fit with a time limit.
UNLIMITED_STEPS = 1_000_000_000


class Batch(TypedDict, total=False):
    """A batch of windows. Each fit selects the keys that it needs.

    features: float32 (batch, mic, height, width), or (batch, size) of spatial features.
    depth: float32 (batch, 1, row, column), in 0..1, invalid pixels filled.
    depth_m: float32 (batch, row, column), metres, NaN invalid.
    labels: uint8 (batch, row, column), 255 unlabelled.
    normals: float32 (batch, row, column, 3), unit vectors, NaN invalid.
    view: int64 (batch,), index of the camera in `WindowCache.views`, with spatial features.
    vehicles: float32 (batch, vehicle, column), as in `vehicle_arrays`, NaN without a vehicle.
    azimuths: float32 (batch, azimuth), directions of the steered map in radians.
    latent_depth, latent_segmentation, latent_normals: float32 (batch, code_dim, cell, cell).
    """

    features: torch.Tensor
    depth: torch.Tensor
    depth_m: torch.Tensor
    labels: torch.Tensor
    normals: torch.Tensor
    view: torch.Tensor
    vehicles: torch.Tensor
    azimuths: torch.Tensor
    latent_depth: torch.Tensor
    latent_segmentation: torch.Tensor
    latent_normals: torch.Tensor


class CachedWindowDataset(Dataset[Any]):
    """Windows of a split. Several indices at once give one batch."""

    def __init__(
        self,
        cache: WindowCache,
        indices: NDArray[np.int64],
        names: tuple[str, ...],
        depth: DepthRepresentation,
        latents: dict[str, str] | None = None,
    ) -> None:
        """Select windows and arrays.

        Args:
            cache: Cache of all windows.
            indices: Numbers of the windows.
            names: Keys of the batch. `features` becomes `audio` if the cache contains audio.
            depth: Representation of depth in the images.
            latents: Array name of the cached latents of each modality.

        """
        self._cache, self._indices, self._names = cache, indices, names
        self._depth = depth
        self._latents = {latent_key(modality): name for modality, name in (latents or {}).items()}

    def __len__(self) -> int:
        """Return the number of windows."""
        return len(self._indices)

    def __getitems__(self, places: list[int]) -> dict[str, torch.Tensor]:
        """Return a batch."""
        indices = self._indices[np.asarray(places)]
        return dict(self._column(name, indices) for name in self._names)

    def __getitem__(self, place: int) -> dict[str, torch.Tensor]:
        """Return a batch of one window."""
        return self.__getitems__([place])

    def _column(self, name: str, indices: NDArray[np.int64]) -> tuple[str, torch.Tensor]:
        modality = MODALITY_OF_KEY.get(name)
        if modality is not None:
            rows = self._cache.take(ARRAY_OF_MODALITY[modality], indices)
            return name, GROUND_TRUTH[modality].columns[name](rows, self._depth)
        if name == 'features' and self._cache.holds_audio:
            return 'audio', torch.from_numpy(self._cache.audio(indices))
        if name == VIEW_KEY:
            return name, torch.from_numpy(self._cache.window_views(indices))
        rows = self._cache.take(self._latents.get(name, name), indices)
        return name, torch.from_numpy(rows.astype(np.float32))


def identity_collate(batch: Any) -> Any:
    """Return the batch unchanged: the dataset already returns whole batches."""
    return batch


class WindowDataModule(lightning.LightningDataModule):
    """Training and validation windows of an experiment.

    Attributes:
        cache: Cache of all windows.
        latents: Array name of the cached latents of each modality, if batches contain them.

    """

    def __init__(
        self,
        config: TrainingConfig,
        fit: FitConfig,
        names: tuple[str, ...],
        validation_names: tuple[str, ...] = (),
    ) -> None:
        """Open the cache.

        Args:
            config: The experiment.
            fit: Configuration with the sizes of batches and validation.
            names: Keys of the batches.
            validation_names: Additional keys of the validation batches.

        Raises:
            TrainingError: The ground truth is missing, has no content or has class ids that do not exist.

        """
        super().__init__()
        self.cache = open_cache(config.data)
        given = {*names, *validation_names}
        modalities = [name for name, arrays in GROUND_TRUTH.items() if given & {*arrays.columns, latent_key(name)}]
        check_ground_truth(self.cache, modalities, ('train', 'validation'))
        self._config, self._fit = config, fit
        self.latents: dict[str, str] = {}
        self._names, self._validation_names = names, names + validation_names
        self._mel = MelFeatureExtractor(require_mel(config.data.features)) if self.cache.holds_audio else None

    def steps(self, devices: int = 1) -> int:
        """Return the number of steps of the whole fit on a number of devices."""
        if self._fit.minutes is not None:
            return UNLIMITED_STEPS
        rounds = ResumableBatchSampler(len(self.cache.indices('train')), self._fit.batch_size, 1, devices=(0, devices))
        return self._fit.steps or self._fit.epochs * rounds.batches_per_round

    def train_dataloader(self) -> DataLoader[Any]:
        """Return the batches of all steps. The seed determines their order, the trainer the first step."""
        dataset = self._dataset('train', self._names)
        rank, devices = self._place()
        batches = ResumableBatchSampler(
            len(dataset),
            self._fit.batch_size,
            self.steps(devices),
            seed=self._config.machine.seed,
            devices=(rank, devices),
            first_step=lambda: self.trainer.global_step if self.trainer is not None else 0,
        )
        return DataLoader(dataset, batch_sampler=batches, collate_fn=identity_collate)

    def val_dataloader(self) -> DataLoader[Any]:
        """Return the validation windows, reduced evenly to the limit, each on one device."""
        dataset = self._dataset('validation', self._validation_names, self._fit.validation_windows)
        return DataLoader(dataset, self._fit.batch_size, collate_fn=identity_collate)

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
        """Compute the features on the device of the network, if the cache contains audio."""
        del dataloader_idx
        if self._mel is not None:
            batch['features'] = self._mel(batch.pop('audio'))
        return batch

    def _place(self) -> tuple[int, int]:
        trainer = self.trainer
        return (0, 1) if trainer is None else (trainer.global_rank, trainer.world_size)

    def _dataset(self, split: str, names: tuple[str, ...], limit: int | None = None) -> CachedWindowDataset:
        indices = self.cache.indices(split)
        if limit is not None:
            indices = evenly_spaced(indices, limit)
            rank, devices = self._place()
            indices = indices[rank::devices] if len(indices) >= devices else indices
        return CachedWindowDataset(self.cache, indices, names, self._config.depth, self.latents)
