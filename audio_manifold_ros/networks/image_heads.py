# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Conversion of the raw image of each modality to the published image, and its uncertainty without a manifold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from audio_manifold_ros.modalities.registry import DEPTH, NORMALS, SEGMENTATION
from audio_manifold_ros.networks.depth_representation import DepthRepresentation


@dataclass(frozen=True)
class ImageHead:
    """Functions on the raw image (batch, channel, row, column) of a modality.

    Attributes:
        decode: Returns the image in its unit, for the representation of depth.
        uncertainty: Returns float32 (batch, cell, cell) for a number of cells, for systems without a manifold.

    """

    decode: Callable[[Tensor, DepthRepresentation], Tensor]
    uncertainty: Callable[[Tensor, int], Tensor]


def _to_metres(raw: Tensor, depth: DepthRepresentation) -> Tensor:
    depth_m: Tensor = depth.unit_to_depth(raw[:, 0].float())
    return depth_m


def _to_class_ids(raw: Tensor, depth: DepthRepresentation) -> Tensor:
    del depth
    return raw.argmax(dim=1).to(torch.uint8)


def _to_unit_vectors(raw: Tensor, depth: DepthRepresentation) -> Tensor:
    del depth
    return functional.normalize(raw.float(), dim=1).permute(0, 2, 3, 1)


def _constant(raw: Tensor, cells: int) -> Tensor:
    """Return ones (batch, cell, cell): a regression provides no uncertainty."""
    return torch.ones_like(raw[:, 0, :cells, :cells], dtype=torch.float32)


def _entropy(logits: Tensor, cells: int) -> Tensor:
    """Return the entropy (batch, cell, cell) of logits (batch, class, row, column) in nats, averaged over each cell."""
    logs = functional.log_softmax(logits.float(), dim=1)
    entropy = -(logs.exp() * logs).sum(dim=1, keepdim=True)
    return functional.avg_pool2d(entropy, logits.shape[-1] // cells)[:, 0]


IMAGE_HEADS: Mapping[str, ImageHead] = {
    DEPTH: ImageHead(_to_metres, _constant),
    SEGMENTATION: ImageHead(_to_class_ids, _entropy),
    NORMALS: ImageHead(_to_unit_vectors, _constant),
}
