# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import pytest
import torch

from training.experiment.logit_adjustment import CANDIDATE_STRENGTHS, choose_strength, class_biases


def iou(logits: torch.Tensor, labels: torch.Tensor, index: int) -> float:
    predicted = logits.argmax(dim=0)
    both = ((predicted == index) & (labels == index)).sum()
    return float(both / ((predicted == index) | (labels == index)).sum())


def sampled_scene(frequencies: list[float], evidence: float) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return ln p(class | observation), ln p(observation | class) (class, pixel), and labels (pixel,) of a scene."""
    generator = torch.Generator().manual_seed(0)
    prior = torch.tensor(frequencies)
    labels = torch.multinomial(prior, 40_000, replacement=True, generator=generator)
    means = evidence * torch.eye(len(prior))
    observed = means[labels] + torch.randn(len(labels), len(prior), generator=generator)
    likelihood = (observed @ means.T - 0.5 * evidence**2).T
    return likelihood + prior.log()[:, None], likelihood, labels


def test_a_rare_class_that_is_never_most_probable_is_predicted_after_adjustment() -> None:
    generator = torch.Generator().manual_seed(0)
    labels = (torch.rand(20_000, generator=generator) < 0.1).long()
    noise = torch.randn(20_000, generator=generator)
    logits = torch.stack([torch.full((20_000,), 3.0), 1.2 * labels + 0.4 * noise, torch.full((20_000,), -9.0)])
    assert iou(logits, labels, 1) < 0.01
    strength = choose_strength(logits, labels)
    assert strength < 0, 'a negative strength favours rare classes'
    assert iou(logits + class_biases(strength, labels, 3)[:, None], labels, 1) > 0.4


def test_a_loss_with_weights_is_corrected_towards_frequent_classes() -> None:
    posterior, likelihood, labels = sampled_scene([0.70, 0.25, 0.05], evidence=1.5)
    strength = choose_strength(likelihood, labels)
    assert strength > 0.1
    adjusted = likelihood + class_biases(strength, labels, 3)[:, None]
    accuracy, before = ((scores.argmax(dim=0) == labels).float().mean() for scores in (adjusted, likelihood))
    assert accuracy > before + 0.02
    assert accuracy <= (posterior.argmax(dim=0) == labels).float().mean() + 1e-3


def test_the_mean_iou_stays_within_one_percent_of_its_maximum() -> None:
    _, likelihood, labels = sampled_scene([0.90, 0.07, 0.03], evidence=1.2)

    def mean_iou(strength: float) -> float:
        adjusted = likelihood + class_biases(strength, labels, 3)[:, None]
        return sum(iou(adjusted, labels, index) for index in range(3)) / 3

    assert mean_iou(choose_strength(likelihood, labels)) >= 0.99 * max(map(mean_iou, CANDIDATE_STRENGTHS)) - 1e-6


def test_correct_predictions_need_no_adjustment() -> None:
    labels = torch.arange(3).repeat(100)
    logits = 5.0 * torch.nn.functional.one_hot(labels, 3).T.float()
    assert choose_strength(logits, labels) == 0


def test_without_labelled_pixels_nothing_is_adjusted() -> None:
    assert choose_strength(torch.zeros(3, 0), torch.zeros(0, dtype=torch.long)) == 0


def test_a_class_without_pixels_counts_as_one_pixel() -> None:
    biases = class_biases(1.0, torch.zeros(99, dtype=torch.long), 2)
    assert biases.tolist() == pytest.approx(
        [torch.log(torch.tensor(0.99)).item(), torch.log(torch.tensor(0.01)).item()]
    )
