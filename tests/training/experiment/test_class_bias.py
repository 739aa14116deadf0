# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import torch

from training.experiment.class_bias import CANDIDATE_BIASES, choose_class_biases


def iou(logits: torch.Tensor, labels: torch.Tensor, index: int) -> float:
    predicted = logits.argmax(dim=0)
    both = ((predicted == index) & (labels == index)).sum()
    return float(both / ((predicted == index) | (labels == index)).sum())


def test_a_rare_class_that_is_never_most_probable_is_predicted_with_a_bias() -> None:
    generator = torch.Generator().manual_seed(0)
    labels = (torch.rand(20_000, generator=generator) < 0.1).long()
    noise = torch.randn(20_000, generator=generator)
    logits = torch.stack([torch.full((20_000,), 3.0), 1.2 * labels + 0.4 * noise, torch.full((20_000,), -9.0)])
    assert iou(logits, labels, 1) < 0.01
    class_biases = choose_class_biases(logits, labels)
    assert iou(logits + class_biases[:, None], labels, 1) > 0.4
    assert class_biases[2] == 0, 'a class that does not occur has no bias'
    assert set(class_biases.tolist()) <= set(CANDIDATE_BIASES)


def test_correct_predictions_need_no_bias() -> None:
    labels = torch.arange(3).repeat(100)
    logits = 5.0 * torch.nn.functional.one_hot(labels, 3).T.float()
    assert choose_class_biases(logits, labels).tolist() == [0.0, 0.0, 0.0]
