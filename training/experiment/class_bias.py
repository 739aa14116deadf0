# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which class a pixel is given when sound leaves a doubt.

A network that regresses latents says what is likeliest; a car that is there with one chance in three is never drawn.
Intersection over union is highest where a class is drawn from a lower chance on, so each class gets an advantage,
chosen on the validation windows and stored in the network, which runs as before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from audio_manifold_ros.common.class_ids import UNLABELLED
from training.experiment.experiment_inference import batches, take_features

if TYPE_CHECKING:
    from audio_manifold_ros.networks.perception_network import PerceptionNetwork
    from training.data.cache import WindowCache

MODALITY = 'segmentation'
CANDIDATE_BIASES = (-1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)
# Neighbouring pixels say the same.
PIXEL_STRIDE = 2
# What a class must gain in mean IoU, so that chance does not choose.
MIN_GAIN = 1e-4


def balance_classes(network: PerceptionNetwork, cache: WindowCache) -> dict[int, float]:
    """Choose the advantages on the validation windows, add them to the logits, and return those that are not 0.

    A network without segmentation is left as it is.
    """
    if MODALITY not in network.config.modalities:
        return {}
    logits, labels = _validation_pixels(network, cache)
    class_biases = choose_class_biases(logits, labels)
    network.add_class_bias(class_biases.to(next(network.parameters()).device))
    return {index: value for index, value in enumerate(class_biases.tolist()) if value}


def choose_class_biases(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Raise the mean IoU class by class, the rarest first.

    Args:
        logits: (class, pixel).
        labels: int64 (pixel,), none unlabelled.

    Returns:
        float32 (class,), 0 for classes that never occur.

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
    """Return the mean over the classes that occur in the truth."""
    confusion = torch.bincount(labels * classes + predicted, minlength=classes**2).reshape(classes, classes).double()
    both, targets = confusion.diagonal(), confusion.sum(dim=1)
    iou = both / (targets + confusion.sum(dim=0) - both)
    return float(iou[targets > 0].mean())


@torch.inference_mode()
def _validation_pixels(network: PerceptionNetwork, cache: WindowCache) -> tuple[torch.Tensor, torch.Tensor]:
    """Return logits float16 (class, pixel) and labels int64 (pixel,) of every other pixel of the validation windows."""
    device = next(network.parameters()).device
    thinned = (..., slice(None, None, PIXEL_STRIDE), slice(None, None, PIXEL_STRIDE))
    scores, targets = [], []
    for indices in batches(cache.indices('validation')):
        features = torch.from_numpy(take_features(cache, indices)).to(device)
        logits = network.images(features)[MODALITY]
        scores.append(logits[thinned].half().cpu().transpose(0, 1).flatten(1))
        targets.append(torch.from_numpy(cache.take('labels', indices)[thinned]).long().flatten())
    pixels, labels = torch.cat(scores, dim=1), torch.cat(targets)
    is_labelled = labels != UNLABELLED
    return pixels[:, is_labelled], labels[is_labelled]
