# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Lightning module that fits all networks from features to images at once, through codebooks and decoders."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import torch

from audio_manifold_ros.features.kinds import require_mel
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.networks.quantizer import VectorQuantizer
from audio_manifold_ros.networks.spatial.compact_decoder import CompactDecoder
from audio_manifold_ros.networks.vehicle_map import VehicleMapConfig
from training.data.augment import augment
from training.data.ground_truth_arrays import ARRAY_OF_MODALITY
from training.data.mirror import mirror_some
from training.fitting.codebook_upkeep import CodebookUpkeep
from training.fitting.image_metrics import ImageMetrics
from training.fitting.joint_losses import error_loss, image_losses, weighted_sum
from training.fitting.lr_schedule import ScheduledModule
from training.fitting.vehicle_metrics import VehicleMetrics, vehicle_loss
from training.fitting.weight_average import WeightAverage

if TYPE_CHECKING:
    from audio_manifold_ros.networks.bottleneck import Bottleneck
    from audio_manifold_ros.networks.perception_network import PerceptionNetwork
    from audio_manifold_ros.networks.spatial.image_prior import PriorTensors
    from audio_manifold_ros.networks.spatial.spatial_network import SpatialNetwork
    from training.config.experiment_configuration import TrainingConfig
    from training.config.fit_configuration import FitConfig
    from training.config.joint_configuration import JointConfig
    from training.data.data_module import Batch
    from training.fitting.lr_schedule import TrainingBudget
    from training.fitting.view_priors import ViewPriors

# Added to the validation loss until the codebooks are initialised, so that no earlier checkpoint is the best.
UNSTARTED_LOSS = 1e6


class _Predicted(NamedTuple):
    """Images of a step with their ground truth, latents, commitments, predicted errors and logits of vehicles."""

    images: dict[str, torch.Tensor]
    truth: Batch
    latents: dict[str, torch.Tensor]
    penalties: list[torch.Tensor]
    log_errors: dict[str, torch.Tensor]
    vehicles: torch.Tensor | None = None


class JointModule(ScheduledModule):
    """Networks, their losses on the images, and a moving average of their weights, which is validated.

    Attributes:
        network: The networks that the optimiser changes.
        averaged: The networks with averaged weights, for validation and export.

    """

    def __init__(
        self,
        network: PerceptionNetwork,
        config: TrainingConfig,
        joint: JointConfig,
        fit: FitConfig,
        class_weights: torch.Tensor,
        budget: TrainingBudget,
        priors: ViewPriors | None = None,
    ) -> None:
        """Take over networks with their starting weights.

        Args:
            network: The networks.
            config: The experiment.
            joint: Losses and starting weights.
            fit: Length and learning rate.
            class_weights: float32 (class,).
            budget: Time limit.
            priors: Priors of the cameras of all windows, for a network on spatial maps.

        """
        super().__init__(fit, budget)
        self.save_hyperparameters({'network': dict(network.config.to_dict())})
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.averaged = deepcopy(self.network).requires_grad_(requires_grad=False).eval()
        # The trainer keeps these modes. A codebook in evaluation mode does not change.
        self.network.train()
        for modality in joint.frozen:
            self.network.decoders[modality].requires_grad_(requires_grad=False)
            self.network.codebooks[modality].eval()
        self._average = WeightAverage(joint.average)
        self._joint, self._experiment = joint, config
        self.register_buffer('class_weights', class_weights, persistent=False)
        codebooks = cast('dict[str, Bottleneck]', dict(self.network.codebooks.items()))
        self._upkeep = {
            modality: CodebookUpkeep(codebook, config.codebook)
            for modality, codebook in codebooks.items()
            if isinstance(codebook, VectorQuantizer) and modality not in joint.frozen
        }
        self.priors = priors
        self._image_metrics = ImageMetrics(network.config.modalities, config.depth)
        spatial = network.spatial
        self._vehicle_map = VehicleMapConfig() if spatial is None else spatial.config.vehicles or VehicleMapConfig()
        self._vehicle_metrics = VehicleMetrics(self._vehicle_map)
        if spatial is not None:
            spatial.vehicles_teach_trunk = joint.vehicles_teach_trunk

    def training_step(self, batch: Batch, batch_idx: int) -> torch.Tensor:
        """Return the loss of one step: images and commitment. Codebooks have their own update."""
        del batch_idx
        batch = self._mirrored(batch)
        predicted = self._predict(self._augmented(batch['features']), batch)
        losses = self._losses(predicted.images, predicted.truth)
        if predicted.vehicles is not None:
            losses['vehicles'] = vehicle_loss(predicted.vehicles, batch['vehicles'], self._vehicle_map)
        if predicted.log_errors:
            arguments = (predicted.log_errors, predicted.images, predicted.truth, self._experiment.depth)
            losses['errors'] = error_loss(*arguments)
        if predicted.penalties:
            losses['commitment'] = torch.stack(predicted.penalties).sum()
        self.log_dict({f'train/{name}': value for name, value in losses.items()})
        loss = weighted_sum(losses, self._joint)
        self.log('train/loss', loss, prog_bar=True)
        for modality, upkeep in self._upkeep.items():
            upkeep.after_step(predicted.latents[modality].detach(), self.global_step, self.progress)
        return loss

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Add the weights after this step to their moving average."""
        del outputs, batch, batch_idx
        self._average.update(self.averaged, self.network, self.global_step)

    def on_validation_epoch_start(self) -> None:
        """Reset the metrics."""
        self._image_metrics.reset()
        self._vehicle_metrics.reset()

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Log the losses of the averaged networks and add their images to the metrics."""
        images, vehicles = self._averaged_output(batch)
        losses = self._losses(images, batch)
        if vehicles is not None:
            losses['vehicles'] = vehicle_loss(vehicles, batch['vehicles'], self._vehicle_map)
            self._vehicle_metrics.add(vehicles, batch['vehicles'])
        size = len(batch['features'])
        self.log_dict({f'val/{name}': value for name, value in losses.items()}, batch_size=size, sync_dist=True)
        loss = weighted_sum(losses, self._joint) + (UNSTARTED_LOSS if self._unstarted else 0.0)
        self.log('val/loss', loss, prog_bar=True, batch_size=size, sync_dist=True)
        self._image_metrics.add(images, batch)
        if batch_idx == 0:
            self._image_metrics.log_images(images, batch, getattr(self.logger, 'experiment', None), self.global_step)

    def on_validation_epoch_end(self) -> None:
        """Log the scores."""
        self.log_dict(self._image_metrics.result() | self._vehicle_metrics.result(), sync_dist=True)

    def on_save_checkpoint(self, checkpoint: dict[str, object]) -> None:
        """Add the state of the codebook updates, which is not part of the networks."""
        checkpoint['codebooks'] = {modality: upkeep.state() for modality, upkeep in self._upkeep.items()}

    def on_load_checkpoint(self, checkpoint: dict[str, object]) -> None:
        """Restore the state of the codebook updates."""
        super().on_load_checkpoint(checkpoint)
        states = cast('dict[str, object]', checkpoint['codebooks'])
        for modality, upkeep in self._upkeep.items():
            upkeep.load_state(states[modality])

    @property
    def _unstarted(self) -> bool:
        codebooks = self.network.codebooks.values()
        return any(isinstance(codebook, VectorQuantizer) and not codebook.started for codebook in codebooks)

    def _prior(self, batch: Batch) -> PriorTensors | None:
        return None if self.priors is None else self.priors(batch['view'])

    def _mirrored(self, batch: Batch) -> Batch:
        spec, probability = self._experiment.data.features, self._experiment.augment.mirror
        return mirror_some(batch, probability, spec) if isinstance(spec, SpatialFeatureSpec) else batch

    def _averaged_output(self, batch: Batch) -> tuple[dict[str, torch.Tensor], torch.Tensor | None]:
        """Return the raw images and the logits of vehicles of the averaged networks."""
        prior = self._prior(batch)
        if self.averaged.spatial is None:
            return self.averaged.images(batch['features'], prior), None
        found = self.averaged.predict_spatial(batch['features'], prior, batch.get('azimuths'))
        return {name: raw for name, (raw, _) in found.raw_outputs.items()}, found.vehicles

    def _augmented(self, features: torch.Tensor) -> torch.Tensor:
        if self.network.spatial is not None:
            return features
        return augment(features, self._experiment.augment, require_mel(self._experiment.data.features))

    def _predict(self, features: torch.Tensor, batch: Batch) -> _Predicted:
        """Return what the losses of a step need, with a gradient."""
        spatial = self.network.spatial
        if spatial is None or self.priors is None:
            images, penalties, latents = {}, [], self.network.latents(features)
            for modality, latent in latents.items():
                images[modality], penalty = self._decode(modality, latent)
                penalties += [] if modality in self._joint.frozen else [penalty]
            return _Predicted(images, batch, latents, penalties, {})
        # Most windows have the same camera, so that each is encoded once.
        views, places = batch['view'].unique(return_inverse=True)
        output = spatial(features, self.priors.grid[views], batch.get('azimuths'), places)
        maps, penalties = dict(output.deviations), []
        for modality, latent in output.latents.items():
            maps[modality], penalty = self._decode(modality, latent, as_maps=True)
            penalties += [] if modality in self._joint.frozen else [penalty]
        images, truth = self._sampled_images(self.priors, maps, batch)
        return _Predicted(images, truth, output.latents, penalties, output.log_errors, output.vehicles)

    def _sampled_images(
        self, priors: ViewPriors, deviations: dict[str, torch.Tensor], batch: Batch
    ) -> tuple[dict[str, torch.Tensor], Batch]:
        """Return images and ground truth at one pixel of each cell of the deviations, another one in each step.

        All pixels of the images would take longer than the rest of the step.
        """
        spatial = cast('SpatialNetwork', self.network.spatial)
        images, truth = {}, {}
        for modality, deviation in deviations.items():
            key = ARRAY_OF_MODALITY[modality]
            step = priors.images.shape[-1] // deviation.shape[-1]
            row, column = torch.randint(step, (2,)).tolist()
            rows, columns = slice(row, None, step), slice(column, None, step)
            prior = priors.pixels(batch['view'], spatial.config.image_place(modality), rows, columns)
            images[modality] = deviation + prior
            truth[key] = batch[key][:, rows, columns]  # type: ignore[literal-required]
        return images, cast('Batch', truth)

    def _decode(
        self, modality: str, latent: torch.Tensor, *, as_maps: bool = False
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the raw image and the commitment of a latent, with a straight-through gradient.

        Args:
            modality: Modality of the manifold.
            latent: (batch, code_dim, cell, cell).
            as_maps: Return the maps of a compact decoder in place of the image.

        """
        # The search for the nearest code needs single precision.
        with torch.autocast(latent.device.type, enabled=False):
            codebook = cast('Bottleneck', self.network.codebooks[modality])
            quantized = codebook(latent.float())
            penalty = codebook.penalty(latent.float(), quantized)
        decoder = self.network.decoders[modality]
        if as_maps and isinstance(decoder, CompactDecoder):
            return decoder.maps(quantized.values), penalty
        return decoder(quantized.values), penalty

    def _losses(self, images: dict[str, torch.Tensor], batch: Batch) -> dict[str, torch.Tensor]:
        return image_losses(images, batch, self._experiment.depth, cast('torch.Tensor', self.class_weights))
