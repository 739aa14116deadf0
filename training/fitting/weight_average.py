# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Moving average of the weights of a network over the steps of a fit."""

from __future__ import annotations

import torch
from torch import nn

from audio_manifold_ros.networks.quantizer import VectorQuantizer

# The average over the first n steps has about n / 10 steps of memory, so that it soon forgets the starting weights.
WARM_UP = 10


class WeightAverage:
    """Exponential moving average of parameters and statistics."""

    def __init__(self, decay: float) -> None:
        """Set the decay per step, which is reached after about 10 / (1 - decay) steps."""
        self._decay = decay

    @torch.no_grad()
    def update(self, averaged: nn.Module, network: nn.Module, step: int) -> None:
        """Move the averaged network towards the network after a step.

        Counters are copied. A codebook that k-means has just filled is copied as well.

        Args:
            averaged: Copy of the network with the average.
            network: The network after the step.
            step: Number of steps so far.

        """
        weight = 1 - min(self._decay, (1 + step) / (WARM_UP + step))
        for target, source in zip(averaged.modules(), network.modules(), strict=True):
            if isinstance(target, VectorQuantizer) and not target.started:
                target.load_state_dict(source.state_dict())
        sources = network.state_dict()
        floats = [(value, sources[name]) for name, value in averaged.state_dict().items() if value.is_floating_point()]
        torch._foreach_lerp_([value for value, _ in floats], [source for _, source in floats], weight)
        for name, value in averaged.state_dict().items():
            if not value.is_floating_point():
                value.copy_(sources[name])
