# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""State over time: a correction of the latents of a window by those of earlier windows."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from audio_manifold_ros.networks.spatial.state_config import LatentStateConfig


class StateHead(nn.Module):
    """Maps normalised latents of consecutive windows to a correction of the last ones. It starts at zero.

    A window without sound has zeros in place of latents. The head gets a mask of these windows.

    Attributes:
        windows: Number of windows that a prediction reads.

    """

    def __init__(self, latent_channels: int, config: LatentStateConfig | None = None) -> None:
        """Build the head for the latents of all modalities together."""
        super().__init__()
        config = config or LatentStateConfig()
        self.windows = config.past + 1
        self.reduce = nn.Conv2d(latent_channels, config.reduced, 1, bias=False)
        self.inputs = nn.Conv2d(latent_channels + config.past * (config.reduced + 1), config.channels, 3, padding=1)
        self.middle = nn.Conv2d(config.channels, config.channels, 3, padding=1)
        self.output = nn.Conv2d(config.channels, latent_channels, 3, padding=1)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)  # type: ignore[arg-type]

    def forward(self, latents: Tensor) -> Tensor:
        """Map (batch, window, channel, cell, cell) to a correction (batch, channel, cell, cell) of the last window.

        There are at least `windows` windows. The last ones are read.
        """
        latents = latents[:, -self.windows :]
        batch, _, channels, rows, columns = latents.shape
        reduced = self.reduce(latents[:, :-1].reshape(-1, channels, rows, columns))
        return self.correct(latents[:, -1], reduced.reshape(batch, self.windows - 1, -1, rows, columns))

    def correct(self, newest: Tensor, past: Tensor) -> Tensor:
        """Return the correction (batch, channel, cell, cell) of a window.

        Args:
            newest: Its normalised latents (batch, channel, cell, cell).
            past: Reduced latents of the earlier windows (batch, past, channel, cell, cell), zeros for a missing one.

        """
        # Without a bias, only a missing window is reduced to zeros.
        is_known = (past.abs().amax(dim=(2, 3, 4)) > 0).to(past.dtype)
        known = is_known[:, :, None, None].expand(-1, -1, *past.shape[3:])
        features = functional.gelu(self.inputs(torch.cat([newest, past.flatten(1, 2), known], dim=1)))
        features = features + functional.gelu(self.middle(features))
        correction: Tensor = self.output(features)
        return correction


class LatentState(nn.Module):
    """Corrects the latents of all modalities by those of the windows before.

    Attributes:
        mean: (channel, 1, 1), means of the latents.
        deviation: (channel, 1, 1), standard deviations of the latents.
        head: The correction of normalised latents.

    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, latent_channels: int, config: LatentStateConfig) -> None:
        """Build the network. It starts without a correction."""
        super().__init__()
        self.register_buffer('mean', torch.zeros(latent_channels, 1, 1))
        self.register_buffer('deviation', torch.ones(latent_channels, 1, 1))
        self.head = StateHead(latent_channels, config)

    def forward(self, latents: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        """Return the corrected latents (batch, channel, cell, cell), and the reduced ones for later windows.

        Args:
            latents: Those of the window (batch, channel, cell, cell).
            past: Reduced latents of earlier windows (batch, past, channel, cell, cell), the earliest one first, zeros
                where there is none.

        """
        newest = (latents - self.mean) / self.deviation
        corrected = latents + self.head.correct(newest, past) * self.deviation
        return corrected, self.head.reduce(newest)

    def reduced(self, latents: Tensor) -> Tensor:
        """Return the reduced latents of windows (window, channel, cell, cell)."""
        reduced: Tensor = self.head.reduce((latents - self.mean) / self.deviation)
        return reduced
