# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Encoding of label images for the encoder of a label VQ-VAE: one-hot or grey."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

MAX_CLASS_ID = 255


def encode_labels(labels: Tensor, encoding: str, classes: int) -> Tensor:
    """Convert class ids to the input of an encoder.

    Args:
        labels: uint8 (batch, row, column), 255 unlabelled.
        encoding: `one_hot` or `grey`.
        classes: Number of classes.

    Returns:
        float32 (batch, channel, row, column). `one_hot` has one channel per class, all zero for an unlabelled pixel.
        `grey` has one channel, id / 255, as in the published code of the paper.

    """
    return LABEL_ENCODERS[encoding](labels, classes)


def _one_hot(labels: Tensor, classes: int) -> Tensor:
    ids = labels.long()[..., None]
    labelled = ids < classes
    one_hot = torch.zeros(*labels.shape, classes, device=labels.device)
    one_hot.scatter_(-1, ids.where(labelled, 0), labelled.float())
    return one_hot.permute(0, 3, 1, 2)


def _grey(labels: Tensor, classes: int) -> Tensor:
    del classes
    return labels[:, None].float() / MAX_CLASS_ID


LABEL_ENCODERS: dict[str, Callable[[Tensor, int], Tensor]] = {'one_hot': _one_hot, 'grey': _grey}
