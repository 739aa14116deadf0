# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Logit adjustment: a bias on the logits of each class, proportional to the logarithm of the frequency of the class.

A loss with class weights makes rare classes too probable, and a network that regresses latents never predicts a class
with a probability of one third. One number, the strength, corrects both. A bias on the logit of sky follows (see
`choose_sky_bias`). Both are chosen on the validation windows, stored in the network and add no cost at run time.
Source: Menon et al. 2021, "Long-tail learning via logit adjustment", section 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from rich.console import Console
from rich.progress import track

from audio_manifold_ros.common.class_ids import SKY, UNLABELLED
from audio_manifold_ros.evaluation.metrics.depth_metrics import FAR_M, relative_error
from audio_manifold_ros.modalities.registry import DEPTH, categorical
from training.data.ground_truth_arrays import ARRAY_OF_MODALITY
from training.experiment.class_scores import TOLERATED_LOSS, class_scores
from training.experiment.experiment_inference import WindowPriors, batches
from training.experiment.sky_bias import DepthErrors, choose_sky_bias

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.networks.perception_network import PerceptionNetwork
    from training.data.cache import WindowCache

# A positive strength favours frequent classes. +0.5 undoes weights of 1 / sqrt(frequency).
CANDIDATE_STRENGTHS = tuple(step / 20 for step in range(-20, 11))
# Neighbouring pixels are redundant.
PIXEL_STRIDE = 4
THINNED = (..., slice(None, None, PIXEL_STRIDE), slice(None, None, PIXEL_STRIDE))


@dataclass(frozen=True)
class LogitAdjustment:
    """Biases that were added to the logits of the classes.

    Attributes:
        strength: Factor of ln(frequency of the class).
        sky_bias: Further bias on the logit of sky.

    """

    strength: float = 0.0
    sky_bias: float = 0.0

    def __str__(self) -> str:
        """Return the formula of the biases."""
        sky = f', sky {self.sky_bias:+g}' if self.sky_bias else ''
        return f'{self.strength:g} × ln(frequency of the class){sky}'


@dataclass(frozen=True)
class _ValidationPixels:
    """Every fourth validation pixel in each axis that has a label.

    Attributes:
        logits: float16 (class, pixel).
        labels: int64 (pixel,).
        errors: Errors of depth. None for networks without depth.

    """

    logits: torch.Tensor
    labels: torch.Tensor
    errors: DepthErrors | None


def adjust_logits(network: PerceptionNetwork, cache: WindowCache) -> LogitAdjustment:
    """Choose the biases on the validation windows, add them to the network, and return them.

    A network without segmentation is unchanged. One without depth has no bias on the logit of sky.
    """
    modalities = categorical(network.config.modalities)
    if not modalities:
        return LogitAdjustment()
    pixels = _validation_pixels(network, cache, modalities[0])
    strength = choose_strength(pixels.logits, pixels.labels)
    biases = class_biases(strength, pixels.labels, len(pixels.logits))
    sky_bias = 0.0
    if pixels.errors is not None:
        sky_bias = choose_sky_bias(pixels.logits + biases[:, None], pixels.labels, pixels.errors)
        biases[SKY] += sky_bias
    network.add_class_bias(biases.to(next(network.parameters()).device))
    return LogitAdjustment(strength, sky_bias)


def choose_strength(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """Return the strength with the most correct pixels among those whose mean IoU is close to the maximum.

    Args:
        logits: (class, pixel).
        labels: int64 (pixel,), without unlabelled pixels.

    Returns:
        One of `CANDIDATE_STRENGTHS`. The one nearest to 0 if several are equal, and 0 without pixels.

    """
    if not labels.numel():
        return 0.0
    scored: list[tuple[float, float, float]] = []
    for strength in sorted(CANDIDATE_STRENGTHS, key=abs):
        adjusted = logits.float() + class_biases(strength, labels, len(logits))[:, None]
        scored.append((*class_scores(adjusted.argmax(dim=0), labels, len(logits)), strength))
    least = (1 - TOLERATED_LOSS) * max(mean_iou for mean_iou, _, _ in scored)
    close = [(accuracy, strength) for mean_iou, accuracy, strength in scored if mean_iou >= least]
    return max(close, key=lambda pair: pair[0])[1]


def class_biases(strength: float, labels: torch.Tensor, classes: int) -> torch.Tensor:
    """Return float32 (class,), strength × ln(frequency). A class without pixels counts as one pixel."""
    counts = torch.bincount(labels, minlength=classes).clamp(min=1)
    return (strength * (counts / counts.sum()).log()).float()


@torch.inference_mode()
def _validation_pixels(network: PerceptionNetwork, cache: WindowCache, modality: str) -> _ValidationPixels:
    device, depth = next(network.parameters()).device, network.config.depth
    has_depth = DEPTH in network.config.modalities
    scores, targets, predicted_m, truth_m = [], [], [], []
    priors = WindowPriors(network, cache)
    validation = list(batches(cache.indices('validation')))
    for indices in track(validation, 'logit adjustment', console=Console(stderr=True)):
        features = torch.from_numpy(cache.features(indices)).to(device)
        images = network.images(features, priors(indices))
        scores.append(images[modality][THINNED].half().cpu().transpose(0, 1).flatten(1))
        targets.append(torch.from_numpy(cache.take(ARRAY_OF_MODALITY[modality], indices)[THINNED]).long().flatten())
        if has_depth:
            predicted_m.append(depth.unit_to_depth(images[DEPTH][THINNED].float()).cpu().numpy().ravel())
            truth_m.append(cache.take(ARRAY_OF_MODALITY[DEPTH], indices)[THINNED].ravel())
    logits, labels = torch.cat(scores, dim=1), torch.cat(targets)
    is_labelled = labels != UNLABELLED
    errors = None
    if has_depth:
        kept = is_labelled.numpy()
        truth, predicted = np.concatenate(truth_m)[kept], np.concatenate(predicted_m)[kept]
        far_m = np.full_like(predicted, FAR_M)
        errors = DepthErrors(*(_error(truth, image, depth.near_m) for image in (predicted, far_m)))
    return _ValidationPixels(logits[:, is_labelled], labels[is_labelled], errors)


def _error(truth_m: NDArray[np.floating], predicted_m: NDArray[np.float32], near_m: float) -> torch.Tensor:
    return torch.from_numpy(relative_error(truth_m, predicted_m, near_m).astype(np.float32))
