# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Perception node whose backend computes the features itself, as on a GPU, but on a CPU."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import torch

from audio_manifold_ros.inference.backend_factory import open_backend
from audio_manifold_ros.inference.backends.fused_pipeline import FusedWaveformNetwork
from audio_manifold_ros.inference.backends.torch_backend import load_network
from audio_manifold_ros.nodes.perception import node_factory
from audio_manifold_ros.nodes.perception.perception_node import main

if TYPE_CHECKING:
    from audio_manifold_ros.inference.backends.backend import Backend
    from audio_manifold_ros.inference.bundle.bundle import Bundle


def open_waveform_backend(bundle: Bundle, *arguments: Any, **options: Any) -> Backend:
    backend = open_backend(bundle, *arguments, **options)
    network = FusedWaveformNetwork(bundle.manifest, load_network(bundle), torch.device('cpu'))
    return SimpleNamespace(name='torch', reason='waveform input', run=backend.run, waveform_network=network)


if __name__ == '__main__':
    node_factory.open_backend = open_waveform_backend
    main()
