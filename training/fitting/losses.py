# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Losses between predicted images and ground truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from audio_manifold_ros.common.class_ids import UNLABELLED
from audio_manifold_ros.modalities.registry import DEPTH, NORMALS, SEGMENTATION

if TYPE_CHECKING:
    from training.config.fit_configuration import LossConfig
    from training.data.data_module import Batch

# Car, train and motorcycle: the moving classes of Vasudevan et al. 2020.
MOVING, MOVING_FACTOR = (13, 16, 17), 7.0


def log1p_loss(image: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return the mean of log(1 + |error|), the loss of ECHO2DEPTH."""
    return (image - target).abs().log1p().mean()


DEPTH_LOSSES: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    'l1': functional.l1_loss,
    'mse': functional.mse_loss,
    'log1p': log1p_loss,
}


def _depth_loss(image: torch.Tensor, batch: Batch, config: LossConfig) -> torch.Tensor:
    return DEPTH_LOSSES[config.depth](image.float(), batch['depth'])


def _class_loss(image: torch.Tensor, batch: Batch, config: LossConfig) -> torch.Tensor:
    labels = batch['labels'].long()
    weights = None if config.class_weights == 'equal' else omninet_weights(labels, image.shape[1])
    return functional.cross_entropy(image.float(), labels, weights, ignore_index=UNLABELLED)


def cosine_loss(image: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return 1 - the cosine of the angle, (…,), between vectors (…, 3) of any length and unit vectors."""
    return 1 - functional.cosine_similarity(image, target, dim=-1)


def unit_l2_loss(image: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return the distance, (…,), of the unit vectors of vectors (…, 3) of any length from unit vectors."""
    distance: torch.Tensor = torch.linalg.vector_norm(functional.normalize(image, dim=-1) - target, dim=-1)
    return distance


NORMAL_LOSSES: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    'cosine': cosine_loss,
    'l2': unit_l2_loss,
}


def _normal_loss(image: torch.Tensor, batch: Batch, config: LossConfig) -> torch.Tensor:
    return normal_loss(image, batch['normals'], NORMAL_LOSSES[config.normals])


def normal_loss(
    image: torch.Tensor, target: torch.Tensor, loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
) -> torch.Tensor:
    """Return the mean loss over the pixels with ground truth, 0 without any.

    Args:
        image: Raw image (batch, 3, row, column).
        target: Unit vectors (batch, row, column, 3), NaN invalid.
        loss: A value of `NORMAL_LOSSES`.

    """
    is_valid = torch.isfinite(target[..., 0])
    losses = loss(image.float().permute(0, 2, 3, 1), target.nan_to_num())
    return (losses * is_valid).sum() / is_valid.sum().clamp(min=1)


# By modality, the loss between raw images and a batch, and its weight.
LOSSES: Mapping[
    str, tuple[Callable[[torch.Tensor, Batch, LossConfig], torch.Tensor], Callable[[LossConfig], float]]
] = {
    DEPTH: (_depth_loss, lambda config: config.depth_weight),
    SEGMENTATION: (_class_loss, lambda config: config.segmentation_weight),
    NORMALS: (_normal_loss, lambda config: config.normals_weight),
}


def image_loss(modality: str, image: torch.Tensor, batch: Batch, config: LossConfig) -> torch.Tensor:
    """Return the unweighted loss of raw images (batch, channel, row, column): unit depth, or logits."""
    loss, _ = LOSSES[modality]
    return loss(image, batch, config)


def loss_weight(modality: str, config: LossConfig) -> float:
    """Return the weight of the loss of a modality."""
    _, weight = LOSSES[modality]
    return weight(config)


def omninet_weights(labels: torch.Tensor, classes: int) -> torch.Tensor:
    """Return float32 (class,), the weights of Vasudevan et al. 2020 for labels of a batch.

    The weight is 1, plus the fraction of the pixels of other classes if the class occurs. Moving classes have seven
    times that weight.
    """
    counts = torch.bincount(labels[labels < classes], minlength=classes).float()
    class_fractions = counts / counts.sum().clamp(min=1)
    weights = 1 + (class_fractions > 0) * (1 - class_fractions)
    moving = [index for index in MOVING if index < classes]
    weights[moving] *= MOVING_FACTOR
    return weights
