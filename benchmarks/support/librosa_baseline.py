# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Baseline pipeline: librosa on the whole window and eager PyTorch, each modality separately."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

import numpy as np
import torch

from audio_manifold_ros.features.kinds import require_mel
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.networks.perception_network import PerceptionConfig, PerceptionNetwork
from audio_manifold_ros.testing.librosa_features import librosa_features


class LibrosaPipeline:
    """Pipeline that shifts the window by a hop and computes everything again, for depth and for segmentation."""

    def __init__(self, bundle: Bundle, device: str, threads: int) -> None:
        """Build a network for each modality. Speed does not depend on the weights."""
        torch.set_num_threads(threads)
        self._spec, self._device = require_mel(bundle.manifest.features), device
        config = PerceptionConfig.from_dict(bundle.manifest.networks)
        alone = [_single_modality(config, modality) for modality in config.modalities]
        self._networks = [PerceptionNetwork(part).to(device).eval() for part in alone]
        rng = np.random.default_rng(0)
        shape = (bundle.manifest.microphones, self._spec.window_samples)
        self._window = (0.1 * rng.standard_normal(shape)).astype(np.float32)

    def step(self) -> dict[str, float]:
        """Process a hop and predict; return the seconds of each stage."""
        started = perf_counter()
        self._window = np.roll(self._window, -self._spec.hop_samples, axis=1)
        seconds = {'features': 0.0, 'network': 0.0}
        for network in self._networks:
            begun = perf_counter()
            features = librosa_features(self._window, self._spec)
            featured = perf_counter()
            with torch.no_grad():
                images = network(torch.from_numpy(features)[None].to(self._device))
            for image in images:
                image.cpu().numpy()
            seconds['features'] += featured - begun
            seconds['network'] += perf_counter() - featured
        return seconds | {'all': perf_counter() - started}


def _single_modality(config: PerceptionConfig, modality: str) -> PerceptionConfig:
    """Return the part of a network that predicts one modality."""
    return PerceptionConfig(
        at_nets=tuple(
            replace(at_net, modalities=(modality,)) for at_net in config.at_nets if modality in at_net.modalities
        ),
        manifolds={name: manifold for name, manifold in config.manifolds.items() if name == modality},
        depth=config.depth,
        direct=tuple(system for system in config.direct if modality in system.modalities),
    )
