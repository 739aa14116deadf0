# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Logit adjustment: a bias on the logits of each class, proportional to the logarithm of the frequency of the class.

A loss with class weights makes rare classes too probable, and a network that regresses latents never predicts a class
with a probability of one third. One number, the strength, corrects both. It is chosen on the validation windows. The
bias is stored in the network and adds no cost at run time. Source: Menon et al. 2021, "Long-tail learning via logit
adjustment", section 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from rich.console import Console
from rich.progress import track

from audio_manifold_ros.common.class_ids import UNLABELLED
from audio_manifold_ros.modalities.registry import categorical
from training.data.ground_truth_arrays import ARRAY_OF_MODALITY
from training.experiment.experiment_inference import WindowPriors, batches

if TYPE_CHECKING:
    from audio_manifold_ros.networks.perception_network import PerceptionNetwork
    from training.data.cache import WindowCache

# A positive strength favours frequent classes. +0.5 undoes weights of 1 / sqrt(frequency).
CANDIDATE_STRENGTHS = tuple(step / 20 for step in range(-20, 11))
# The mean IoU may be this fraction below its maximum, which is within its noise on validation windows.
TOLERATED_LOSS = 0.01
# Neighbouring pixels are redundant.
PIXEL_STRIDE = 4


def adjust_logits(network: PerceptionNetwork, cache: WindowCache) -> float:
    """Choose the strength on the validation windows, add the biases to the network, and return the strength.

    A network without segmentation is unchanged and has a strength of 0.
    """
    modalities = categorical(network.config.modalities)
    if not modalities:
        return 0.0
    logits, labels = _validation_pixels(network, cache, modalities[0])
    strength = choose_strength(logits, labels)
    biases = class_biases(strength, labels, len(logits))
    network.add_class_bias(biases.to(next(network.parameters()).device))
    return strength


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
        scored.append((*_scores(adjusted.argmax(dim=0), labels, len(logits)), strength))
    least = (1 - TOLERATED_LOSS) * max(mean_iou for mean_iou, _, _ in scored)
    close = [(accuracy, strength) for mean_iou, accuracy, strength in scored if mean_iou >= least]
    return max(close, key=lambda pair: pair[0])[1]


def class_biases(strength: float, labels: torch.Tensor, classes: int) -> torch.Tensor:
    """Return float32 (class,), strength × ln(frequency). A class without pixels counts as one pixel."""
    counts = torch.bincount(labels, minlength=classes).clamp(min=1)
    return (strength * (counts / counts.sum()).log()).float()


def _scores(predicted: torch.Tensor, labels: torch.Tensor, classes: int) -> tuple[float, float]:
    """Return the mean IoU over the classes in the ground truth, and the fraction of correct pixels."""
    confusion = torch.bincount(labels * classes + predicted, minlength=classes**2).reshape(classes, classes).double()
    correct, targets = confusion.diagonal(), confusion.sum(dim=1)
    iou = correct / (targets + confusion.sum(dim=0) - correct)
    return float(iou[targets > 0].mean()), float(correct.sum() / targets.sum())


@torch.inference_mode()
def _validation_pixels(
    network: PerceptionNetwork, cache: WindowCache, modality: str
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return logits float16 (class, pixel) and labels int64 (pixel,) of every fourth validation pixel in each axis."""
    device = next(network.parameters()).device
    thinned = (..., slice(None, None, PIXEL_STRIDE), slice(None, None, PIXEL_STRIDE))
    scores, targets, priors = [], [], WindowPriors(network, cache)
    validation = list(batches(cache.indices('validation')))
    for indices in track(validation, 'logit adjustment', console=Console(stderr=True)):
        features = torch.from_numpy(cache.features(indices)).to(device)
        logits = network.images(features, priors(indices))[modality]
        scores.append(logits[thinned].half().cpu().transpose(0, 1).flatten(1))
        targets.append(torch.from_numpy(cache.take(ARRAY_OF_MODALITY[modality], indices)[thinned]).long().flatten())
    pixels, labels = torch.cat(scores, dim=1), torch.cat(targets)
    is_labelled = labels != UNLABELLED
    return pixels[:, is_labelled], labels[is_labelled]
