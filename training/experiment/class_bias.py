# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Class biases: offsets on the logits, chosen on the validation windows to maximise the mean IoU.

A network that regresses latents predicts the most probable class, so a car with a probability of one third is never
predicted. Intersection over union is highest at a lower threshold. Each class therefore has a bias, which is stored in
the network and adds no cost at run time.
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

CANDIDATE_BIASES = (-1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)
# Neighbouring pixels are redundant.
PIXEL_STRIDE = 2
# Minimum gain in mean IoU of a bias, above the noise.
MIN_GAIN = 1e-4


def balance_classes(network: PerceptionNetwork, cache: WindowCache) -> dict[int, float]:
    """Choose the class biases on the validation windows, add them to the network, and return those that are not 0.

    A network without segmentation is unchanged.
    """
    modalities = categorical(network.config.modalities)
    if not modalities:
        return {}
    logits, labels = _validation_pixels(network, cache, modalities[0])
    class_biases = choose_class_biases(logits, labels)
    network.add_class_bias(class_biases.to(next(network.parameters()).device))
    return {index: value for index, value in enumerate(class_biases.tolist()) if value}


def choose_class_biases(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the class biases that maximise the mean IoU, chosen class by class, the rarest first.

    Args:
        logits: (class, pixel).
        labels: int64 (pixel,), without unlabelled pixels.

    Returns:
        float32 (class,), 0 for classes that do not occur.

    """
    classes = len(logits)
    frequency = torch.bincount(labels, minlength=classes)
    scores = logits.float().clone()
    class_biases = torch.zeros(classes)
    for index in frequency.argsort().tolist():
        if not frequency[index]:
            continue
        own = scores[index].clone()
        scores[index] = -torch.inf
        rival, second = scores.max(dim=0)
        scored = [
            _mean_iou(torch.where(own + value > rival, index, second), labels, classes) for value in CANDIDATE_BIASES
        ]
        best = max(range(len(CANDIDATE_BIASES)), key=scored.__getitem__)
        if scored[best] > scored[CANDIDATE_BIASES.index(0.0)] + MIN_GAIN:
            class_biases[index] = CANDIDATE_BIASES[best]
        scores[index] = own + class_biases[index]
    return class_biases


def _mean_iou(predicted: torch.Tensor, labels: torch.Tensor, classes: int) -> float:
    """Return the mean IoU over the classes in the ground truth."""
    confusion = torch.bincount(labels * classes + predicted, minlength=classes**2).reshape(classes, classes).double()
    both, targets = confusion.diagonal(), confusion.sum(dim=1)
    iou = both / (targets + confusion.sum(dim=0) - both)
    return float(iou[targets > 0].mean())


@torch.inference_mode()
def _validation_pixels(
    network: PerceptionNetwork, cache: WindowCache, modality: str
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return logits float16 (class, pixel) and labels int64 (pixel,) of every second validation pixel in each axis."""
    device = next(network.parameters()).device
    thinned = (..., slice(None, None, PIXEL_STRIDE), slice(None, None, PIXEL_STRIDE))
    scores, targets, priors = [], [], WindowPriors(network, cache)
    validation = list(batches(cache.indices('validation')))
    for indices in track(validation, 'class biases', console=Console(stderr=True)):
        features = torch.from_numpy(cache.features(indices)).to(device)
        logits = network.images(features, priors(indices))[modality]
        scores.append(logits[thinned].half().cpu().transpose(0, 1).flatten(1))
        targets.append(torch.from_numpy(cache.take(ARRAY_OF_MODALITY[modality], indices)[thinned]).long().flatten())
    pixels, labels = torch.cat(scores, dim=1), torch.cat(targets)
    is_labelled = labels != UNLABELLED
    return pixels[:, is_labelled], labels[is_labelled]
