# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Shapes of the layers of a full-size network, computed without data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable

CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)


def layer_shapes(make: Callable[[], nn.Module], *shape: int) -> list[tuple[int, ...]]:
    """Return the output shapes of the convolutions of a network, without the batch, for an input shape."""
    shapes: list[tuple[int, ...]] = []
    with torch.device('meta'):
        network = make().eval()
        for module in network.modules():
            if isinstance(module, CONVOLUTIONS):
                module.register_forward_hook(lambda _module, _inputs, outputs: shapes.append(tuple(outputs.shape[1:])))
        network(torch.zeros(1, *shape))
    return shapes


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def assert_all_learn(network: nn.Module, loss: torch.Tensor) -> None:
    """Assert that every parameter gets a gradient. A bias before a normalisation gets one without effect."""
    loss.backward()
    names = dict(network.named_parameters())
    assert not [name for name, parameter in names.items() if parameter.grad is None]
    still = [name for name, parameter in names.items() if parameter.ndim > 1 and not parameter.grad.any()]
    assert not still
