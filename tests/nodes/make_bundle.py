# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Writer of a small bundle whose images depend on the audio. Runs in its own process, because it needs torch."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch

from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.features.mel_batch import mel_features
from audio_manifold_ros.features.spec import FeatureSpec
from audio_manifold_ros.networks.perception_network import PerceptionNetwork
from audio_manifold_ros.rig.rig import MicrophoneArray
from tests.inference.conftest import make_network, write_small_bundle

CELLS = ((0, 0), (1, 5), (2, 2), (3, 7), (4, 4), (5, 1), (6, 6), (7, 3))


@torch.no_grad()
def initialize_heads(network: PerceptionNetwork) -> None:
    """Randomise the last layers, which start at zero, and take codes from latents of two clips at eight cells."""
    for head in network.at_nets[0].heads.values():
        head[-2].weight.normal_()
    rng = np.random.default_rng(5)
    noise = rng.standard_normal((2, 8, 22_500)) * np.array([0.02, 0.07])[:, None, None]
    features = torch.from_numpy(np.stack([mel_features(n.astype(np.float32), FeatureSpec()) for n in noise]))
    for name, latents in network.at_nets[0](features).items():
        codes = [latents[clip, :, row, column] for row, column in CELLS for clip in (0, 1)]
        network.codebooks[name].codebook.copy_(torch.stack(codes))


if __name__ == '__main__':
    rig = resource_path('calibration/roof_octagon') / 'mic_array.yaml'
    small = make_network()
    initialize_heads(small)
    write_small_bundle(Path(sys.argv[1]), small, MicrophoneArray.from_yaml(rig))
