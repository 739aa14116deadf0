# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Lightning module that fits the VQ-VAE of one modality (paper, section 3.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import torch

from audio_manifold_ros.modalities.registry import DEPTH, NORMALS, SEGMENTATION
from audio_manifold_ros.networks.label_encoding import encode_labels
from audio_manifold_ros.networks.quantizer import VectorQuantizer
from audio_manifold_ros.networks.vq_vae import Reconstruction, VqVae
from training.fitting.codebook_upkeep import CodebookUpkeep
from training.fitting.image_metrics import ImageMetrics
from training.fitting.losses import image_loss, loss_weight
from training.fitting.lr_schedule import ScheduledModule

if TYPE_CHECKING:
    from audio_manifold_ros.networks.depth_representation import DepthRepresentation
    from audio_manifold_ros.networks.vq_vae import VqVaeConfig
    from training.config.fit_configuration import CodebookConfig, FitConfig, LossConfig
    from training.data.data_module import Batch
    from training.fitting.lr_schedule import TrainingBudget

# Added to the validation loss until the codebook is initialised, so that no earlier checkpoint is the best.
UNSTARTED_LOSS = 1e6
PENALTY_WEIGHTS: dict[str, Callable[[CodebookConfig, LossConfig], float]] = {
    'codebook': lambda codebook, _losses: codebook.commitment,
    'soft_codebook': lambda codebook, _losses: codebook.commitment,
    'gradient_codebook': lambda codebook, _losses: codebook.commitment,
    'plain': lambda _codebook, _losses: 0.0,
    'gaussian': lambda _codebook, losses: losses.kl_weight,
}


class ManifoldModule(ScheduledModule):
    """A VQ-VAE (or an autoencoder with another bottleneck), its losses, and the update of its codebook."""

    # Without the codebook penalty: it grows with the latents, and would select an early, blurred network.
    monitored_metric = 'val/reconstruction'

    def __init__(
        self,
        modality: str,
        network: VqVaeConfig,
        fit: FitConfig,
        codebook: CodebookConfig,
        losses: LossConfig,
        depth: DepthRepresentation,
        budget: TrainingBudget,
    ) -> None:
        """Build the network with random weights."""
        super().__init__(fit, budget)
        self.save_hyperparameters({'modality': modality, 'network': network.to_dict()})
        self.modality = modality
        self.codebook_config, self.losses = codebook, losses
        self.network = VqVae(network).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        quantizer = self.network.quantizer
        self._upkeep = CodebookUpkeep(quantizer, codebook) if isinstance(quantizer, VectorQuantizer) else None
        self._image_metrics = ImageMetrics((modality,), depth)

    def training_step(self, batch: Batch, batch_idx: int) -> torch.Tensor:
        """Return the loss of one step: reconstruction and bottleneck penalty. The codebook has its own update."""
        del batch_idx
        result = self.network(to_image(batch, self.modality, self.network.config))
        loss, reconstruction = self._losses(result, batch)
        self._update_codebook(result)
        self.log_dict({'train/reconstruction': reconstruction, 'train/penalty': result.penalty})
        self.log('train/loss', loss, prog_bar=True)
        return loss

    def on_validation_epoch_start(self) -> None:
        """Reset the metrics."""
        self._image_metrics.reset()
        self._used = torch.zeros(self.network.config.codes, device=self.device)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Log the loss and add the images to the metrics."""
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
            self._image_metrics.log_images(images, batch, getattr(self.logger, 'experiment', None), self.global_step)

    def on_validation_epoch_end(self) -> None:
        """Log the scores and, with a codebook, the number of codes in use."""
        if self._used.any():
            usage_fractions = self._used / self._used.sum()
            perplexity = torch.exp(-(usage_fractions * torch.log(usage_fractions.clamp(min=1e-12))).sum())
            used = (self._used > 0).sum().float()
            self.log_dict({'val/codes_used': used, 'val/perplexity': perplexity}, sync_dist=True)
        self.log_dict(self._image_metrics.result(), sync_dist=True)

    def on_save_checkpoint(self, checkpoint: dict[str, object]) -> None:
        """Add the state of the codebook update, which is not part of the network."""
        if self._upkeep is not None:
            checkpoint['codebook'] = self._upkeep.state()

    def on_load_checkpoint(self, checkpoint: dict[str, object]) -> None:
        """Restore the state of the codebook update."""
        super().on_load_checkpoint(checkpoint)
        if self._upkeep is not None:
            self._upkeep.load_state(checkpoint['codebook'])

    @property
    def _unstarted(self) -> bool:
        quantizer = self.network.quantizer
        return isinstance(quantizer, VectorQuantizer) and not quantizer.started

    def _losses(self, result: Reconstruction, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the total loss, and the reconstruction loss before its weight."""
        reconstruction = image_loss(self.modality, result.image, batch, self.losses)
        penalty = PENALTY_WEIGHTS[self.network.config.bottleneck](self.codebook_config, self.losses) * result.penalty
        return loss_weight(self.modality, self.losses) * reconstruction + penalty, reconstruction

    def _update_codebook(self, result: Reconstruction) -> None:
        if self._upkeep is None:
            return
        restarted = self._upkeep.after_step(result.latent, self.global_step, self.progress)
        if restarted is not None:
            self.log('train/restarted_codes', float(restarted))


def _encode_depth(batch: Batch, network: VqVaeConfig) -> torch.Tensor:
    del network
    return batch['depth'].contiguous(memory_format=torch.channels_last)


def _encode_classes(batch: Batch, network: VqVaeConfig) -> torch.Tensor:
    return encode_labels(batch['labels'], network.label_coding, network.channels)


def _encode_normals(batch: Batch, network: VqVaeConfig) -> torch.Tensor:
    """Return unit vectors as channels. An invalid pixel is the zero vector."""
    del network
    return batch['normals'].nan_to_num().permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)


# By modality, the input image of a VQ-VAE.
INPUT_IMAGES: Mapping[str, Callable[[Batch, VqVaeConfig], torch.Tensor]] = {
    DEPTH: _encode_depth,
    SEGMENTATION: _encode_classes,
    NORMALS: _encode_normals,
}


def to_image(batch: Batch, modality: str, network: VqVaeConfig) -> torch.Tensor:
    """Return the input image of a VQ-VAE: unit depth, or encoded labels."""
    return INPUT_IMAGES[modality](batch, network)
