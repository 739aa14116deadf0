# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Heads that correct the latents of a window with those of the windows before it: `STATE_HEADS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from audio_manifold_ros.networks.spatial.latent_state import StateHead
from audio_manifold_ros.networks.spatial.state_config import LatentStateConfig

# Windows of the past that heads with a fixed number of them use: two seconds.
PAST = LatentStateConfig().past
MIXED_CHANNELS, HIDDEN_CHANNELS = 96, 64


class LatentMixture(nn.Module):
    """Weighted sum of the past latents, with one weight for each channel and window. It starts at zero.

    Attributes:
        windows: Number of windows that a prediction reads.

    """

    windows = PAST + 1

    def __init__(self, channels: int) -> None:
        """Build the head."""
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(PAST + 1, channels, 1, 1))

    def forward(self, latents: Tensor) -> Tensor:
        """Map normalised latents (batch, window, channel, cell, cell) to a correction of the last ones."""
        return (latents[:, -self.windows :] * self.weights).sum(dim=1)


class OneWindow(nn.Module):
    """Convolutions over the latents of the last window alone. The correction starts at zero."""

    def __init__(self, channels: int) -> None:
        """Build the head."""
        super().__init__()
        self.inputs = _convolution(channels, MIXED_CHANNELS)
        self.middle = _convolution(MIXED_CHANNELS, MIXED_CHANNELS)
        self.output = _zero_convolution(MIXED_CHANNELS, channels)

    def forward(self, latents: Tensor) -> Tensor:
        """Map normalised latents (batch, window, channel, cell, cell) to a correction of the last ones."""
        features = functional.gelu(self.inputs(latents[:, -1]))
        return torch.as_tensor(self.output(features + functional.gelu(self.middle(features))))


class ConvGru(nn.Module):
    """Convolutional gated recurrent unit over all windows (Ballas et al. 2016). The correction starts at zero."""

    def __init__(self, channels: int) -> None:
        """Build the head."""
        super().__init__()
        hidden = HIDDEN_CHANNELS
        self.inputs = _convolution(channels, hidden)
        self.gates = _convolution(2 * hidden, 2 * hidden)
        self.candidate = _convolution(2 * hidden, hidden)
        self.output = _zero_convolution(hidden + channels, channels)

    def forward(self, latents: Tensor) -> Tensor:
        """Map normalised latents (batch, window, channel, cell, cell) to a correction of the last ones."""
        state = latents.new_zeros(len(latents), HIDDEN_CHANNELS, *latents.shape[3:])
        for window in latents.unbind(dim=1):
            state = self.step(window, state)
        return torch.as_tensor(self.output(torch.cat([state, latents[:, -1]], dim=1)))

    def step(self, window: Tensor, state: Tensor) -> Tensor:
        """Return the state after a window (batch, channel, cell, cell)."""
        features = functional.gelu(self.inputs(window))
        reset, update = torch.sigmoid(self.gates(torch.cat([features, state], dim=1))).chunk(2, dim=1)
        candidate = torch.tanh(self.candidate(torch.cat([features, reset * state], dim=1)))
        return torch.lerp(state, candidate, update)


def _convolution(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1)


def _zero_convolution(inputs: int, outputs: int) -> nn.Conv2d:
    layer = _convolution(inputs, outputs)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return layer


# Name of the head that `train add-state` adds to a bundle.
CONVOLUTION = 'convolution'
# By name, a head for a number of latent channels. The first one has no past: what it gains is not due to state.
STATE_HEADS: Mapping[str, Callable[[int], nn.Module]] = {
    'one window': OneWindow,
    'mixture': LatentMixture,
    CONVOLUTION: StateHead,
    'ConvGRU': ConvGru,
}
