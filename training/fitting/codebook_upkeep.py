# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Upkeep of a codebook during a fit: initialisation by k-means, and restarts of dead codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from audio_manifold_ros.networks.quantizer import VectorQuantizer
    from training.config.fit_configuration import CodebookConfig

LAST_RESTART = 0.75


class CodebookUpkeep:
    """Fills a codebook after some steps, and moves its dead codes at intervals."""

    def __init__(self, quantizer: VectorQuantizer, config: CodebookConfig) -> None:
        """Start without latents."""
        self._quantizer, self._config = quantizer, config
        self._first_latents: list[torch.Tensor] = []

    def after_step(self, latent: torch.Tensor, step: int, progress: float) -> int | None:
        """Update the codebook after a step.

        Args:
            latent: Latents of the step (batch, code_dim, cell, cell), before the bottleneck.
            step: Number of the step, from 0.
            progress: Progress of the fit, 0 to 1. The last part of a fit has no restarts.

        Returns:
            Number of restarted codes, or None if none were searched.

        """
        config, quantizer = self._config, self._quantizer
        if not quantizer.started:
            vectors = latent.detach().permute(0, 2, 3, 1).flatten(0, 2).float()
            self._first_latents.append(vectors)
            keep = -(-config.start_vectors // len(vectors))
            self._first_latents = self._first_latents[-keep:]
            if step + 1 >= config.start_step:
                quantizer.start(torch.cat(self._first_latents))
                self._first_latents = []
        elif step % config.restart_every_steps == 0 and progress < LAST_RESTART:
            return quantizer.restart_dead_codes(latent)
        return None

    def state(self) -> dict[str, object]:
        """Return the state that is not part of the codebook, for a checkpoint."""
        return {'first_latents': self._first_latents, 'recent': self._quantizer.recent}

    def load_state(self, state: Any) -> None:
        """Continue from the state of a checkpoint."""
        device = self._quantizer.recent.device
        self._first_latents = [latents.to(device) for latents in state['first_latents']]
        self._quantizer.recent.copy_(state['recent'])
