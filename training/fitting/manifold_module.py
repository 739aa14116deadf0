# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Learning the manifold of one modality (paper, section 3.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from audio_manifold_ros.networks.label_encoding import encode_labels
from audio_manifold_ros.networks.quantizer import VectorQuantizer
from audio_manifold_ros.networks.vq_vae import Reconstruction, VqVae
from training.fitting.losses import image_loss, loss_weight
from training.fitting.lr_schedule import ScheduledModule
from training.fitting.validation_callback import ImageMetrics

if TYPE_CHECKING:
    from collections.abc import Callable

    from audio_manifold_ros.networks.depth_representation import DepthRepresentation
    from audio_manifold_ros.networks.vq_vae import VqVaeConfig
    from training.config.fit_configuration import CodebookConfig, FitConfig, LossConfig
    from training.data.data_module import Batch
    from training.fitting.lr_schedule import Budget

LAST_RESTART = 0.75
# Added in validation until there is a codebook: what does not quantise yet is never the best.
UNSTARTED_LOSS = 1e6
PENALTY_WEIGHTS: dict[str, Callable[[CodebookConfig, LossConfig], float]] = {
    'codebook': lambda codebook, _losses: codebook.commitment,
    'gradient_codebook': lambda codebook, _losses: codebook.commitment,
    'plain': lambda _codebook, _losses: 0.0,
    'gaussian': lambda _codebook, losses: losses.kl_weight,
}


class ManifoldModule(ScheduledModule):
    """A VQ-VAE (or an autoencoder with another bottleneck), its losses, and the care of its codebook."""

    # Of the images alone: a codebook's penalty grows with its latents, and would choose an early, blurred network.
    monitored_metric = 'val/reconstruction'

    def __init__(
        self,
        modality: str,
        network: VqVaeConfig,
        fit: FitConfig,
        codebook: CodebookConfig,
        losses: LossConfig,
        depth: DepthRepresentation,
        budget: Budget,
    ) -> None:
        """Build the network with random weights."""
        super().__init__(fit, budget)
        self.save_hyperparameters({'modality': modality, 'network': network.to_dict()})
        self.modality = modality
        self.codebook_config, self.losses = codebook, losses
        self.network = VqVae(network).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._first_latents: list[torch.Tensor] = []
        self._image_metrics = ImageMetrics((modality,), depth)

    def training_step(self, batch: Batch, batch_idx: int) -> torch.Tensor:
        """Take one step: reconstruction and what the bottleneck asks for; a codebook moves by itself."""
        del batch_idx
        result = self.network(to_image(batch, self.modality, self.network.config))
        loss, reconstruction = self._losses(result, batch)
        self._update_codebook(result)
        self.log_dict({'train/reconstruction': reconstruction, 'train/penalty': result.penalty})
        self.log('train/loss', loss, prog_bar=True)
        return loss

    def on_validation_epoch_start(self) -> None:
        """Forget the last validation."""
        self._image_metrics.reset()
        self._used = torch.zeros(self.network.config.codes, device=self.device)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Measure the reconstruction in the units of the users."""
        result = self.network(to_image(batch, self.modality, self.network.config))
        loss, reconstruction = self._losses(result, batch)
        if self._unstarted:
            loss, reconstruction = loss + UNSTARTED_LOSS, reconstruction + UNSTARTED_LOSS
        size = len(result.image)
        self.log('val/reconstruction', reconstruction, batch_size=size, sync_dist=True)
        self.log('val/loss', loss, prog_bar=True, batch_size=size, sync_dist=True)
        if result.quantized.codes is not None:
            self._used += torch.bincount(result.quantized.codes.flatten(), minlength=len(self._used))
        images = {self.modality: result.image}
        self._image_metrics.add(images, batch)
        if batch_idx == 0:
            self._image_metrics.draw(images, batch, getattr(self.logger, 'experiment', None), self.global_step)

    def on_validation_epoch_end(self) -> None:
        """Log the scores and, with a codebook, how many codes are in use."""
        if self._used.any():
            usage_fractions = self._used / self._used.sum()
            perplexity = torch.exp(-(usage_fractions * torch.log(usage_fractions.clamp(min=1e-12))).sum())
            used = (self._used > 0).sum().float()
            self.log_dict({'val/codes_used': used, 'val/perplexity': perplexity}, sync_dist=True)
        self.log_dict(self._image_metrics.result(), sync_dist=True)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep what a resumed fit needs and the network does not."""
        quantizer = self.network.quantizer
        if isinstance(quantizer, VectorQuantizer):
            checkpoint['codebook'] = {'first_latents': self._first_latents, 'recent': quantizer.recent}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on with it."""
        super().on_load_checkpoint(checkpoint)
        quantizer = self.network.quantizer
        if isinstance(quantizer, VectorQuantizer):
            self._first_latents = [latents.to(self.device) for latents in checkpoint['codebook']['first_latents']]
            quantizer.recent.copy_(checkpoint['codebook']['recent'])

    @property
    def _unstarted(self) -> bool:
        quantizer = self.network.quantizer
        return isinstance(quantizer, VectorQuantizer) and not quantizer.started

    def _losses(self, result: Reconstruction, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the whole loss, and its part of the image before its weight."""
        reconstruction = image_loss(self.modality, result.image, batch, self.losses)
        penalty = PENALTY_WEIGHTS[self.network.config.bottleneck](self.codebook_config, self.losses) * result.penalty
        return loss_weight(self.modality, self.losses) * reconstruction + penalty, reconstruction

    def _update_codebook(self, result: Reconstruction) -> None:
        config, quantizer = self.codebook_config, self.network.quantizer
        if not isinstance(quantizer, VectorQuantizer):
            return
        if not quantizer.started:
            vectors = result.latent.detach().permute(0, 2, 3, 1).flatten(0, 2)
            self._first_latents.append(vectors)
            keep = -(-config.start_vectors // len(vectors))
            self._first_latents = self._first_latents[-keep:]
            if self.global_step + 1 >= config.start_step:
                quantizer.start(torch.cat(self._first_latents))
                self._first_latents = []
        elif self.global_step % config.restart_every_steps == 0 and self.progress < LAST_RESTART:
            self.log('train/restarted_codes', float(quantizer.restart_dead_codes(result.latent)))


def to_image(batch: Batch, modality: str, network: VqVaeConfig) -> torch.Tensor:
    """Return what a VQ-VAE is given: unit depth, or labels in its coding."""
    if modality == 'depth':
        return batch['depth'].contiguous(memory_format=torch.channels_last)
    return encode_labels(batch['labels'], network.label_coding, network.channels)
