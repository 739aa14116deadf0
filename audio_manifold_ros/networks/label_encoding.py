# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How the encoder of a manifold of labels is shown them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

GREATEST_ID = 255


def code_labels(labels: Tensor, coding: str, classes: int) -> Tensor:
    """Turn class ids into what an encoder is given.

    Args:
        labels: uint8 (batch, row, column), 255 unlabelled.
        coding: `one_hot` or `grey`.
        classes: Number of classes.

    Returns:
        float32 (batch, channel, row, column): `one_hot` has a channel per class, all zero where unlabelled; `grey`
        has one, id / 255, as the published code of the paper has.

    """
    return CODINGS[coding](labels, classes)


def _one_hot(labels: Tensor, classes: int) -> Tensor:
    ids = labels.long()[..., None]
    known = ids < classes
    one_hot = torch.zeros(*labels.shape, classes, device=labels.device)
    one_hot.scatter_(-1, ids.where(known, 0), known.float())
    return one_hot.permute(0, 3, 1, 2)


def _grey(labels: Tensor, classes: int) -> Tensor:
    del classes
    return labels[:, None].float() / GREATEST_ID


CODINGS: dict[str, Callable[[Tensor, int], Tensor]] = {'one_hot': _one_hot, 'grey': _grey}
