# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Lightning module that fits single-stage networks, without a manifold: end to end, ECHO2DEPTH, OmniNet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import torch

from audio_manifold_ros.networks.single_stage import SingleStageNetwork
from training.data.augment import augment
from training.fitting.image_metrics import ImageMetrics
from training.fitting.losses import image_loss, loss_weight
from training.fitting.lr_schedule import ScheduledModule

if TYPE_CHECKING:
    from audio_manifold_ros.features.spec import FeatureSpec
    from audio_manifold_ros.networks.depth_representation import DepthRepresentation
    from audio_manifold_ros.networks.single_stage import SingleStageConfig
    from training.config.fit_configuration import AugmentConfig, FitConfig, LossConfig
    from training.data.data_module import Batch
    from training.fitting.latent_cache import MicrophoneStatistics
    from training.fitting.lr_schedule import TrainingBudget


class DirectModule(ScheduledModule):
    """A single-stage network and its image losses."""

    def __init__(
        self,
        network: SingleStageConfig,
        statistics: MicrophoneStatistics,
        fit: FitConfig,
        losses: LossConfig,
        augmentation: tuple[AugmentConfig, FeatureSpec],
        depth: DepthRepresentation,
        budget: TrainingBudget,
    ) -> None:
        """Build the network with random weights."""
        super().__init__(fit, budget)
        self.save_hyperparameters({'network': network.to_dict()})
        self.network = SingleStageNetwork(network).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.network.set_input_statistics(statistics.mean, statistics.covariance)
        self.losses, self._augmentation = losses, augmentation
        self._image_metrics = ImageMetrics(network.modalities, depth)

    def training_step(self, batch: Batch, batch_idx: int) -> torch.Tensor:
        """Return the loss of one step."""
        del batch_idx
        images = self._predict_images(augment(batch['features'], *self._augmentation))
        losses = {name: image_loss(name, image, batch, self.losses) for name, image in images.items()}
        loss = self._total(losses)
        self.log_dict({f'train/{modality}': value for modality, value in losses.items()})
        self.log('train/loss', loss, prog_bar=True)
        return loss

    def on_validation_epoch_start(self) -> None:
        """Reset the metrics."""
        self._image_metrics.reset()

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Log the losses and add the images to the metrics."""
        images = self._predict_images(batch['features'])
        losses = {name: image_loss(name, image, batch, self.losses) for name, image in images.items()}
        size = len(batch['features'])
        self.log_dict({f'val/{name}': value for name, value in losses.items()}, batch_size=size, sync_dist=True)
        self.log('val/loss', self._total(losses), prog_bar=True, batch_size=size, sync_dist=True)
        self._image_metrics.add(images, batch)
        if batch_idx == 0:
            self._image_metrics.log_images(images, batch, getattr(self.logger, 'experiment', None), self.global_step)

    def on_validation_epoch_end(self) -> None:
        """Log the scores."""
        self.log_dict(self._image_metrics.result(), sync_dist=True)

    def _predict_images(self, features: torch.Tensor) -> dict[str, torch.Tensor]:
        images: Any = self.network(features.contiguous(memory_format=torch.channels_last))
        return cast('dict[str, torch.Tensor]', images)

    def _total(self, losses: dict[str, torch.Tensor]) -> torch.Tensor:
        return torch.stack([loss_weight(name, self.losses) * value for name, value in losses.items()]).sum()
