# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Learning the manifold of one modality (paper, section 3.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from audio_manifold_ros.networks.label_coding import code_labels
from audio_manifold_ros.networks.quantizer import VectorQuantizer
from audio_manifold_ros.networks.vq_vae import Reconstruction, VqVae
from training.pictures import draw, sheet
from training.schedule import ScheduledModule
from training.scores import DepthScore, SegmentationScore

if TYPE_CHECKING:
    from audio_manifold_ros.networks.depth_representation import DepthRepresentation
    from audio_manifold_ros.networks.vq_vae import VqVaeConfig
    from training.configuration import CodebookConfig, FitConfig
    from training.data import Batch
    from training.schedule import Budget

# Bring the reconstruction of a first, blank image to about one, so that one commitment weight serves both.
LOSS_WEIGHTS = {'depth': 10.0, 'segmentation': 1.0}
LAST_RESTART = 0.75
PICTURES = 8


class ManifoldModule(ScheduledModule):
    """A VQ-VAE, its losses, and the care of its codebook."""

    def __init__(
        self,
        modality: str,
        network: VqVaeConfig,
        fit: FitConfig,
        codebook: CodebookConfig,
        depth: DepthRepresentation,
        budget: Budget,
    ) -> None:
        """Build the network with random weights."""
        super().__init__(fit, budget)
        self.save_hyperparameters({'modality': modality, 'network': network.to_dict()})
        self.modality = modality
        self.codebook_config, self.depth = codebook, depth
        self.network = VqVae(network).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._first_latents: list[torch.Tensor] = []
        self._score = DepthScore() if modality == 'depth' else SegmentationScore(network.channels)

    def training_step(self, batch: Batch, batch_idx: int) -> torch.Tensor:
        """Take one step: reconstruction and commitment; the codebook moves by itself."""
        del batch_idx
        result = self.network(to_image(batch, self.modality, self.network.config))
        loss, reconstruction, commitment = self._losses(result, batch)
        self._care_for_codebook(result)
        self.log_dict({'train/reconstruction': reconstruction, 'train/commitment': commitment})
        self.log('train/loss', loss, prog_bar=True)
        return loss

    def on_validation_epoch_start(self) -> None:
        """Forget the last validation."""
        self._score.reset()
        self._used = torch.zeros(self.network.config.codes, device=self.device)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Measure the reconstruction in the units of the users."""
        result = self.network(to_image(batch, self.modality, self.network.config))
        loss, _, _ = self._losses(result, batch)
        self.log('val/loss', loss, prog_bar=True, batch_size=len(result.image), sync_dist=True)
        if result.quantized.codes is not None:
            self._used += torch.bincount(result.quantized.codes.flatten(), minlength=len(self._used))
        self._update_score(result.image, batch)
        if batch_idx == 0:
            self._draw(result.image, batch)

    def on_validation_epoch_end(self) -> None:
        """Log the scores and, with a codebook, how many codes are in use."""
        if self._used.any():
            shares = self._used / self._used.sum()
            perplexity = torch.exp(-(shares * torch.log(shares.clamp(min=1e-12))).sum())
            used = (self._used > 0).sum().float()
            self.log_dict({'val/codes_used': used, 'val/perplexity': perplexity}, sync_dist=True)
        self.log_dict({f'val/{name}': value for name, value in self._score.result().items()}, sync_dist=True)

    def _losses(self, result: Reconstruction, batch: Batch) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        if self.modality == 'depth':
            reconstruction = functional.l1_loss(result.image, batch['depth'])
        else:
            reconstruction = functional.cross_entropy(result.image, batch['labels'].long(), ignore_index=255)
        weight, penalty = LOSS_WEIGHTS[self.modality], result.penalty
        return weight * reconstruction + self.codebook_config.commitment * penalty, reconstruction, penalty

    def _care_for_codebook(self, result: Reconstruction) -> None:
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

    def _update_score(self, image: torch.Tensor, batch: Batch) -> None:
        if isinstance(self._score, DepthScore):
            self._score.update(self.depth.unit_to_depth(image[:, 0]), batch['depth_m'])
        else:
            self._score.update(image.argmax(dim=1), batch['labels'])

    def _draw(self, image: torch.Tensor, batch: Batch) -> None:
        board: Any = getattr(self.logger, 'experiment', None)
        if board is None:
            return
        is_depth = self.modality == 'depth'
        truth = batch['depth_m'] if is_depth else batch['labels']
        drawn = self.depth.unit_to_depth(image[:, 0]) if is_depth else image.argmax(dim=1)
        rows = [draw(self.modality, images[:PICTURES]) for images in (truth, drawn)]
        board.add_image('truth over reconstruction', sheet(rows), self.global_step, dataformats='HWC')


def to_image(batch: Batch, modality: str, network: VqVaeConfig) -> torch.Tensor:
    """Return what a VQ-VAE is given: unit depth, or labels in its coding."""
    if modality == 'depth':
        return batch['depth'].contiguous(memory_format=torch.channels_last)
    return code_labels(batch['labels'], network.label_coding, network.channels)
