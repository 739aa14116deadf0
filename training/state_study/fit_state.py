# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fit of a head on the latents of drives, with the decoders of a bundle frozen, and its scores on other drives."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from torch import nn

from audio_manifold_ros.common.class_ids import CLASS_COLOURS, UNLABELLED
from audio_manifold_ros.evaluation.metrics.depth_metrics import relative_error
from audio_manifold_ros.evaluation.metrics.regions import VEHICLES, region_masks
from audio_manifold_ros.modalities.registry import DEPTH, SEGMENTATION
from audio_manifold_ros.networks.image_heads import IMAGE_HEADS
from training.config.joint_configuration import JointConfig
from training.fitting.joint_losses import image_losses, inverse_sqrt_weights, weighted_sum
from training.fitting.lr_schedule import rate_factor
from training.state_study.drive_latents import PAST_WINDOWS
from training.state_study.state_heads import STATE_HEADS

if TYPE_CHECKING:
    from audio_manifold_ros.common.array_types import FloatArray
    from audio_manifold_ros.networks.perception_network import PerceptionNetwork
    from audio_manifold_ros.networks.spatial.spatial_network import SpatialNetwork
    from training.data.data_module import Batch
    from training.state_study.drive_latents import DriveLatents

BATCH_DRIVES, EVALUATED_DRIVES = 16, 20
# Share of the steps in which the past begins at a random window, as after the start of a stream.
SHORT_PAST_SHARE = 0.3
LEARNING_RATE, WEIGHT_DECAY = 1e-3, 0.05
# Classes are counted on every eighth pixel in both directions.
LABEL_STRIDE = 8


@dataclass(frozen=True)
class StateScores:
    """Scores of the last images of drives.

    Attributes:
        abs_rel: ABS_rel of each drive (drive,).
        vehicles: ABS_rel of the pixels of vehicles of each drive (drive,), NaN without any.
        correct: Share of the labelled pixels with the right class (drive,).

    """

    abs_rel: FloatArray
    vehicles: FloatArray
    correct: FloatArray


class LatentDecoder(nn.Module):
    """Codebooks, decoders and prior of a network on spatial maps, from its latents to raw images, with fixed weights.

    Attributes:
        depth: Representation of depth.

    """

    def __init__(self, network: PerceptionNetwork, latents: DriveLatents) -> None:
        """Keep a copy of the network, and the mean and deviation of each channel of these latents."""
        super().__init__()
        self._network = copy.deepcopy(network).requires_grad_(requires_grad=False)
        self.depth = network.config.depth
        values = latents.latents.astype(np.float32)
        self.mean = torch.from_numpy(values.mean(axis=(0, 1, 3, 4)))[:, None, None]
        self.deviation = torch.from_numpy(values.std(axis=(0, 1, 3, 4)))[:, None, None]

    @property
    def channels(self) -> int:
        """Number of latent channels of all modalities."""
        return len(self.mean)

    def normalised(self, latents: DriveLatents, image: int) -> torch.Tensor:
        """Return the latents (drive, window, channel, cell, cell) up to the window of an image, 0 or 1."""
        seen = latents.latents[:, : PAST_WINDOWS[image] + 1].astype(np.float32)
        return (torch.from_numpy(seen) - self.mean) / self.deviation

    def forward(self, normalised: torch.Tensor) -> dict[str, torch.Tensor]:
        """Map normalised latents (batch, channel, cell, cell) to raw images by modality."""
        names = cast('SpatialNetwork', self._network.spatial).config.modalities
        parts = (normalised * self.deviation + self.mean).chunk(len(names), dim=1)
        return self._network.decode(dict(zip(names, parts, strict=True)))


def fit_head(name: str, decoder: LatentDecoder, training: DriveLatents, steps: int, seed: int) -> nn.Module:
    """Fit a head of `STATE_HEADS` with AdamW, and return it in evaluation mode.

    Args:
        name: Name of the head.
        decoder: Decoder of the corrected latents. It is not fitted.
        training: Drives for the fit.
        steps: Number of steps of `BATCH_DRIVES` drives.
        seed: Seed of the weights and of the order of the drives.

    """
    torch.manual_seed(seed)
    head = STATE_HEADS[name](decoder.channels)
    optimizer = torch.optim.AdamW(head.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    generator = np.random.default_rng(seed)
    class_weights = inverse_sqrt_weights(class_counts(training))
    for step in range(steps):
        for group in optimizer.param_groups:
            group['lr'] = LEARNING_RATE * rate_factor('one_cycle', step / steps)
        image = int(generator.integers(len(PAST_WINDOWS)))
        drives = np.sort(generator.choice(len(training), min(BATCH_DRIVES, len(training)), replace=False))
        batch = training.chosen(drives)
        latents = decoder.normalised(batch, image)
        if generator.random() < SHORT_PAST_SHARE:
            latents[:, : int(generator.integers(1, latents.shape[1]))] = 0
        images = decoder(latents[:, -1] + head(latents))
        truth: Batch = {
            'depth_m': torch.from_numpy(batch.depth_m[:, image].astype(np.float32)),
            'labels': torch.from_numpy(batch.labels[:, image]),
        }
        loss = weighted_sum(image_losses(images, truth, decoder.depth, class_weights), JointConfig())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return head.eval()


def class_counts(drives: DriveLatents) -> FloatArray:
    """Return the numbers of pixels of each class (class,) in the ground truth of drives."""
    counts = np.bincount(drives.labels[:, :, ::LABEL_STRIDE, ::LABEL_STRIDE].ravel(), minlength=UNLABELLED + 1)
    return counts[: len(CLASS_COLOURS)].astype(np.float64)


def score_head(head: nn.Module | None, decoder: LatentDecoder, drives: DriveLatents) -> StateScores:
    """Return the scores of the last images of drives. Without a head they are those of the bundle."""
    rows = []
    last = len(PAST_WINDOWS) - 1
    for first in range(0, len(drives), EVALUATED_DRIVES):
        batch = drives.chosen(slice(first, first + EVALUATED_DRIVES))
        with torch.inference_mode():
            latents = decoder.normalised(batch, last)
            images = decoder(latents[:, -1] if head is None else latents[:, -1] + head(latents))
            predicted = {name: IMAGE_HEADS[name].decode(raw, decoder.depth).numpy() for name, raw in images.items()}
        for place in range(len(batch)):
            truth_m, labels = batch.depth_m[place, last], batch.labels[place, last]
            error = relative_error(truth_m, predicted[DEPTH][place])
            vehicles = error[region_masks(labels)[VEHICLES] & np.isfinite(error)]
            right = predicted[SEGMENTATION][place] == labels
            rows.append(
                (
                    float(np.nanmean(error)),
                    float(vehicles.mean()) if len(vehicles) else np.nan,
                    float(right[labels != UNLABELLED].mean()),
                )
            )
    return StateScores(*np.array(rows).T)
