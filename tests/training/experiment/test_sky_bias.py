# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The bias on the logit of sky: fewer objects without a depth, at a bounded cost in classes."""

from __future__ import annotations

import math

import torch

from audio_manifold_ros.common.class_ids import CLASS_NAMES, SKY
from training.experiment.class_scores import TOLERATED_LOSS, class_scores
from training.experiment.sky_bias import DepthErrors, choose_sky_bias

BUILDING, VEGETATION = CLASS_NAMES.index('building'), CLASS_NAMES.index('vegetation')
# Of a pixel at 10 m that counts as 80 m.
MISSING = 7.0


def scene(doubtful: float) -> tuple[torch.Tensor, torch.Tensor, DepthErrors]:
    """Return logits, labels and errors of a scene in which sky is the most probable class of doubtful pixels.

    Their probabilities are .4 (sky), .35 (building) and .25 (vegetation), and the labels are drawn from them.
    """
    generator = torch.Generator().manual_seed(0)
    pixels = 20_000
    is_doubtful = torch.rand(pixels, generator=generator) < doubtful
    probabilities = torch.full((pixels, len(CLASS_NAMES)), 1e-6)
    columns = [SKY, BUILDING, VEGETATION]
    clear = torch.tensor([[0.98, 0.01, 0.01], [0.01, 0.98, 0.01], [0.01, 0.01, 0.98]])
    kind = torch.randint(3, (pixels,), generator=generator)
    probabilities[:, columns] = torch.where(is_doubtful[:, None], torch.tensor([0.40, 0.35, 0.25]), clear[kind])
    labels = torch.multinomial(probabilities, 1, generator=generator)[:, 0]
    is_sky = labels == SKY
    errors = DepthErrors(
        torch.full((pixels,), 0.2).masked_fill(is_sky, math.nan),
        torch.full((pixels,), MISSING).masked_fill(is_sky, math.nan),
    )
    return probabilities.log().T, labels, errors


def biased(logits: torch.Tensor, bias: float) -> torch.Tensor:
    changed = logits.clone()
    changed[SKY] += bias
    return changed.argmax(dim=0)


def test_objects_that_are_more_probable_than_sky_together_keep_their_depth() -> None:
    logits, labels, errors = scene(doubtful=0.1)
    bias = choose_sky_bias(logits, labels, errors)
    assert bias < 0
    before, after = (errors.published(biased(logits, value) == SKY) for value in (0.0, bias))
    assert after < 0.5 * before


def test_classes_lose_at_most_the_tolerated_share() -> None:
    logits, labels, errors = scene(doubtful=0.9)
    bias = choose_sky_bias(logits, labels, errors)
    before, after = (class_scores(biased(logits, value), labels, len(logits)) for value in (0.0, bias))
    for old, new in zip(before, after, strict=True):
        assert new >= (1 - TOLERATED_LOSS) * old
    worst = class_scores(biased(logits, -2.0), labels, len(logits))
    assert worst.accuracy < (1 - TOLERATED_LOSS) * before.accuracy, 'without the limit, another bias would be chosen'


def test_certain_predictions_need_no_bias() -> None:
    labels = torch.tensor([SKY, BUILDING] * 50)
    logits = 9.0 * torch.nn.functional.one_hot(labels, len(CLASS_NAMES)).T.float()
    errors = torch.where(labels == SKY, math.nan, 0.1)
    assert choose_sky_bias(logits, labels, DepthErrors(errors, errors + MISSING)) == 0


def test_without_pixels_or_without_a_class_of_sky_there_is_no_bias() -> None:
    nothing = torch.zeros(0)
    no_labels = nothing.long()
    assert choose_sky_bias(torch.zeros(len(CLASS_NAMES), 0), no_labels, DepthErrors(nothing, nothing)) == 0
    errors = torch.ones(4)
    assert choose_sky_bias(torch.zeros(3, 4), torch.zeros(4).long(), DepthErrors(errors, errors)) == 0
