# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Lightning module that fits an AT-net to the latents of the manifolds (paper, section 3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch
from torch.nn import functional

from audio_manifold_ros.networks.at_net import AtNet
from training.data.augment import augment
from training.data.ground_truth_arrays import latent_key
from training.fitting.image_metrics import ImageMetrics
from training.fitting.lr_schedule import ScheduledModule

if TYPE_CHECKING:
    from audio_manifold_ros.features.spec import FeatureSpec
    from audio_manifold_ros.networks.at_net import AtNetConfig
    from audio_manifold_ros.networks.depth_representation import DepthRepresentation
    from audio_manifold_ros.networks.vq_vae import VqVae
    from training.config.fit_configuration import AugmentConfig, FitConfig
    from training.data.data_module import Batch
    from training.fitting.latent_cache import WindowStatistics
    from training.fitting.lr_schedule import TrainingBudget


class TransformModule(ScheduledModule):
    """An AT-net with an L2 loss against the continuous latents.

    The loss of each head is divided by the variance of its latents. A network that predicts the mean image has a loss
    of 1, and heads on a common trunk have equal weight.
    """

    def __init__(
        self,
        network: AtNetConfig,
        vq_vaes: dict[str, VqVae],
        statistics: WindowStatistics,
        fit: FitConfig,
        augmentation: tuple[AugmentConfig, FeatureSpec],
        depth: DepthRepresentation,
        budget: TrainingBudget,
    ) -> None:
        """Build the network with random weights. The manifolds are frozen."""
        super().__init__(fit, budget)
        self.variances = {
            modality: modality_statistics.variance for modality, modality_statistics in statistics.latents.items()
        }
        self.save_hyperparameters({'network': network.to_dict(), 'variances': self.variances})
        self.network = AtNet(network).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.network.set_input_statistics(statistics.features.mean, statistics.features.covariance)
        for modality, modality_statistics in statistics.latents.items():
            self.network.set_latent_statistics(modality, modality_statistics.mean, modality_statistics.std)
        self._augmentation = augmentation
        # In a dict, the manifolds are not part of checkpoint and optimiser.
        self._vq_vaes = {name: vq_vae.requires_grad_(requires_grad=False).eval() for name, vq_vae in vq_vaes.items()}
        self._image_metrics = ImageMetrics(network.modalities, depth)

    def training_step(self, batch: Batch, batch_idx: int) -> torch.Tensor:
        """Return the loss of one step."""
        del batch_idx
        features = augment(batch['features'], *self._augmentation)
        losses = self._losses(self._predict(features), batch)
        loss = torch.stack(list(losses.values())).mean()
        self.log_dict({f'train/{modality}': value for modality, value in losses.items()})
        self.log('train/loss', loss, prog_bar=True)
        return loss

    def on_validation_epoch_start(self) -> None:
        """Reset the metrics and move the manifolds to the device."""
        self._image_metrics.reset()
        for vq_vae in self._vq_vaes.values():
            vq_vae.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Log the loss and add the images to the metrics."""
        latents = self._predict(batch['features'])
        losses = self._losses(latents, batch)
        size = len(batch['features'])
        self.log_dict({f'val/{name}': value for name, value in losses.items()}, batch_size=size, sync_dist=True)
        loss = torch.stack(list(losses.values())).mean()
        self.log('val/loss', loss, prog_bar=True, batch_size=size, sync_dist=True)
        images = {modality: self._image(modality, latent.float()) for modality, latent in latents.items()}
        self._image_metrics.add(images, batch)
        if batch_idx == 0:
            self._image_metrics.log_images(images, batch, getattr(self.logger, 'experiment', None), self.global_step)

    def on_validation_epoch_end(self) -> None:
        """Log the scores."""
        self.log_dict(self._image_metrics.result(), sync_dist=True)

    def _predict(self, features: torch.Tensor) -> dict[str, torch.Tensor]:
        latents = self.network(features.contiguous(memory_format=torch.channels_last))
        return cast('dict[str, torch.Tensor]', latents)

    def _losses(self, latents: dict[str, torch.Tensor], batch: Batch) -> dict[str, torch.Tensor]:
        return {
            modality: functional.mse_loss(latent.float(), batch[latent_key(modality)])  # type: ignore[literal-required]
            / self.variances[modality]
            for modality, latent in latents.items()
        }

    def _image(self, modality: str, latent: torch.Tensor) -> torch.Tensor:
        vq_vae = self._vq_vaes[modality]
        return vq_vae.decoder(vq_vae.quantizer.quantize(latent).values)  # type: ignore[no-any-return]
