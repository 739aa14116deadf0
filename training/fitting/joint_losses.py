# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Losses of a joint fit: depth in metres over pixels with ground truth, and weighted classes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from audio_manifold_ros.common.class_ids import CLASS_COLOURS, UNLABELLED
from audio_manifold_ros.modalities.registry import DEPTH, MODALITIES, NORMALS, SEGMENTATION
from training.data.evenly_spaced import evenly_spaced
from training.fitting.losses import cosine_loss, normal_loss

if TYPE_CHECKING:
    from audio_manifold_ros.common.array_types import FloatArray
    from audio_manifold_ros.networks.depth_representation import DepthRepresentation
    from training.config.joint_configuration import JointConfig
    from training.data.cache import WindowCache
    from training.data.data_module import Batch

# Limit of ln(prediction / truth) in the relative error, against overflow early in a fit.
MAX_LOG_RATIO = 3.0
FREQUENCY_WINDOWS, FREQUENCY_STRIDE = 2000, 4
MIN_FREQUENCY = 1e-4


def depth_losses(unit: torch.Tensor, depth_m: torch.Tensor, depth: DepthRepresentation) -> dict[str, torch.Tensor]:
    """Return the mean relative error and the mean absolute error of the natural logarithm.

    Args:
        unit: Predicted log depth in the unit of `depth`, not clipped: (batch, row, column).
        depth_m: Ground truth in metres, NaN invalid, of the same shape.
        depth: Representation of depth, of the kind `log`.

    """
    is_valid = torch.isfinite(depth_m) & (depth_m > 0)
    ratio = _log_ratio(unit, depth_m, is_valid, depth)
    count = is_valid.sum().clamp(min=1)
    relative = (ratio.clamp(max=MAX_LOG_RATIO).exp() - 1).abs()
    return {
        'relative_depth': (relative * is_valid).sum() / count,
        'log_depth': (ratio.abs() * is_valid).sum() / count,
    }


def image_losses(
    images: dict[str, torch.Tensor], batch: Batch, depth: DepthRepresentation, class_weights: torch.Tensor
) -> dict[str, torch.Tensor]:
    """Return the unweighted losses of raw images by the names of their weights in `JointConfig`.

    Args:
        images: Raw images (batch, channel, row, column) of each modality, as from `PerceptionNetwork.images`.
        batch: Ground truth `depth_m` and `labels` in the size of the images.
        depth: Representation of depth.
        class_weights: float32 (class,).

    """
    losses: dict[str, torch.Tensor] = {}
    for modality, raw in images.items():
        losses |= JOINT_LOSSES[modality](raw, batch, depth, class_weights)
    return losses


def error_loss(
    log_errors: dict[str, torch.Tensor], images: dict[str, torch.Tensor], batch: Batch, depth: DepthRepresentation
) -> torch.Tensor:
    """Return the negative log likelihood of the errors of images under the predicted ones.

    The error of a real-valued image in a cell is exponential with the predicted mean. A pixel has a wrong class with
    the predicted odds.

    Args:
        log_errors: Predicted (batch, cell, cell): ln of the mean |ln error| of depth, ln odds of a wrong class, and
            ln of the mean of 1 - cosine of normals.
        images: Raw images of each modality. They get no gradient.
        batch: Ground truth in the size of the images.
        depth: Representation of depth.

    """
    losses = []
    for modality, predicted in log_errors.items():
        error, is_known = PIXEL_ERRORS[modality](images[modality].detach().float(), batch, depth)
        known = _cell_means(is_known.float(), predicted)
        mean = _cell_means(error * is_known, predicted) / known.clamp(min=1e-6)
        if MODALITIES[modality].is_categorical:
            loss = functional.binary_cross_entropy_with_logits(predicted, mean, reduction='none')
        else:
            loss = mean * (-predicted).exp() + predicted
        losses.append((loss * known).sum() / known.sum().clamp(min=1e-6))
    return torch.stack(losses).sum()


def _cell_means(pixels: torch.Tensor, cells: torch.Tensor) -> torch.Tensor:
    """Return the means of pixels (batch, row, column) over the cells of (batch, cell, cell)."""
    return functional.adaptive_avg_pool2d(pixels[:, None], (cells.shape[1], cells.shape[2]))[:, 0]


def _log_ratio(
    unit: torch.Tensor, depth_m: torch.Tensor, is_known: torch.Tensor, depth: DepthRepresentation
) -> torch.Tensor:
    """Return ln(prediction / ground truth)."""
    truth = torch.where(is_known, depth_m, depth.near_m).clamp(depth.near_m, depth.far_m).log()
    return unit.float() * math.log(depth.far_m / depth.near_m) + math.log(depth.near_m) - truth


def _depth_error(raw: torch.Tensor, batch: Batch, depth: DepthRepresentation) -> tuple[torch.Tensor, torch.Tensor]:
    is_known = torch.isfinite(batch['depth_m']) & (batch['depth_m'] > 0)
    return _log_ratio(raw[:, 0], batch['depth_m'], is_known, depth).abs(), is_known


def _class_error(raw: torch.Tensor, batch: Batch, depth: DepthRepresentation) -> tuple[torch.Tensor, torch.Tensor]:
    del depth
    return (raw.argmax(dim=1) != batch['labels']).float(), batch['labels'] != UNLABELLED


def _normal_error(raw: torch.Tensor, batch: Batch, depth: DepthRepresentation) -> tuple[torch.Tensor, torch.Tensor]:
    del depth
    target = batch['normals']
    return cosine_loss(raw.permute(0, 2, 3, 1), target.nan_to_num()), torch.isfinite(target[..., 0])


# By modality, the error of each pixel (batch, row, column) of a raw image, and which pixels have ground truth.
PIXEL_ERRORS: Mapping[str, Callable[[torch.Tensor, Batch, DepthRepresentation], tuple[torch.Tensor, torch.Tensor]]] = {
    DEPTH: _depth_error,
    SEGMENTATION: _class_error,
    NORMALS: _normal_error,
}


def _depth(
    raw: torch.Tensor, batch: Batch, depth: DepthRepresentation, class_weights: torch.Tensor
) -> dict[str, torch.Tensor]:
    del class_weights
    return depth_losses(raw[:, 0], batch['depth_m'], depth)


def _classes(
    raw: torch.Tensor, batch: Batch, depth: DepthRepresentation, class_weights: torch.Tensor
) -> dict[str, torch.Tensor]:
    del depth
    entropy = functional.cross_entropy(raw.float(), batch['labels'].long(), class_weights, ignore_index=UNLABELLED)
    # The sum of no labelled pixels is 0 / 0.
    return {'classes': entropy.nan_to_num()}


def _normals(
    raw: torch.Tensor, batch: Batch, depth: DepthRepresentation, class_weights: torch.Tensor
) -> dict[str, torch.Tensor]:
    del depth, class_weights
    return {'normals': normal_loss(raw, batch['normals'], cosine_loss)}


# By modality, the unweighted losses of its raw images.
JOINT_LOSSES: Mapping[
    str, Callable[[torch.Tensor, Batch, DepthRepresentation, torch.Tensor], dict[str, torch.Tensor]]
] = {DEPTH: _depth, SEGMENTATION: _classes, NORMALS: _normals}


def weighted_sum(losses: dict[str, torch.Tensor], config: JointConfig) -> torch.Tensor:
    """Return the sum of losses, each times its weight in the configuration."""
    return torch.stack([getattr(config, name) * value for name, value in losses.items()]).sum()


def class_weights(cache: WindowCache, config: JointConfig) -> torch.Tensor:
    """Return float32 (class,), the weights of the classes. Their mean over the labelled training pixels is 1."""
    classes = len(CLASS_COLOURS)
    if config.class_weights == 'equal' or not cache.has('labels'):
        return torch.ones(classes)
    counts = np.zeros(classes)
    for index in evenly_spaced(cache.indices('train'), FREQUENCY_WINDOWS):
        pixels = cache.take('labels', np.array([index]))[0, ::FREQUENCY_STRIDE, ::FREQUENCY_STRIDE].ravel()
        counts += np.bincount(pixels[pixels < classes], minlength=classes)
    return inverse_sqrt_weights(counts)


def inverse_sqrt_weights(counts: FloatArray) -> torch.Tensor:
    """Return weights float32 (class,) by 1 / √frequency, for numbers of pixels (class,). Their mean over these is 1."""
    frequency = counts / max(counts.sum(), 1.0)
    weights = np.maximum(frequency, MIN_FREQUENCY) ** -0.5
    return torch.from_numpy(weights / max(float(frequency @ weights), 1e-12)).float()
